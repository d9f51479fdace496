import { printable } from '@upload-once/text/printable';
import { ACCEPTED_PREFIX, type Upload, uploadKeyOfAccepted } from '@upload-once/uploads';
import { ageWords } from '../age-words.ts';
import type { DeadLetter, DeadLetterCount, LetterEvent, QueuePair, RedriveOutcome } from '../repair/index.ts';

/** One line of what lies in a dead-letter queue: one version that a message is about, or a message that its queue can't handle. */
export interface LetterRow {
  readonly messageId: string;
  readonly what: LetterEvent['what'] | 'unknown' | 'wrong-queue';
  readonly key: string | undefined;
  readonly versionId: string | undefined;
  readonly receiveCount: number;
  readonly sentAt: Date;
  /** When S3 stored the version: what lies under `uploads/` is removed by the lifecycle, counted from then. */
  readonly storedAt: Date | undefined;
  readonly state: string | undefined;
  /** Why the upload failed, or why the queue can't handle the message. */
  readonly reason: string | undefined;
}

/** The key of the upload that an object belongs to. */
export function uploadKeyOf(objectKey: string): string {
  return objectKey.startsWith(ACCEPTED_PREFIX) ? uploadKeyOfAccepted(objectKey) : objectKey;
}

export function rowsOf(letter: DeadLetter, uploads: ReadonlyMap<string, Upload>): LetterRow[] {
  const { messageId, receiveCount, sentAt } = letter;
  const message = { messageId, receiveCount, sentAt };
  if (!letter.events) {
    const nothing = { key: undefined, versionId: undefined, storedAt: undefined, state: undefined };
    const what = letter.isWrongQueue ? 'wrong-queue' : 'unknown';
    return [{ ...message, ...nothing, what, reason: letter.unknownReason }];
  }
  return letter.events.map(({ what, key, versionId, storedAt }) => {
    const { state, failureReason } = uploads.get(uploadKeyOf(key)) ?? {};
    // Why the upload failed is not why its webhook did.
    const reason = storedAt && failureReason;
    return { ...message, what, key, versionId, storedAt, state, reason };
  });
}

export function jsonOfRow(row: LetterRow, deadLetterUrl: string, now: Date): string {
  const secondsSince = (then: Date) => Math.max(0, Math.floor((now.getTime() - then.getTime()) / 1000));
  const fileAgeSeconds = row.storedAt && secondsSince(row.storedAt);
  return JSON.stringify({
    queue: deadLetterUrl,
    ...row,
    ageSeconds: secondsSince(row.sentAt),
    fileAgeSeconds,
  });
}

const HEADER = ['event', 'received', 'age', 'file', 'state', 'key, version'];

/** What lies in one dead-letter queue, as text; a reason stands below its line. */
export function textOfRows(rows: readonly LetterRow[], now: Date): string {
  const lines = rows.map((row) => [
    row.what,
    `${row.receiveCount} ×`,
    ageWords(row.sentAt, now),
    row.storedAt === undefined ? '–' : ageWords(row.storedAt, now),
    row.state ?? '–',
    row.key === undefined ? `message ${row.messageId}` : `${row.key} ${row.versionId}`,
  ]);
  const table = [HEADER, ...lines];
  const widths = HEADER.map((_, at) => Math.max(...table.map((cells) => cells[at]?.length ?? 0)));
  return table
    .map((cells, line) => {
      const text = cells.map((cell, at) => printable(cell).padEnd(widths[at] ?? 0)).join('  ');
      const reason = rows[line - 1]?.reason;
      return `  ${text.trimEnd()}\n${reason === undefined ? '' : `    ${printable(reason)}\n`}`;
    })
    .join('');
}

/** What of a dead-letter queue was seen. */
export interface Seen {
  readonly visible: number;
  /** How many of these were looked at. */
  readonly shown: number;
  /** How many of those that were looked at are none of ours. */
  readonly unknown: number;
  /** How many of those that were looked at belong to the other queue. */
  readonly wrongQueue: number;
}

