import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '@upload-once/clock';
import { ConfigError } from './config.ts';
import { createMetrics } from './create-metrics.ts';
import { listenViolation } from './listen-violation.ts';
import type { Metrics } from './metrics.ts';
import { startMetricsServer } from './metrics-server.ts';
import { createOpenMetrics } from './open-metrics.ts';
import { createRecentMaximum } from './recent-maximum.ts';

/** A timer that is due so often measures how late it comes: so long a delay is seen for certain. */
const DELAY_RESOLUTION_MS = 50;
const NANOSECONDS = 1e6;

/**
 * The metrics of a process: as log lines, or at GET /metrics where there is a port for it.
 * @returns `end` writes what was gathered
 * @throws ConfigError naming METRICS_PORT, or HOST
 */
export async function startMetrics(options: {
  service: string;
  environment: string;
  host: string;
  port: number;
  /** Undefined: log lines. */
  metricsPort: number | undefined;
  clock: Pick<Clock, 'now' | 'after'>;
  write: (line: string) => void;
}): Promise<{ readonly metrics: Metrics; readonly end: () => void }> {
  const { service, environment, host, port, metricsPort, clock, write } = options;
  if (metricsPort === undefined) {
    const metrics = createMetrics({ service, environment, clock, write });
    watchEventLoop(metrics, clock);
    return { metrics, end: metrics.end };
  }
  if (metricsPort === port) {
    const message = `expected another port than PORT, which clients can reach, got ${metricsPort}`;
    throw new ConfigError([{ variable: 'METRICS_PORT', message }]);
  }
  const metrics = createOpenMetrics({ service, environment });
  watchEventLoop(metrics, clock);
  await startMetricsServer({ host, port: metricsPort, text: metrics.text }).catch((error) => {
    throw listenViolation(error, 'METRICS_PORT') ?? error;
  });
  return { metrics, end: () => undefined };
}

function watchEventLoop(metrics: Metrics, clock: Pick<Clock, 'after'>): void {
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delay.enable();
  const takeMs = () => {
    const ms = Math.round(Math.max(0, delay.max / NANOSECONDS - DELAY_RESOLUTION_MS));
    delay.reset();
    return ms;
  };
  metrics.gauge('EventLoopDelay', createRecentMaximum(clock, takeMs));
}
