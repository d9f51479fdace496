import { POLL_BACKOFF, RETRY_BACKOFF } from '@upload-once/queue';
import type { AwsService } from '../proxy/aws-call.ts';
import type { OutputLine } from '../service-under-faults.ts';
import {
  ISSUER,
  isWaitOf,
  mostAttempts,
  mostConsumerCalls,
  mostConsumerLines,
  mostIssuerCalls,
  mostIssuerLines,
  type Work,
} from './bounds.ts';
import { OutageKind } from './outage-kind.ts';
import type { Probe } from './probes.ts';

/** With so many messages that failed for the first time, three waits to choose from, not all are the same by chance. */
const ENOUGH_WAITS = 12;
/** As the consumer's log has it, see `observeConsumer`. */
const FAILED_MESSAGE = 'message failed, and comes back';

/** What `/readyz` reports of each service of AWS when that does not respond. */
const REASONS: Readonly<Record<AwsService, RegExp>> = {
  s3: /The bucket does not respond/,
  sqs: /The queue does not respond/,
  dynamodb: /The table of (uploads|API keys) does not respond/,
};

/** What was seen of an outage from outside, from its beginning to its end. */
export interface Observed {
  readonly service: AwsService;
  readonly kind: OutageKind;
  readonly work: Work;
  readonly probes: readonly Probe[];
  /** Calls to that service, by the name of the process that made them; of a service that is away there are none. */
  readonly calls: ReadonlyMap<string, number>;
  /** The last attempt that each process made of any of them. */
  readonly attempts: ReadonlyMap<string, number>;
  /** What each process wrote, but for metrics. */
  readonly lines: ReadonlyMap<string, readonly OutputLine[]>;
  /** Requests for a form that got a response during the outage: a form, or 503. */
  readonly formsGiven: number;
  readonly formsRefused: number;
  /** Files that S3 took while it lasted. */
  readonly storedDuring: number;
}

/** Whether this process calls that service. */
function dependsOn(process: string, service: AwsService): boolean {
  return process !== ISSUER || service === 'dynamodb';
}

function isAway(kind: OutageKind): boolean {
  return kind === OutageKind.away || kind === OutageKind.cut;
}

/** What did not go as it should; nothing where everything did. */
export function outageFindings(observed: Observed): string[] {
  return [
    ...unseen(observed),
    ...probeFindings(observed),
    ...callFindings(observed),
    ...attemptFindings(observed),
    ...waitFindings(observed),
    ...lineFindings(observed),
  ];
}

/** What has to be seen once, and has not been yet: an outage lasts until it was, for longer than it should where that takes long. */
export function unseen({ service, kind, probes, calls, lines, ...counts }: Observed): string[] {
  const findings: string[] = [];
  for (const name of calls.keys()) {
    const readiness = probesOf(probes, name, '/readyz');
    if (!dependsOn(name, service)) {
      if (!readiness.some(({ status }) => status === 200))
        findings.push(`${name}: /readyz was never 200, though it does not need ${service}`);
    } else if (isAway(kind) && !readiness.some((probe) => saysAway(probe, service))) {
      findings.push(`${name}: /readyz never said that ${service} was away`);
    }
    // The acceptor has a message for each file; without the queue it gets none.
    const failed = firstWaits(lines.get(name)).length;
    if (name.startsWith('acceptor') && isAway(kind) && service !== 'sqs' && failed < ENOUGH_WAITS)
      findings.push(
        `${name}: only ${failed} messages failed, too few to see whether they come back together`,
      );
  }
  if (counts.storedDuring === 0) findings.push('no file was stored, though clients reach S3 by themselves');
  if (service !== 'dynamodb' && counts.formsGiven === 0)
    findings.push(`no form was given, though the issuer does not need ${service}`);
  if (service === 'dynamodb' && isAway(kind) && counts.formsRefused === 0)
    findings.push('the issuer never responded with 503, though it could record nothing');
  return findings;
}

