import { QueueDoesNotExist, type SQSClient } from '@aws-sdk/client-sqs';
import { systemClock } from '@upload-once/clock';
import {
  type Consumer,
  type ConsumerObserver,
  createConsumer,
  type Delivery,
  type DeliveryFacts,
  Postponed,
  QueueWithoutRedrivePolicy,
} from '@upload-once/queue';
import {
  ConfigError,
  createReadiness,
  type Logger,
  type Metrics,
  type RunningService,
  startHealthServer,
} from '@upload-once/runtime';
import { type LongWork, protectLongWork } from './long-work.ts';
import { createTaskProtection } from './task-protection.ts';

/** Whole S3 events, whose keys stand far behind, and not the megabyte that a message may have. */
const SHOWN_BODY_CHARACTERS = 2_000;

/** From this stop in a row on that cuts off the work on a message, the log and a metric report it. */
const MANY_CUT_OFFS = 3;

/** How long a readiness check may take; load balancers and ECS give up after 5 seconds by default. */
const READY_LIMIT_MS = 3_000;

export interface ConsumerSettings {
  readonly queueUrl: string;
  readonly concurrency: number;
  readonly visibilitySeconds: number;
  readonly pollWaitSeconds: number;
  readonly host: string;
  readonly port: number;
  /** See `protectLongWork`; undefined: never. */
  readonly protectAfterSeconds: number | undefined;
  readonly ecsAgentUri: string | undefined;
}

export interface ConsumerServiceOptions {
  readonly settings: ConsumerSettings;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly sqs: SQSClient;
  readonly handle: (delivery: Delivery) => Promise<void>;
  /** The ids of the uploads that a message is about, for its log lines. Empty: the lines show the message. Never throws. */
  readonly uploadIdsIn: (body: string) => readonly string[];
  /** What else has to respond, beside the queue, for the service to be ready; by the name that `/readyz` gives it. */
  readonly dependencies: Readonly<Record<string, (signal: AbortSignal) => Promise<void>>>;
}

/**
 * A service that lives on one queue: its consumer, `/livez` and `/readyz`, and the log lines and metrics of its messages.
 * Not ready from the moment it stops. With PROTECT_AFTER_SECONDS long work protects its task, see `protectLongWork`.
 * @throws ConfigError naming QUEUE_URL when there is no such queue, or it has no redrive policy, and PROTECT_AFTER_SECONDS when
 *   there is no ECS agent
 */
export async function startConsumerService(options: ConsumerServiceOptions): Promise<RunningService> {
  const { settings, log, metrics, sqs, handle, uploadIdsIn, dependencies } = options;

  const longWork = createLongWork(settings, log, {
    pause: () => consumer.pause(),
    resume: () => consumer.resume(),
  });
  let inFlight = 0;
  metrics.gauge('MessagesInFlight', () => inFlight);
  const counted: typeof handle = async (delivery) => {
    inFlight += 1;
    await handle(delivery).finally(() => {
      inFlight -= 1;
    });
  };
  const consumer = createConsumer({
    sqs,
    queueUrl: settings.queueUrl,
    concurrency: settings.concurrency,
    visibilitySeconds: settings.visibilitySeconds,
    waitTimeSeconds: settings.pollWaitSeconds,
    handle: longWork?.watch(counted) ?? counted,
    observe: observeConsumer(log, metrics, uploadIdsIn),
    random: Math.random,
    clock: systemClock,
  });

  const readiness = createReadiness({
    checks: { 'The queue': consumer.ping, ...dependencies },
    limitMs: READY_LIMIT_MS,
    // Asked every few seconds, by those alone that run the service.
    validMs: 0,
    clock: systemClock,
    log,
  });

  const health = await startHealthServer({ host: settings.host, port: settings.port, readiness });
  try {
    await consumer.start();
  } catch (error) {
    await health.close();
    throw queueProblem(error, settings.queueUrl);
  }
  log.info(
    { port: health.port, queueUrl: settings.queueUrl, concurrency: settings.concurrency },
    'listening, and polling',
  );

  return {
    async stop(limitSeconds) {
      readiness.stop();
      longWork?.close();
      await consumer.stop(limitSeconds);
      await health.close();
    },
  };
}

