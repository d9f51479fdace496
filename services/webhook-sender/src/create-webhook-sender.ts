import type { Clock } from '@upload-once/clock';
import { type Delivery, MAX_DELAY_SECONDS, Postponed, Unprocessable } from '@upload-once/queue';
import { type Logger, type Metrics, textOfThrown, traceIdOf } from '@upload-once/runtime';
import {
  acceptedKeyOf,
  type Upload,
  UploadEventType,
  UploadState,
  type UploadStore,
  uploadIdOf,
  type VersionName,
} from '@upload-once/uploads';
import type { MessageTraces } from '@upload-once/worker';
import { LAST_ATTEMPT, waitAfterAttempt } from './attempt-schedule.ts';
import { limitEndpoints } from './endpoint-limit.ts';
import { countUrls, type Endpoint, type Endpoints, endpointFor } from './endpoints.ts';
import { type Pending, readMessage, writeRetry } from './message.ts';
import type { Post, WebhookRequest, WebhookResponse } from './post.ts';
import { retryAfterSeconds } from './retry-after.ts';
import { signedHeaders, webhookIdOf } from './signature.ts';
import { traceWebhookSender } from './trace-webhook-sender.ts';
import { webhookBody } from './webhook-body.ts';
import type { WebhookType } from './webhook-event.ts';

/** Of the places for messages, what one of several endpoints can have. */
const PART_OF_ONE_ENDPOINT = 1 / 4;
/** Of the places for messages, what all endpoints can have that do not respond. */
const PART_OF_SILENT = 1 / 2;
/** How long a message waits for a place of its endpoint, in seconds: long where it is not known whether there will be a response. */
const BUSY_SECONDS = { least: 5, most: 15 };
const SILENT_SECONDS = { least: 60, most: 180 };
/** An attempt that has waited so long for a place of an endpoint that does not respond has failed too: each event has an end. */
const LONGEST_WAIT_FOR_SILENT_MS = 600_000;
const GONE = 410;

export interface WebhookSenderPorts {
  readonly uploads: Pick<UploadStore, 'get'>;
  readonly post: Post;
  /** A URL by which an object version can be read; undefined: none is sent. */
  readonly downloadUrlOf: ((version: VersionName) => Promise<string>) | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Pick<Clock, 'now'>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Undefined: no spans are made. */
  readonly traces?: MessageTraces | undefined;
}

export interface WebhookSenderSettings {
  readonly endpoints: Endpoints;
  readonly bucket: string;
  /** The service's CONCURRENCY. */
  readonly concurrency: number;
  readonly userAgent: string;
}

/**
 * The sender's work on one message: an attempt to deliver its event, if its time has come. The message is deleted when an endpoint has taken
 * the event, when none is configured for it, and when it is out of date: the upload failed, and was processed since. After an attempt that
 * failed the message is replaced by one with the next attempt's time, so that what waits is not in flight. The one after the last attempt
 * becomes a dead letter, and so does a message for an endpoint that is gone.
 *
 * Create it once for a process: it counts the attempts of each endpoint, and knows which endpoints are gone.
 */