function probeFindings({ service, kind, probes, calls }: Observed): string[] {
  const findings: string[] = [];
  for (const name of calls.keys()) {
    for (const { status, message } of probesOf(probes, name, '/livez')) {
      if (status !== 200)
        findings.push(`${name}: /livez responded with ${status} ${message}: it would be restarted`);
    }
    const readiness = probesOf(probes, name, '/readyz');
    for (const { status, message } of readiness) {
      if (status !== 200 && status !== 503)
        findings.push(`${name}: /readyz responded with ${status} ${message}`);
    }
    if (!dependsOn(name, service)) continue;
    for (const { status, message } of readiness) {
      if (status === 503 && !REASONS[service].test(message))
        findings.push(`${name}: /readyz responded with 503 and did not name ${service}, but: ${message}`);
    }
    if (!isAway(kind)) continue;
    const from = readiness.findIndex((probe) => saysAway(probe, service));
    if (from !== -1 && !readiness.slice(from).every((probe) => saysAway(probe, service)))
      findings.push(`${name}: /readyz was good again while ${service} was away`);
  }
  return findings;
}

function probesOf(probes: readonly Probe[], name: string, path: Probe['path']): readonly Probe[] {
  return probes.filter((probe) => probe.service === name && probe.path === path);
}

function saysAway({ status, message }: Probe, service: AwsService): boolean {
  return status === 503 && REASONS[service].test(message);
}

function callFindings({ service, kind, work, calls }: Observed): string[] {
  if (kind === OutageKind.away) return [];
  return [...calls].flatMap(([name, count]) => {
    const most = mostCalls(name, service, kind, work);
    if (count <= most) return [];
    return [
      `${name}: ${count} calls to ${service} in ${work.seconds.toFixed(0)} s; its backoff allows ${most}`,
    ];
  });
}

/** Each call has its attempts, however long the outage, and no more. */
function attemptFindings({ service, attempts }: Observed): string[] {
  return [...attempts]
    .filter(([name, last]) => last > mostAttempts(name, service))
    .map(
      ([name, last]) =>
        `${name}: a call to ${service} was made ${last} times, not ${mostAttempts(name, service)} at most`,
    );
}

/** None where the process does not depend on that service. */
export function mostCalls(name: string, service: AwsService, kind: OutageKind, work: Work): number {
  if (!dependsOn(name, service)) return 0;
  return name === ISSUER ? mostIssuerCalls(kind, work) : mostConsumerCalls(service, kind, work);
}

/** Waits are those of the backoff, and messages that failed together do not come back together. */
function waitFindings({ lines }: Observed): string[] {
  const findings: string[] = [];
  for (const [name, written] of lines) {
    let failedPolls = 0;
    for (const { msg, waitSeconds, receiveCount } of written) {
      if (msg === 'the queue does not respond') {
        failedPolls += 1;
        if (!isAnyWaitOf(Number(waitSeconds), failedPolls))
          findings.push(`${name}: a poll waits ${waitSeconds} s`);
      }
      if (msg !== FAILED_MESSAGE) continue;
      if (!isWaitOf(Number(waitSeconds), Number(receiveCount), RETRY_BACKOFF))
        findings.push(`${name}: a message waits ${waitSeconds} s after receive ${receiveCount}`);
    }
    const waits = firstWaits(written);
    if (waits.length >= ENOUGH_WAITS && new Set(waits).size === 1)
      findings.push(`${name}: ${waits.length} messages that failed together all wait ${waits[0]} s`);
  }
  return findings;
}

/** How long messages wait that failed for the first time. */
function firstWaits(lines: readonly OutputLine[] = []): number[] {
  return lines
    .filter(({ msg, receiveCount }) => msg === FAILED_MESSAGE && receiveCount === 1)
    .map(({ waitSeconds }) => Number(waitSeconds));
}

/** A successful poll in between resets the sequence of waits. */
function isAnyWaitOf(waitSeconds: number, failedPolls: number): boolean {
  return Array.from({ length: failedPolls }, (_, at) => at + 1).some((attempt) =>
    isWaitOf(waitSeconds, attempt, POLL_BACKOFF),
  );
}

function lineFindings({ work, lines }: Observed): string[] {
  return [...lines].flatMap(([name, { length }]) => {
    const most = name === ISSUER ? mostIssuerLines(work) : mostConsumerLines(work);
    if (length <= most) return [];
    return [
      `${name}: the log has ${length} lines of ${work.seconds.toFixed(0)} s; at most ${most} are expected`,
    ];
  });
}
