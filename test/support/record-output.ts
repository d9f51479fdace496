import { createLogger, createMetrics } from '@upload-once/runtime';

/** A service's log and metrics, kept for the test to read. */
export function recordOutput(service: string, now: () => Date) {
  const metricLines: Record<string, unknown>[] = [];
  const logLines: Record<string, unknown>[] = [];
  return {
    logLines,
    log: createLogger({
      service,
      level: 'info',
      destination: { write: (line) => logLines.push(JSON.parse(line)) },
    }),
    metrics: createMetrics({
      service,
      environment: 'test',
      now,
      write: (line) => metricLines.push(JSON.parse(line)),
    }),
    /** The sum of all values that were written of a metric. */
    total: (name: string) => metricLines.reduce((sum, line) => sum + Number(line[name] ?? 0), 0),
  };
}
