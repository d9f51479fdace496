import { type Delivery, type ObjectCreated, parseS3Event, Unprocessable } from '@upload-once/queue';
import { UPLOADS_PREFIX } from '@upload-once/uploads';

/** One message: every record in it is reconciled, one after the other; the message is done when all of them are. */
export function createHandleDelivery(options: {
  readonly bucket: string;
  readonly reconcile: (event: ObjectCreated, signal: AbortSignal) => Promise<void>;
}) {
  return async function handleDelivery(delivery: Delivery): Promise<void> {
    for (const event of parseS3Event(delivery.body)) {
      if (event.bucket !== options.bucket || !event.key.startsWith(UPLOADS_PREFIX)) {
        throw new Unprocessable(
          `an event for ${UPLOADS_PREFIX}… in ${options.bucket} was expected, not for ${event.key} in ${event.bucket}`,
        );
      }
      await options.reconcile(event, delivery.signal);
    }
  };
}
