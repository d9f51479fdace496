import { constants } from 'node:os';
import { backgroundClock } from '@upload-once/clock';
import { createTraces, type ProcessTraces, type Traces } from '@upload-once/tracing';
import { ConfigError, loadConfig } from './config.ts';
import { awsChecks, type ConfigChecks, tracingChecks } from './config-checks.ts';
import { drainFields, healthFields, logFields, tracingFields } from './config-fields.ts';
import { exitNow } from './exit-now.ts';
import type { ConfigOf, Fields } from './fields.ts';
import { listenViolation } from './listen-violation.ts';
import { createLogger, type Logger } from './logging.ts';
import type { Metrics } from './metrics.ts';
import { createOutput, type Output } from './output.ts';
import { forTerminal } from './readable-line.ts';
import { startMetrics } from './start-metrics.ts';

/** sysexits.h: something was found in an unconfigured or misconfigured state. */
const EXIT_CONFIG = 78;
const EXIT_FAILURE = 1;
/** 128 + the signal's number: how a shell reports that a signal ended a process. */
const EXIT_SIGNAL_BASE = 128;
/** What `stop` may take beyond its limit, for giving back what was not finished. */
const STOP_GRACE_SECONDS = 5;
/** What the end of the process waits for what is not written yet. */
const OUTPUT_LIMIT_SECONDS = 2;
/** What a stop that has used up its limit waits for spans, and what it waits for them at most: beside `STOP_GRACE_SECONDS` it fits. */
const SPANS_SECONDS = { least: 1, most: 5 };

const commonFields = { ...logFields, ...drainFields, ...healthFields, ...tracingFields };

/** What a service's start returns to its caller. */
export interface RunningService {
  /** Takes nothing new on, finishes what is in flight within the limit, gives the rest back, closes. Called once. */
  stop(limitSeconds: number): Promise<void>;
}

/** Standard output, where log lines and metrics go too, and standard error. */
export interface Outputs {
  readonly stdout: Output;
  readonly stderr: Output;
}

export interface ServiceContext<F extends Fields> {
  readonly config: ConfigOf<F>;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Undefined: OTEL_EXPORTER_OTLP_ENDPOINT is not set. */
  readonly traces: Traces | undefined;
  /** For what a thread has finished and redacted, and for what a handler prints. */
  readonly outputs: Outputs;
  /** Ends the process as soon as what waits is written, and within two seconds, whatever its threads do. */
  readonly endNow: (exitCode: number) => Promise<never>;
}

/**
 * Runs a service as a process, from reading the environment to its exit code.
 *
 * - Wrong configuration: one line for each violation on standard error, exit code 78, nothing started. Violations are those that
 *   the fields, the service's own checks and `awsChecks` find: no endpoint that is no URL, no service without credentials.
 *   So too when `start` throws a ConfigError, for rules that span several variables.
 * - `start` fails: one log line, exit code 1.
 * - SIGTERM or SIGINT: `stop(DRAIN_LIMIT_SECONDS)`, then exit code 0. One that comes while `start` is still at work is
 *   kept until it is done. If stopping fails, or takes five seconds longer than its limit: exit code 1.
 * - A second signal: exits with 128 + its number, whatever is in flight.
 * - An unhandled rejection or exception: one fatal log line, exit code 1. What was in flight is delivered again.
 * - Spans that wait are exported at a stop, within its limit; one second is left for them in any case.
 * - A warning of Node or of a library: a log line, instead of text on standard error.
 * - At a terminal, log lines are readable, and lines of metrics are left out: see `readableLine`.
 *
 * With METRICS_PORT, metrics are served there. Without it, log lines and metrics share standard output, in the order in which they are
 * written. If it takes nothing (a full disk, a reader that is gone or stands still), the service goes on, and says later how many lines it had to drop. What waits is written before an exit, gathered
 * metrics among it, if that takes no longer than two seconds.
 *
 * @param options.name the `service` of the log lines and the dimension Service of the metrics
 * @param options.fields the service's variables; `logFields`, `drainFields`, `healthFields` and `tracingFields` are read whether it names
 *   them or not
 * @param options.checks what a field cannot say of a variable
 */
