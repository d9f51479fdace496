import { createLogger, createMetrics } from '@upload-once/runtime';
import { metricTotal, metricValues } from './metric-total.ts';

/** A service's log and metrics, kept for the test to read. */
export function recordOutput(service: string, now: () => Date) {
  const metricLines: Record<string, unknown>[] = [];
  const logLines: Record<string, unknown>[] = [];
  const metrics = createMetrics({
    service,
    environment: 'test',
    clock: { now, after: () => () => undefined },
    write: (line) => metricLines.push(JSON.parse(line)),
  });
  return {
    logLines,
    log: createLogger({
      service,
      level: 'info',
      destination: { write: (line) => logLines.push(JSON.parse(line)) },
    }),
    metrics,
    /** All that was written and gathered, as lines in the embedded metric format. From the first call on, each value is written at once. */
    written() {
      metrics.end();
      return metricLines;
    },
    /** The sum of all values of a metric. From the first call on, each value is written at once. */
    total(name: string): number {
      metrics.end();
      return metricTotal(metricLines, name);
    },
    /** All values of a metric, in their order. From the first call on, each value is written at once. */
    values(name: string): number[] {
      metrics.end();
      return metricValues(metricLines, name);
    },
  };
}