export function createWebhookSender(
  ports: WebhookSenderPorts,
  settings: WebhookSenderSettings,
): (
  delivery: Pick<Delivery, 'body' | 'signal'> & Partial<Pick<Delivery, 'messageId' | 'receiveCount'>>,
) => Promise<void> {
  if (ports.traces) {
    const { watch, ...traced } = traceWebhookSender(ports, ports.traces);
    return watch(createWebhookSender({ ...traced, traces: undefined }, settings));
  }
  const { uploads, post, downloadUrlOf, log, metrics, clock, random } = ports;
  const { endpoints, bucket, concurrency, userAgent } = settings;
  const isAlone = countUrls(endpoints) === 1;
  const part = (share: number) => Math.max(1, Math.floor(concurrency * share));
  const limit = limitEndpoints({
    most: isAlone ? concurrency : part(PART_OF_ONE_ENDPOINT),
    mostOfSilent: part(PART_OF_SILENT),
  });
  const gone = new Set<string>();

  return async function send({ body, signal }) {
    const pending = readMessage(body);
    if (!pending) return;
    assertDue(pending, body);
    if (pending.attempt > LAST_ATTEMPT) throw undelivered(pending);
    const { event } = pending;
    const upload = await uploads.get(event.key);
    if (!upload)
      throw new Unprocessable(`there is no upload ${event.key}, so that its endpoint is not known`);
    if (event.type === UploadEventType.failed && upload.state === UploadState.processed)
      return unsent(upload, event.type, 'the upload was processed since: upload.processed says so');
    const endpoint = endpointFor(endpoints, upload.apiKeyId);
    if (!endpoint) return unsent(upload, event.type, 'no endpoint is configured for a webhook');
    if (!endpoint.types.has(event.type)) return;
    if (gone.has(endpoint.url.href)) throw endpointGone(endpoint);
    const traceId = traceIdOf(upload.traceparent);
    const release = limit.take(endpoint);
    if (!release) {
      if (limit.isSilent(endpoint) && waitedMs(pending) > LONGEST_WAIT_FOR_SILENT_MS)
        settle(
          pending,
          endpoint,
          { failure: 'no attempt had a place: endpoints do not respond' },
          { traceId, durationMs: 0 },
        );
      throw busy(endpoint, pending);
    }
    let isSilent = false;
    try {
      const request = await requestOf(pending, upload, endpoint);
      const beganAt = clock.now();
      const response = await post(endpoint, request, signal).catch((error) => {
        signal.throwIfAborted();
        return { failure: textOfThrown(error) };
      });
      isSilent = 'failure' in response;
      const durationMs = Math.max(0, clock.now().getTime() - beganAt.getTime());
      settle(pending, endpoint, response, { traceId, durationMs });
    } finally {
      release(!isSilent);
    }
  };

  /** How long ago its attempt was due. An event that comes for the first time is due now, however old it is. */
  function waitedMs({ nextAttemptAt }: Pending): number {
    return nextAttemptAt ? clock.now().getTime() - nextAttemptAt.getTime() : 0;
  }

  /** The same attempt again, with the time at which it was due. */
  function busy(endpoint: Endpoint, { original, attempt, nextAttemptAt = clock.now() }: Pending): Postponed {
    const { least, most } = limit.isSilent(endpoint) ? SILENT_SECONDS : BUSY_SECONDS;
    const reason = `${endpoint.url.host} has all of its attempts in use`;
    const body = writeRetry(original, attempt, nextAttemptAt);
    return new Postponed(least + random() * (most - least), body, reason);
  }

  function unsent({ key, apiKeyId }: Upload, type: WebhookType, why: string): void {
    metrics.add('WebhooksUnsent', 1);
    log.debug({ uploadId: uploadIdOf(key), type, apiKeyId, outcome: 'unsent' }, why);
  }

  /** @throws Postponed */
  function assertDue({ nextAttemptAt }: Pending, body: string): void {
    const waitMs = (nextAttemptAt?.getTime() ?? 0) - clock.now().getTime();
    if (waitMs <= 0) return;
    throw new Postponed(Math.min(waitMs / 1000, MAX_DELAY_SECONDS), body, 'its next attempt is not due');
  }

  async function requestOf(
    { event }: Pending,
    upload: Upload,
    { secrets }: Endpoint,
  ): Promise<WebhookRequest> {
    const isProcessed = event.type === UploadEventType.processed;
    const downloadUrl = isProcessed
      ? await downloadUrlOf?.({ key: acceptedKeyOf(event.key), versionId: event.acceptedVersionId })
      : undefined;
    const body = webhookBody(event, upload, { bucket, downloadUrl });
    const headers = {
      'content-type': 'application/json',
      'user-agent': userAgent,
      ...signedHeaders(webhookIdOf(event), clock.now(), body, secrets),
    };
    return { headers, body };
  }

  /** @throws Postponed, Unprocessable: the event was not delivered */
  function settle(
    pending: Pending,
    endpoint: Endpoint,
    response: WebhookResponse | { readonly failure: string },
    sent: { readonly traceId: string; readonly durationMs: number },
  ): void {
    const { event } = pending;
    const { host } = endpoint.url;
    const webhookId = webhookIdOf(event);
    const facts = {
      uploadId: uploadIdOf(event.key),
      type: event.type,
      webhookId,
      host,
      attempt: pending.attempt,
      ...sent,
    };
    if ('failure' in response) throw failed(response.failure, undefined);
    const { status, retryAfter } = response;
    if (status >= 200 && status < 300) {
      const leadTimeMs = Math.max(0, clock.now().getTime() - event.at.getTime());
      metrics.addAll({ WebhooksDelivered: 1, WebhookLeadTime: leadTimeMs });
      log.info({ ...facts, status, outcome: 'delivered' }, 'webhook delivered');
      return;
    }
    if (status === GONE) markGone(endpoint);
    throw failed(`it responded with ${status}`, retryAfter);

    function failed(reason: string, retryAfter: string | undefined): Error {
      metrics.add('WebhookAttemptsFailed', 1);
      const now = clock.now();
      const asked = retryAfterSeconds(retryAfter, now);
      const isGone = gone.has(endpoint.url.href);
      const waitSeconds = waitAfterAttempt(pending.attempt, asked, random);
      const isLast = isGone || pending.attempt === LAST_ATTEMPT;
      if (isLast) {
        const last = { ...facts, reason, outcome: 'undelivered' };
        log.warn(last, 'a webhook was not delivered, and no attempt follows');
      }
      if (isGone) return endpointGone(endpoint);
      const nextAttemptAt = new Date(now.getTime() + waitSeconds * 1000);
      if (!isLast)
        log.warn({ ...facts, reason, nextAttemptAt, outcome: 'failed' }, 'a webhook was not delivered');
      const next = writeRetry(pending.original, pending.attempt + 1, nextAttemptAt);
      return new Postponed(Math.min(waitSeconds, MAX_DELAY_SECONDS), next, `${host} is tried again later`);
    }
  }

  function markGone({ url }: Endpoint): void {
    if (gone.has(url.href)) return;
    gone.add(url.href);
    metrics.add('WebhookEndpointsGone', 1);
    log.error(
      { host: url.host },
      'an endpoint is gone (410): it is sent nothing more until the service starts again',
    );
  }
}

function endpointGone({ url }: Endpoint): Unprocessable {
  return new Unprocessable(`the endpoint at ${url.host} is gone (410)`);
}

function undelivered({ event }: Pending): Unprocessable {
  return new Unprocessable(`${event.type} of ${event.key} was not delivered in ${LAST_ATTEMPT} attempts`);
}