function createLongWork(
  { protectAfterSeconds, ecsAgentUri: agentUri }: ConsumerSettings,
  log: Logger,
  polling: Pick<Consumer, 'pause' | 'resume'>,
): LongWork | undefined {
  if (protectAfterSeconds === undefined) return undefined;
  if (agentUri === undefined) {
    const message = `expected to be set on Amazon ECS alone, which says where its agent is (ECS_AGENT_URI); that is not set, got "${protectAfterSeconds}"`;
    throw new ConfigError([{ variable: 'PROTECT_AFTER_SECONDS', message }]);
  }
  const task = createTaskProtection({ agentUri, clock: systemClock });
  return protectLongWork({ protectAfterSeconds, task, polling, log, clock: systemClock });
}

/** SQS itself never says which queue it speaks of. */
function queueProblem(error: unknown, queueUrl: string): unknown {
  const violation = (message: string) => new ConfigError([{ variable: 'QUEUE_URL', message }]);
  if (error instanceof QueueWithoutRedrivePolicy) return violation(error.message);
  if (error instanceof QueueDoesNotExist) return violation(`expected a queue that exists, got "${queueUrl}"`);
  const reason = error instanceof Error ? error.message : error;
  return new Error(`the queue ${queueUrl} can't be read: ${reason}`, { cause: error });
}

/** What happens to messages, as log lines and metrics. A reason that ends a message is an error; one that retries it is a warning. */
export function observeConsumer(
  log: Logger,
  metrics: Metrics,
  uploadIdsIn: ConsumerServiceOptions['uploadIdsIn'],
): ConsumerObserver {
  function factsOf({ messageId, receiveCount, body }: DeliveryFacts) {
    const [uploadId, ...others] = new Set(uploadIdsIn(body));
    const about = others.length > 0 ? { uploadIds: [uploadId, ...others] } : { uploadId };
    return { ...about, messageId, receiveCount };
  }

  /** With the message itself where nothing names its upload. */
  function failureFactsOf(delivery: DeliveryFacts) {
    const facts = factsOf(delivery);
    const isNamed = 'uploadIds' in facts || facts.uploadId !== undefined;
    return isNamed ? facts : { ...facts, body: delivery.body.slice(0, SHOWN_BODY_CHARACTERS) };
  }

  return {
    received: (messages) => metrics.add('MessagesTogether', messages),
    retried(delivery, err, waitSeconds) {
      metrics.add('MessagesRetried', 1);
      log.warn({ ...failureFactsOf(delivery), waitSeconds, err }, 'message failed, and comes back');
    },
    postponed(delivery, reason, waitSeconds) {
      // What waits for its own time waits for days, in steps of minutes.
      const level = reason instanceof Postponed ? 'debug' : 'info';
      if (!log.isLevelEnabled(level)) return;
      log[level]({ ...factsOf(delivery), waitSeconds }, `message waits: ${reason.message}`);
    },
    deadLettered(delivery, err) {
      metrics.add('MessagesDeadLettered', 1);
      log.error({ ...failureFactsOf(delivery), err }, 'message is left to the dead-letter queue');
    },
    givenBack(delivery, cutOffs) {
      const facts = { ...factsOf(delivery), cutOffs };
      log.info(facts, 'message given back, the service stops');
      if (cutOffs < MANY_CUT_OFFS) return;
      metrics.add('WorkCutOff', 1);
      log.warn(
        facts,
        `the work on a message was cut off by ${cutOffs} stops, and begins again: it takes longer than DRAIN_LIMIT_SECONDS`,
      );
    },
    visibilityLost(delivery, err) {
      log.warn({ ...factsOf(delivery), err }, 'message may be handled elsewhere from now on');
    },
    requestFailed(request, delivery, err) {
      if (request === 'delete') metrics.add('MessagesUndeleted', 1);
      log.warn({ request, ...factsOf(delivery), err }, 'a call about a message failed');
    },
    limitUnread(err, maxReceiveCount) {
      log.warn({ err, maxReceiveCount }, "the queue's maxReceiveCount could not be read again");
    },
    pollFailed(err, waitSeconds) {
      log.warn({ err, waitSeconds }, 'the queue does not respond');
    },
  };
}
