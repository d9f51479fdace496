import type { DeadLetter, DeadLetterCount, QueuePair, RedriveOutcome } from '@upload-once/repair';
import { ACCEPTED_PREFIX, type Upload, uploadKeyOfAccepted } from '@upload-once/uploads';
import { ageWords } from '../age-words.ts';
import { printable } from '../printable.ts';

/** One line of what lies in a dead-letter queue: one version that a message tells of, or a message that is none of ours. */
export interface LetterRow {
  readonly messageId: string;
  readonly what: 'upload' | 'accepted' | 'unknown';
  readonly key: string | undefined;
  readonly versionId: string | undefined;
  readonly receiveCount: number;
  readonly sentAt: Date;
  /** When S3 stored the version: what lies under `uploads/` is removed by the lifecycle, counted from then. */
  readonly storedAt: Date | undefined;
  readonly state: string | undefined;
  /** Why the upload failed, or why the message is none of ours. */
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
    return [{ ...message, ...nothing, what: 'unknown', reason: letter.unknownReason }];
  }
  return letter.events.map(({ key, versionId, storedAt }) => {
    const upload = uploads.get(uploadKeyOf(key));
    const what = key.startsWith(ACCEPTED_PREFIX) ? 'accepted' : 'upload';
    const { state, failureReason: reason } = upload ?? {};
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
}

/** What a yes does: `moves 1; 2 unknown stay (--delete-unknown FILE removes them)`. */
export function plan(
  queues: readonly Seen[],
  options: { readonly includeUnknown: boolean; readonly deleteUnknown: string | undefined },
): string {
  const sum = (count: (seen: Seen) => number) => queues.reduce((all, seen) => all + count(seen), 0);
  const [visible, shown, unknown] = [
    sum((seen) => seen.visible),
    sum((seen) => seen.shown),
    sum((seen) => seen.unknown),
  ];
  const isAllShown = shown >= visible;
  const atLeast = isAllShown ? '' : `, of the ${shown} shown`;
  const others = isAllShown ? `${shown - unknown}` : `the others of about ${visible}`;
  if (options.deleteUnknown !== undefined)
    return `deletes ${unknown} unknown${atLeast}${isAllShown ? '' : ', and those not shown'}; ${others} ${others === '1' ? 'stays' : 'stay'}`;
  if (options.includeUnknown) return `moves ${isAllShown ? shown : `all of about ${visible}`}`;
  if (unknown === 0) return `moves ${isAllShown ? shown : `all of about ${visible}; unknown ones stay`}`;
  return `moves ${others}; ${unknownStay(unknown)}${isAllShown ? '' : `; so do unknown ones that are not shown`}`;
}

function unknownStay(count: number): string {
  const [stay, them] = count === 1 ? ['stays', 'it'] : ['stay', 'them'];
  return `${count} unknown ${stay} (--delete-unknown FILE removes ${them})`;
}

export function headOf(deadLetterUrl: string, { visible, hidden }: DeadLetterCount, shown: number): string {
  if (visible === 0 && hidden > 0)
    return `${nameOf(deadLetterUrl)} has about ${hidden} hidden message${hidden === 1 ? '' : 's'}, and none that can be seen\n`;
  const messages = `${visible} message${visible === 1 ? '' : 's'}`;
  const inHand = hidden > 0 ? `, and about ${hidden} that are hidden` : '';
  const first = shown > 0 && shown < visible ? `; the first ${shown}:` : shown > 0 ? ':' : '';
  return `${nameOf(deadLetterUrl)} has about ${messages}${inHand}${first}\n`;
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
