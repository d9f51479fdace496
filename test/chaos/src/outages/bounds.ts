import { type Backoff, POLL_BACKOFF, RETRY_BACKOFF } from '@upload-once/queue';
import { POLL_WAIT_SECONDS } from '../fault-stack.ts';
import type { AwsService } from '../proxy/aws-call.ts';
import { OutageKind } from './outage-kind.ts';

/** The name of its process. */
export const ISSUER = 'url-issuer';

/** What there was to do while a service was not itself. */
export interface Work {
  readonly seconds: number;
  /** Messages that were or came into the queue of the process. */
  readonly messages: number;
  /** How often `/readyz` was asked. */
  readonly probes: number;
  /** Requests for a form, of an issuer. */
  readonly requests: number;
}

/** Each call's attempts at most, by the client that makes it (packages/runtime, "aws-clients"; the issuer has its own for the table). */
const ATTEMPTS: Readonly<Record<AwsService, number>> = { s3: 5, sqs: 3, dynamodb: 4 };
const ISSUER_ATTEMPTS = 2;
/** Its readiness check reads both. */
const ISSUER_TABLES = 2;
/** The most calls for one message, if all of them succeed: get, claim, get, accept, or list, copy, head, delete. */
const CALLS_PER_HANDLING: Readonly<Record<AwsService, number>> = { s3: 4, sqs: 0, dynamodb: 5 };
/**
 * A delete is tried three times, and again after seconds while its message is held; what has failed is given back once. A heartbeat,
 * and a read of maxReceiveCount, every few seconds.
 */
const SQS_CALLS_PER_RECEIVE = 6;

/** The last attempt that a process may make of one call. */
export function mostAttempts(process: string, service: AwsService): number {
  return process === ISSUER ? ISSUER_ATTEMPTS : ATTEMPTS[service];
}

/**
 * How often something is tried within so many seconds that fails each time, waiting at least the half of its backoff that is certain.
 */
export function mostTries(seconds: number, { baseSeconds, capSeconds }: Backoff): number {
  let tries = 1;
  let passed = 0;
  for (let wait = baseSeconds; ; wait *= 2) {
    passed += Math.min(wait, capSeconds) / 2;
    if (passed > seconds) return tries;
    tries += 1;
  }
}

/** How many calls to the failing service a consumer makes at most, were every wait as short and every failure as late as it can be. */
export function mostConsumerCalls(service: AwsService, kind: OutageKind, work: Work): number {
  const { seconds, messages, probes } = work;
  const attempts = ATTEMPTS[service];
  const receives = messages * mostTries(seconds, RETRY_BACKOFF);
  if (service === 'sqs') {
    // Everything was at rest when the outage began. As long as it lasts, no worker receives a message.
    if (kind === OutageKind.cut) return attempts * (mostTries(seconds, POLL_BACKOFF) + probes);
    const shortestWaitSeconds = POLL_BACKOFF.baseSeconds / 2;
    const polls =
      receives + Math.ceil(seconds / POLL_WAIT_SECONDS) + Math.ceil(seconds / shortestWaitSeconds);
    return attempts * (polls + probes + receives * SQS_CALLS_PER_RECEIVE);
  }
  // Where nothing gets through, the first failure ends a handling.
  const calls = kind === OutageKind.cut ? 1 : CALLS_PER_HANDLING[service];
  return attempts * (receives * calls + probes);
}

/** The same for an issuer: it reads the key and writes the item, and reads the item again if the write got no success response. */
export function mostIssuerCalls(kind: OutageKind, { requests, probes }: Work): number {
  const callsPerRequest = kind === OutageKind.cut ? 1 : 4;
  return ISSUER_ATTEMPTS * (requests * callsPerRequest + probes * ISSUER_TABLES);
}

/**
 * How many lines a consumer writes at most: for each time that it has a message one about the work, one about how that ended, one
 * where a call to the queue about it fails; one for each poll that fails; one for each change of its readiness.
 */
export function mostConsumerLines({ seconds, messages, probes }: Work): number {
  const receives = messages * mostTries(seconds, RETRY_BACKOFF);
  const polls = Math.ceil(seconds / (POLL_BACKOFF.baseSeconds / 2));
  return 3 * receives + polls + probes;
}

/** One for the request, one for the reason of its failure. */
export function mostIssuerLines({ requests, probes }: Work): number {
  return 2 * requests + probes;
}

/** Whether a wait is one of those that this backoff has after so many attempts. */
export function isWaitOf(
  waitSeconds: number,
  attempt: number,
  { baseSeconds, capSeconds }: Backoff,
): boolean {
  const longest = Math.min(capSeconds, baseSeconds * 2 ** (attempt - 1));
  return waitSeconds >= longest / 2 && waitSeconds <= longest;
}
