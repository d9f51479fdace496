import { type Delivery, type ObjectCreated, parseS3Event, Unprocessable } from '@upload-once/queue';
import { ACCEPTED_PREFIX } from '@upload-once/uploads';

/** One message: every record in it is processed, one after the other; the message is done when all of them are. */
export function createHandleDelivery(options: {
  readonly bucket: string;
  readonly processAccepted: (event: ObjectCreated, delivery: Delivery) => Promise<void>;
}) {
  return async function handleDelivery(delivery: Delivery): Promise<void> {
    for (const event of parseS3Event(delivery.body)) {
      if (event.bucket !== options.bucket || !event.key.startsWith(ACCEPTED_PREFIX)) {
        throw new Unprocessable(
          `an event for ${ACCEPTED_PREFIX}… in ${options.bucket} was expected, not for ${event.key} in ${event.bucket}`,
        );
      }
      await options.processAccepted(event, delivery);
    }
  };
}
