import type { Metrics } from './metrics.ts';

/**
 * What is counted of an acceptance, by whoever recorded it: mostly the acceptor; the processor where the copy's event
 * was faster than the acceptor's record.
 */
export function addAcceptance(
  metrics: Metrics,
  accepted: { readonly sizeBytes: number; readonly storedAt: Date; readonly acceptedAt: Date },
): void {
  metrics.add('UploadsAccepted', 1);
  metrics.add('BytesAccepted', accepted.sizeBytes);
  metrics.add('AcceptTime', Math.max(0, accepted.acceptedAt.getTime() - accepted.storedAt.getTime()));
}
