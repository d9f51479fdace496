import { type Faults, noFaults } from '@upload-once/table/testing';
import type { UploadEvent, UploadEvents } from '../domain/upload-event.ts';

/** The queue of webhooks in memory: what was sent, with faults on command in the place of a network. */
export interface MemoryUploadEvents extends UploadEvents {
  /** In the order in which they were taken. */
  readonly sent: readonly UploadEvent[];
  /** The same queue at the end of another way: each caller meets faults of its own. */
  over(faults: Faults): UploadEvents;
}

export function createMemoryUploadEvents(
  options: {
    readonly faults?: Faults;
    /** Called with every event as it is taken. */
    readonly notify?: (event: UploadEvent) => void;
  } = {},
): MemoryUploadEvents {
  const sent: UploadEvent[] = [];
  const over = ({ carry }: Faults): UploadEvents => ({
    send: (event) =>
      carry({ operation: 'sendUploadEvent', key: event.key }, () => {
        sent.push(event);
        options.notify?.(event);
      }),
  });
  return { ...over(options.faults ?? noFaults), sent, over };
}
