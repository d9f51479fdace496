import type { Metrics } from '@upload-once/runtime';

/** What is counted of an acceptance, by the worker that recorded it. */
export function addAcceptance(
  metrics: Metrics,
  accepted: { readonly sizeBytes: number; readonly storedAt: Date; readonly acceptedAt: Date },
): void {
  metrics.add('UploadsAccepted', 1);
  metrics.add('BytesAccepted', accepted.sizeBytes);
  metrics.add('AcceptTime', Math.max(0, accepted.acceptedAt.getTime() - accepted.storedAt.getTime()));
}