export async function runService<F extends Fields>(options: {
  name: string;
  fields: F;
  checks?: (outputs: Outputs) => ConfigChecks<NoInfer<F>>;
  process: NodeJS.Process;
  start: (context: ServiceContext<F>) => Promise<RunningService>;
}): Promise<void> {
  const { name, process } = options;
  const fields = { ...options.fields, ...commonFields };

  const outputs = { stdout: outputTo('stdout', 1), stderr: outputTo('stderr', 2) };
  const log = createLogger({ service: name, level: 'info', destination: outputs.stdout });

  function outputTo(stream: 'stdout' | 'stderr', fileDescriptor: 1 | 2): Output {
    // Node.js writes there for a thread that it ends.
    process[stream].on('error', () => undefined);
    const output = createOutput(fileDescriptor, (pieces) =>
      log.warn({ stream, pieces }, 'output was dropped: nothing read it in time'),
    );
    return stream === 'stdout' && process.stdout.isTTY ? forTerminal(output) : output;
  }

  let endMetrics = () => {};

  async function settled(): Promise<boolean> {
    endMetrics();
    const all = [outputs.stdout, outputs.stderr].map((output) => output.settled(OUTPUT_LIMIT_SECONDS));
    return (await Promise.all(all)).every((isSettled) => isSettled);
  }

  async function endNow(exitCode: number): Promise<never> {
    await settled();
    return exitNow(process, exitCode);
  }

  /** Only where all threads can end: this waits for them. */
  async function exit(exitCode: number): Promise<never> {
    return (await settled()) ? process.exit(exitCode) : exitNow(process, exitCode);
  }

  function exitWithViolations(error: unknown): Promise<never> {
    if (!(error instanceof ConfigError)) throw error;
    outputs.stderr.write(`${error.message}\n`, true);
    return endNow(EXIT_CONFIG);
  }

  let isEnding = false;
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (err: unknown) => {
      if (isEnding) return;
      isEnding = true;
      log.fatal({ err }, `${name} ends after an error that nothing handled`);
      void endNow(EXIT_FAILURE);
    });
  }
  // Node's own listener is the one that prints them, as they are, with whatever secret is in them.
  process.removeAllListeners('warning');
  process.on('warning', (err) => log.warn({ err }, 'a warning of Node or of a library'));
  const stopSignal = firstSignal(process, log, endNow);

  const checks = { ...awsChecks, ...tracingChecks, ...options.checks?.(outputs) } as ConfigChecks<
    typeof fields
  >;
  let config: ConfigOf<F> & ConfigOf<typeof commonFields>;
  try {
    config = (await loadConfig(fields, process.env, checks)) as typeof config;
  } catch (error) {
    return exitWithViolations(error);
  }
  log.level = config.LOG_LEVEL;

  let service: RunningService;
  let traces: ProcessTraces | undefined;
  try {
    traces = await createTraces({
      endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
      service: name,
      environment: config.ENVIRONMENT,
      onFailure: (err) => log.warn({ err }, 'spans could not be exported: traces have gaps'),
    });
    const { metrics, end } = await startMetrics({
      service: name,
      environment: config.ENVIRONMENT,
      host: config.HOST,
      port: config.PORT,
      metricsPort: config.METRICS_PORT,
      clock: backgroundClock,
      write: outputs.stdout.write,
    });
    endMetrics = end;
    service = await options.start({
      config,
      log,
      metrics,
      traces,
      outputs,
      endNow,
    });
  } catch (error) {
    const violation = error instanceof ConfigError ? error : listenViolation(error);
    if (violation) return exitWithViolations(violation);
    log.fatal({ err: error }, `${name} could not start: ${error instanceof Error ? error.message : error}`);
    return endNow(EXIT_FAILURE);
  }
  log.info({ pid: process.pid }, `${name} started`);

  const signal = await stopSignal;
  const limitSeconds = config.DRAIN_LIMIT_SECONDS;
  const stopAtMs = backgroundClock.monotonicMs() + limitSeconds * 1000;
  log.info({ signal, limitSeconds }, `${name} stops`);
  setTimeout(
    () => {
      log.fatal({ limitSeconds }, `${name} did not stop in time`);
      void endNow(EXIT_FAILURE);
    },
    (limitSeconds + STOP_GRACE_SECONDS) * 1000,
  ).unref();
  try {
    await service.stop(limitSeconds);
    const leftMs = stopAtMs - backgroundClock.monotonicMs();
    await traces?.end(Math.min(SPANS_SECONDS.most * 1000, Math.max(SPANS_SECONDS.least * 1000, leftMs)));
  } catch (err) {
    log.fatal({ err }, `${name} could not stop cleanly`);
    return exit(EXIT_FAILURE);
  }
  log.info(`${name} stopped`);
  return exit(0);
}

/** Resolves with the first SIGTERM or SIGINT; the second one ends the process. */
function firstSignal(
  process: NodeJS.Process,
  log: Logger,
  endNow: ServiceContext<Fields>['endNow'],
): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let received = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    received += 1;
    if (received === 1) return resolve(signal);
    log.warn({ signal }, 'a second signal: exits at once');
    void endNow(EXIT_SIGNAL_BASE + constants.signals[signal]);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return promise;
}
