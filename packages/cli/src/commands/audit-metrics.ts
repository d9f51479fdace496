import { createMetrics } from '@upload-once/runtime/create-metrics';
import type { CliIo } from '../cli-io.ts';
import type { AuditCommandOptions } from './audit-options.ts';

/** Writes how an audit ended. */
export type CountAudit = (findings: number) => void;

/**
 * What --metrics adds to an audit that came to its end: a line with AuditRan and AuditFindings on standard output, where whatever ships the log
 * lines ships it. An audit that did not come to its end writes none, so that its absence shows. Without --metrics: nothing.
 */
export function auditMetrics(
  { environment }: AuditCommandOptions,
  io: Pick<CliIo, 'stdout' | 'now'>,
): CountAudit {
  if (environment === undefined) return () => {};
  const metrics = createMetrics({
    service: 'audit',
    environment,
    // Its metrics are not gathered, so nothing waits.
    clock: { now: io.now, after: () => () => {} },
    write: (line) => io.stdout.write(line),
  });
  return (findings) => metrics.addAll({ AuditRan: 1, AuditFindings: findings });
}
