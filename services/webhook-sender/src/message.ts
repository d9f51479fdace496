import { Unprocessable } from '@upload-once/queue';
import {
  asciiJson,
  ObservedKind,
  parseDuplicateReport,
  parseUploadEvent,
  timeOf,
  uploadIdOfObject,
} from '@upload-once/uploads';
import { LAST_ATTEMPT } from './attempt-schedule.ts';
import { type WebhookEvent, WebhookType } from './webhook-event.ts';

const SCHEMA_VERSION = 1;

/** A message of the queue: an event, and where it is in its schedule. */
export interface Pending {
  readonly event: WebhookEvent;
  /** The message as it came first, parsed. */
  readonly original: object;
  /** The attempt that is next, from 1 on. Beyond LAST_ATTEMPT: all were made, and the message becomes a dead letter. */
  readonly attempt: number;
  /** Undefined: at once. */
  readonly nextAttemptAt: Date | undefined;
}

/**
 * Reads a message: the processor's, a report (docs/reports.md), or one that `writeRetry` wrote.
 * @returns undefined for a report that no endpoint is sent
 * @throws Unprocessable
 */
export function readMessage(body: string): Pending | undefined {
  const message = parse(body);
  const retry = readRetry(message);
  const original = retry ? retry.original : message;
  const event = parseUploadEvent(original) ?? readDuplicate(original);
  if (event) return { event, original, attempt: 1, nextAttemptAt: undefined, ...retry };
  if (isReport(original)) return undefined;
  throw new Unprocessable('the message is neither an event of an upload nor a report');
}

/** The id of the upload that a message is about; none where it names no upload. Never throws. */
export function uploadIdsIn(body: string): string[] {
  try {
    const id = uploadIdOfObject(readMessage(body)?.event.key ?? '');
    return id === undefined ? [] : [id];
  } catch {
    return [];
  }
}

/** The message that takes the place of one whose attempt has failed, in printable ASCII. */
export function writeRetry(original: object, attempt: number, nextAttemptAt: Date): string {
  return asciiJson({ schemaVersion: SCHEMA_VERSION, event: original, attempt, nextAttemptAt });
}

function parse(body: string): Record<string, unknown> {
  try {
    const message: unknown = JSON.parse(body);
    if (isObject(message)) return message;
  } catch {
    // Refused below.
  }
  throw new Unprocessable('the message is no JSON object');
}

function readRetry(message: Record<string, unknown>) {
  const { schemaVersion, event: original, attempt, nextAttemptAt } = message;
  if (schemaVersion !== SCHEMA_VERSION || !isObject(original)) return undefined;
  const time = timeOf(nextAttemptAt);
  if (!isWhole(attempt, 1, LAST_ATTEMPT + 1) || !time)
    throw new Unprocessable('the message does not say which attempt is next, and when');
  return { original, attempt, nextAttemptAt: time };
}

function readDuplicate(original: object): WebhookEvent | undefined {
  const report = parseDuplicateReport(original);
  if (!report) return undefined;
  const { recordedAt: at, ...duplicate } = report;
  return { type: WebhookType.duplicate, ...duplicate, at };
}

/** A report of another type: readers ignore those that they do not know. */
function isReport({ schemaVersion, id, type }: Record<string, unknown>): boolean {
  return schemaVersion === SCHEMA_VERSION && typeof id === 'string' && type !== ObservedKind.duplicate;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
