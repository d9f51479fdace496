import type { Test } from 'tap';
import { Journal } from '../../../test/support/journal.ts';
import type { DeliveryFacts } from '../src/delivery.ts';
import type { ConsumerObserver, MessageRequest } from '../src/observer.ts';

export interface Observed {
  readonly event: keyof ConsumerObserver;
  readonly delivery?: DeliveryFacts;
  readonly error?: unknown;
  readonly waitSeconds?: number;
  readonly request?: MessageRequest;
  readonly cutOffs?: number;
}

export function recordingObserver(): {
  readonly observe: ConsumerObserver;
  readonly observed: Journal<Observed>;
} {
  const observed = new Journal<Observed>();
  return {
    observed,
    observe: {
      received: () => undefined,
      retried: (delivery, error, waitSeconds) =>
        observed.add({ event: 'retried', delivery, error, waitSeconds }),
      postponed: (delivery, error, waitSeconds) =>
        observed.add({ event: 'postponed', delivery, error, waitSeconds }),
      deadLettered: (delivery, error) => observed.add({ event: 'deadLettered', delivery, error }),
      givenBack: (delivery, cutOffs) => observed.add({ event: 'givenBack', delivery, cutOffs }),
      visibilityLost: (delivery, error) => observed.add({ event: 'visibilityLost', delivery, error }),
      requestFailed: (request, delivery, error) =>
        observed.add({ event: 'requestFailed', request, delivery, error }),
      limitUnread: (error) => observed.add({ event: 'limitUnread', error }),
      pollFailed: (error, waitSeconds) => observed.add({ event: 'pollFailed', error, waitSeconds }),
    },
  };
}

/** These events, in this order, and no others. */
export function matchEvents(t: Test, observed: Journal<Observed>, expected: readonly object[]): void {
  t.equal(observed.entries.length, expected.length, 'no event more or less');
  t.match(observed.entries, expected);
}
