import { styleText } from 'node:util';
import { printable } from '@upload-once/text/printable';

/** Fields of a service's log line. A handler's log line can have others. */
interface Entry {
  readonly time?: string;
  readonly level?: string;
  readonly service?: string;
  readonly msg?: string;
  /** Of an upload's log line: its object key. */
  readonly key?: string;
  /** Of a handler's own log line: its upload's id. */
  readonly id?: string;
  readonly kind?: string;
  readonly body?: string;
  readonly receiveCount?: unknown;
  readonly waitSeconds?: unknown;
  readonly err?: { readonly type?: string; readonly message?: string; readonly stack?: string };
  readonly [field: string]: unknown;
}

type Style = Parameters<typeof styleText>[0];

const WHAT_WIDTH = 'processed'.length;
const TROUBLE: readonly (string | undefined)[] = ['warn', 'error', 'fatal'];
const FRAME = /^\s+at /;
const FRAME_OF_OURS = /^\s+at .*(\bnode:|\/(services|packages)\/[a-z-]+\/src\/)/;
const ENTRY_TEXTS = ['time', 'level', 'service', 'msg', 'key', 'id', 'kind', 'body'];
const ERROR_TEXTS = ['type', 'message', 'stack'];
/** Fields that the shown line has already, or that do not help the reader. */
const NOT_SHOWN = ['time', 'level', 'service', 'msg', 'id', 'attempt', 'traceId', 'err', 'pid', 'hostname'];

/**
 * Formats a line that a service prints for a person at the terminal: the steps of an upload, the handler's log lines and errors, and
 * warnings. A line that is not a JSON object, or whose fields have other types than a service gives them, is shown as it is.
 * @returns undefined if the line is not shown
 */
export function shownLine(line: string): string | undefined {
  const entry = entryOf(line);
  if (entry === undefined) return line.trim() === '' ? undefined : line;
  const { msg = '', level } = entry;
  if ('_aws' in entry) return undefined;
  if (msg === 'upload accepted') return shown(entry, 'accepted', 'cyan');
  if (msg === 'upload recorded as PROCESSED') return shown(entry, 'processed', 'green');
  if (entry.kind !== undefined && entry.key !== undefined) return shown(entry, entry.kind, 'yellow', msg);
  if (msg === 'message failed, and comes back') {
    return shown(entry, 'failed', 'red', `attempt ${entry.receiveCount}, again in ${entry.waitSeconds} s`);
  }
  if (msg === 'message is left to the dead-letter queue') {
    return shown(entry, 'gave up', 'red', 'the message is left to the dead-letter queue');
  }
  if (entry.id !== undefined)
    return shown(entry, 'handler', TROUBLE.includes(level) ? 'yellow' : 'reset', said(entry));
  return TROUBLE.includes(level) ? shown(entry, 'warning', 'yellow', `${entry.service}: ${msg}`) : undefined;
}

function entryOf(line: string): Entry | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return isEntry(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is Entry {
  if (!isObject(value) || !hasTexts(value, ENTRY_TEXTS)) return false;
  const { err } = value;
  return err === undefined || (isObject(err) && hasTexts(err, ERROR_TEXTS));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether each of these fields is a string or missing. */
function hasTexts(value: Record<string, unknown>, names: readonly string[]): boolean {
  return names.every((name) => value[name] === undefined || typeof value[name] === 'string');
}

function shown(entry: Entry, what: string, style: Style, more = ''): string {
  const time = new Date(entry.time ?? Date.now()).toTimeString().slice(0, 8);
  const parts = [
    styleText('dim', time),
    styleText(style, what.padEnd(WHAT_WIDTH)),
    printable(idOf(entry)),
    printable(more),
  ];
  return `${parts.filter((part) => part !== '').join('  ')}${errorOf(entry)}`;
}

/** A handler's message and its fields. */
function said(entry: Entry): string {
  const fields = Object.entries(entry).filter(([name]) => !NOT_SHOWN.includes(name));
  const text = fields.length === 0 ? '' : JSON.stringify(Object.fromEntries(fields));
  return [entry.msg, text].filter(Boolean).join('  ');
}

/** An error and its stack. Frames of the services and of Node are left out, unless there are no others. */
function errorOf({ err }: Entry): string {
  if (err === undefined) return '';
  const lines = (err.stack ?? `${err.type ?? 'Error'}: ${err.message ?? ''}`).split('\n');
  const own = lines.filter((line) => !FRAME_OF_OURS.test(line));
  const isAllOurs = !own.some((line) => FRAME.test(line));
  return (isAllOurs ? lines : own).map((line) => `\n    ${printable(line)}`).join('');
}

/** The upload's id, from the log line or from the S3 event in the message's body; '' if neither has one. */
function idOf({ id, key, body }: Entry): string {
  if (id !== undefined) return id;
  return (key ?? keyOfEvent(body ?? '') ?? '').replace(/^(uploads|accepted)\//, '');
}

/** A log line can have only the beginning of the body, so it is not parsed as JSON. */
function keyOfEvent(body: string): string | undefined {
  const encoded = /"key":"([^"]*)"/.exec(body)?.[1];
  try {
    return encoded && decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    return encoded;
  }
}
