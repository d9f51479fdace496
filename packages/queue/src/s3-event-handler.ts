import type { Delivery } from './delivery.ts';
import { Unprocessable } from './failures.ts';
import { type ObjectCreated, parseS3Event } from './s3-event.ts';

/**
 * A handler of messages for a handler of S3 events: every record in a message is handled, one after the other, and the
 * message is done when all of them are. A record that fails keeps none of the others from being handled. The message fails with
 * the first error that another attempt can mend, or else with the first `Unprocessable`.
 * @param options.bucket @param options.prefix where the events have to come from; any other is `Unprocessable`
 */
export function createS3EventHandler(options: {
  readonly bucket: string;
  readonly prefix: string;
  readonly handle: (event: ObjectCreated, delivery: Delivery) => Promise<void>;
}): (delivery: Delivery) => Promise<void> {
  const { bucket, prefix, handle } = options;

  async function handleOwn(event: ObjectCreated, delivery: Delivery): Promise<void> {
    if (event.bucket !== bucket || !event.key.startsWith(prefix)) {
      throw new Unprocessable(
        `an event for ${prefix}… in ${bucket} was expected, not for ${event.key} in ${event.bucket}`,
      );
    }
    await handle(event, delivery);
  }

  return async (delivery) => {
    /** Not the error itself: what is thrown may be undefined. */
    let failure: { readonly error: unknown } | undefined;
    for (const event of parseS3Event(delivery.body)) {
      try {
        await handleOwn(event, delivery);
      } catch (error) {
        if (delivery.signal.aborted) throw error;
        if (failure === undefined || failure.error instanceof Unprocessable) failure = { error };
      }
    }
    if (failure !== undefined) throw failure.error;
  };
}