/** What a yes does: `moves 1; 2 unknown stay (--delete-unknown FILE removes them)`. */
export function plan(
  queues: readonly Seen[],
  options: { readonly includeUnknown: boolean; readonly deleteUnknown: string | undefined },
): string {
  const sum = (count: (seen: Seen) => number) => queues.reduce((all, seen) => all + count(seen), 0);
  const [visible, shown, unknown, wrongQueue] = [
    sum((seen) => seen.visible),
    sum((seen) => seen.shown),
    sum((seen) => seen.unknown),
    sum((seen) => seen.wrongQueue),
  ];
  const isAllShown = shown >= visible;
  const unusable = unknown + wrongQueue;
  const others = isAllShown ? `${shown - unusable}` : `the others of about ${visible}`;
  if (options.deleteUnknown !== undefined) {
    const kinds = [
      ...(unknown > 0 || wrongQueue === 0 ? [`${unknown} unknown`] : []),
      ...(wrongQueue > 0 ? [`${wrongQueue} of the wrong queue`] : []),
    ].join(' and ');
    const atLeast = isAllShown ? '' : `, of the ${shown} shown, and those not shown`;
    return `deletes ${kinds}${atLeast}; ${others} ${others === '1' ? 'stays' : 'stay'}`;
  }
  const stay = [
    ...(unknown > 0 && !options.includeUnknown ? [unknownStay(unknown)] : []),
    ...(wrongQueue > 0 ? [wrongQueueStay(wrongQueue)] : []),
    ...(isAllShown || options.includeUnknown
      ? []
      : [unusable > 0 ? 'so do unknown ones that are not shown' : 'unknown ones stay']),
  ];
  const staying = wrongQueue + (options.includeUnknown ? 0 : unknown);
  const moved = isAllShown ? `${shown - staying}` : staying > 0 ? others : `all of about ${visible}`;
  return [`moves ${moved}`, ...stay].join('; ');
}

function wrongQueueStay(count: number): string {
  return count === 1 ? '1 of the wrong queue stays' : `${count} of the wrong queue stay`;
}

function unknownStay(count: number): string {
  const [stay, them] = count === 1 ? ['stays', 'it'] : ['stay', 'them'];
  return `${count} unknown ${stay} (--delete-unknown FILE removes ${them})`;
}

export function headOf(deadLetterUrl: string, { visible, hidden }: DeadLetterCount, shown: number): string {
  if (visible === 0 && hidden > 0)
    return `${nameOf(deadLetterUrl)} has about ${hidden} hidden message${hidden === 1 ? '' : 's'}, and none that can be seen\n`;
  const messages = `${visible} message${visible === 1 ? '' : 's'}`;
  const inFlight =
    hidden > 0
      ? ` that can be seen, and about ${hidden} more that ${hidden === 1 ? 'is' : 'are'} hidden`
      : '';
  const first = shown > 0 && shown < visible ? `; the first ${shown}:` : shown > 0 ? ':' : '';
  return `${nameOf(deadLetterUrl)} has about ${messages}${inFlight}${first}\n`;
}

/** `12 moved to upload-events, 1 failed`; `2 deleted from upload-events-dead-letter, each kept in FILE, 1 event of an upload is left: …`. */
export function totalsOf(
  totals: ReadonlyMap<RedriveOutcome, number>,
  { queueUrl, deadLetterUrl }: QueuePair,
  savedTo: string | undefined,
): string {
  const main = savedTo === undefined ? 'moved' : 'deleted';
  const count = totals.get(main) ?? 0;
  const others = [...totals].filter(([outcome]) => outcome !== main);
  return [
    savedTo === undefined
      ? `${count} moved to ${nameOf(queueUrl)}`
      : `${count} deleted from ${nameOf(deadLetterUrl)}${count > 0 ? `, each kept in ${printable(savedTo)}` : ''}`,
    ...others.map(([outcome, count]) => whatStays(outcome, count)),
  ].join(', ');
}

function whatStays(outcome: RedriveOutcome, count: number): string {
  switch (outcome) {
    case 'unknown':
      return unknownStay(count);
    case 'wrong-queue':
      return wrongQueueStay(count);
    case 'left':
      return count === 1
        ? '1 event of an upload is left: redrive --yes moves it'
        : `${count} events of uploads are left: redrive --yes moves them`;
    default:
      return `${count} ${outcome}`;
  }
}

export function nameOf(queueUrl: string): string {
  return printable(queueUrl.slice(queueUrl.lastIndexOf('/') + 1));
}
