import { styleText } from 'node:util';
import { printable } from '@upload-once/text/printable';

/** A log line that one of the services writes. */
interface Entry {
  readonly time: string;
  readonly level: string;
  readonly service: string;
  readonly [field: string]: unknown;
}

/** A line of a service about its own work: an upload, a message, itself. */
interface OwnEntry extends Entry {
  readonly msg?: string;
  /** Of the upload that the line is about. */
  readonly uploadId?: string;
  /** What came of it, or of one of its versions. */
  readonly outcome?: string;
  readonly err?: LoggedError;
}

/** A line of the handler's log. The handler's fields have any type. */
interface HandlerEntry extends Entry {
  readonly uploadId: string;
}

interface LoggedError {
  readonly type?: string;
  readonly message?: string;
  readonly stack?: string;
}

type Style = Parameters<typeof styleText>[0];

const WHAT_WIDTH = 'processed'.length;
const SERVICES: readonly unknown[] = ['url-issuer', 'acceptor', 'processor', 'webhook-sender'];
const TROUBLE: readonly string[] = ['warn', 'error', 'fatal'];
const FRAME = /^\s+at /;
const FRAME_OF_OURS = /^\s+at .*(\bnode:|\/(services|packages)\/[a-z-]+\/src\/)/;
const OWN_TEXTS = ['msg', 'uploadId', 'outcome'];
/** Outcomes of versions that are not accepted. */
const KEPT_APART = ['duplicate', 'identical-duplicate', 'refused', 'orphan'];
const ERROR_TEXTS = ['type', 'message', 'stack'];
/** Names that are shown elsewhere in the line, or not at all. */
const NOT_FIELDS = ['time', 'level', 'service', 'msg'];
const NOT_FIELDS_OF_HANDLER = [...NOT_FIELDS, 'logger', 'uploadId', 'attempt', 'traceId'];
const NOT_FIELDS_OF_SERVICE = [...NOT_FIELDS, 'uploadId'];
/** What the processor says at level info beside the steps of uploads. */
const OF_PROCESSOR_ITSELF =
  /^(processor (started|stops|stopped)|listening, and polling|.+ responds again|message (waits: |given back, ).+)$/;

/**
 * Formats a line of a service's standard output for a person at the terminal: the steps of an upload, the handler's log lines and errors,
 * and warnings. A line that is no log line or metric of a service is the handler's output. It is shown as it is. So are two kinds of lines
 * with the name of a service: a line whose fields have other types than a service gives them, and a line of the processor that the
 * processor does not write. It comes from a logger of the handler's own.
 * @returns undefined if the line is not shown
 */
export function shownLine(line: string): string | undefined {
  const data = parsed(line);
  if (isMetric(data)) return undefined;
  if (!isEntry(data)) return line.trim() === '' ? undefined : line;
  if (isOfHandler(data)) return shownOfHandler(data);
  return isOwn(data) ? shownOfService(data, line) : line;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The embedded metric format, with the dimension Service that each metric has. */
function isMetric(data: unknown): boolean {
  return isObject(data) && isObject(data._aws) && SERVICES.includes(data.Service) && !isEntry(data);
}

function isEntry(data: unknown): data is Entry {
  if (!isObject(data)) return false;
  const { time, level, service } = data;
  const isTime = typeof time === 'string' && !Number.isNaN(Date.parse(time));
  return isTime && typeof level === 'string' && SERVICES.includes(service);
}

/** Of its own lines, the processor gives none a `logger`. */
function isOfHandler(entry: Entry): entry is HandlerEntry {
  return entry.service === 'processor' && entry.logger === 'handler' && typeof entry.uploadId === 'string';
}

function isOwn(entry: Entry): entry is OwnEntry {
  return hasTexts(entry, OWN_TEXTS) && (entry.err === undefined || isError(entry.err));
}

function isError(value: unknown): value is LoggedError {
  return isObject(value) && hasTexts(value, ERROR_TEXTS);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether each of these fields is a string or missing. */
function hasTexts(value: Record<string, unknown>, names: readonly string[]): boolean {
  return names.every((name) => value[name] === undefined || typeof value[name] === 'string');
}

function shownOfService(entry: OwnEntry, line: string): string | undefined {
  const { msg = '', level, service, uploadId = '', outcome = '', err } = entry;
  const step = (what: string, style: Style, more = '') => shown(entry, what, style, uploadId, more, err);
  if (msg === 'upload accepted') return step('accepted', 'cyan');
  if (msg === 'upload processed') return step('processed', 'green');
  if (msg === 'upload failed') return step('failed', 'red', `attempt ${entry.attempt}, the last`);
  if (service === 'webhook-sender' && msg === 'webhook delivered')
    return step('webhook', 'green', `${entry['type']} to ${entry['host']}`);
  if (service === 'acceptor' && KEPT_APART.includes(outcome))
    return step(outcome.replace('identical-', ''), 'yellow', msg);
  if (msg === 'message failed, and comes back') {
    return step('failed', 'red', `attempt ${entry.receiveCount}, again in ${entry.waitSeconds} s`);
  }
  if (msg === 'message is left to the dead-letter queue') {
    return step('gave up', 'red', 'the message is left to the dead-letter queue');
  }
  if (TROUBLE.includes(level)) {
    return step('warning', 'yellow', withFields(`${service}: ${msg}`, entry, NOT_FIELDS_OF_SERVICE));
  }
  return service === 'processor' && !OF_PROCESSOR_ITSELF.test(msg) ? line : undefined;
}

/** The handler's message, its fields, and its error with the stack. */
function shownOfHandler(entry: HandlerEntry): string {
  const { uploadId, level, msg, err } = entry;
  const message = typeof msg === 'string' ? msg : JSON.stringify(msg);
  const more = withFields(message, entry, NOT_FIELDS_OF_HANDLER);
  const style = TROUBLE.includes(level) ? 'yellow' : 'reset';
  return shown(entry, 'handler', style, uploadId, more, isShownError(err) ? err : undefined);
}

function withFields(message: string | undefined, entry: Entry, notFields: readonly string[]): string {
  const fields = { ...entry };
  for (const name of notFields) delete fields[name];
  if (isShownError(fields.err)) {
    // Its stack has these.
    const { type, message, stack, ...others } = fields.err;
    fields.err = Object.keys(others).length === 0 ? undefined : others;
  }
  const text = JSON.stringify(fields);
  return [message, text === '{}' ? '' : text].filter(Boolean).join('  ');
}

function isShownError(value: unknown): value is LoggedError {
  return isError(value) && (value.stack ?? value.message) !== undefined;
}

function shown(
  { time }: Entry,
  what: string,
  style: Style,
  id: string,
  more: string,
  err: LoggedError | undefined,
): string {
  const clock = new Date(time).toTimeString().slice(0, 8);
  const parts = [
    styleText('dim', clock),
    styleText(style, what.padEnd(WHAT_WIDTH)),
    printable(id),
    printable(more),
  ];
  return `${parts.filter((part) => part !== '').join('  ')}${err ? errorOf(err) : ''}`;
}

/** An error and its stack. Frames of the services and of Node are left out, unless there are no others. */
function errorOf(err: LoggedError): string {
  const lines = (err.stack ?? `${err.type ?? 'Error'}: ${err.message ?? ''}`).split('\n');
  const own = lines.filter((line) => !FRAME_OF_OURS.test(line));
  const isAllOurs = !own.some((line) => FRAME.test(line));
  return (isAllOurs ? lines : own).map((line) => `\n    ${printable(line)}`).join('');
}
