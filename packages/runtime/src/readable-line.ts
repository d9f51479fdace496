import { styleText } from 'node:util';
import { printable } from '@upload-once/text/printable';
import type { Output } from './output.ts';

type Style = Parameters<typeof styleText>[0];

const STYLES: ReadonlyMap<string, Style> = new Map<string, Style>([
  ['trace', 'dim'],
  ['debug', 'dim'],
  ['info', 'cyan'],
  ['warn', 'yellow'],
  ['error', 'red'],
  ['fatal', 'red'],
]);
const WHAT_WIDTH = 'duplicate'.length;
/** Shown elsewhere in the line, or only of use to a search. */
const NOT_FIELDS = ['level', 'time', 'service', 'logger', 'msg', 'uploadId', 'outcome', 'err', 'traceId'];
/** Only of use to a search, in a line of the service. In one of a handler's they are the handler's own. */
const NOT_FIELDS_OF_SERVICE = [...NOT_FIELDS, 'requestId', 'messageId', 'versionId', 'pid'];

/**
 * A log line for a person at a terminal: the time, what came of it or its level, the upload, the message, and the other fields; an error
 * follows with its stack. A line of metrics is not shown. What is no log line is shown as it is.
 * No part of a line steers the terminal, or looks like a field: an id or value with a blank, `=` or a quote is in quotes, and so is a
 * message with `=` or two blanks in a row.
 *
 * @param line without its line feed
 * @returns undefined if nothing is shown
 */
export function readableLine(line: string): string | undefined {
  const data = parsed(line);
  if (data === undefined) return line;
  if ('_aws' in data) return undefined;
  const { time, level, msg, uploadId, outcome, err } = data;
  if (typeof time !== 'string' || typeof level !== 'string') return line;
  const clock = new Date(time);
  const notFields = data['logger'] === undefined ? NOT_FIELDS_OF_SERVICE : NOT_FIELDS;
  const fields = Object.entries(data)
    .filter(([name]) => !notFields.includes(name))
    .map(([name, value]) => `${wordOf(name)}=${typeof value === 'string' ? wordOf(value) : textOf(value)}`);
  const parts = [
    styled('dim', Number.isNaN(clock.getTime()) ? time : clock.toTimeString().slice(0, 8)),
    styled(STYLES.get(level) ?? 'reset', textOf(outcome ?? level).padEnd(WHAT_WIDTH)),
    ...(uploadId === undefined ? [] : [printable(wordOf(textOf(uploadId)))]),
    ...(msg === undefined ? [] : [printable(messageOf(textOf(msg)))]),
    ...(fields.length > 0 ? [styled('dim', fields.join(' '))] : []),
  ];
  return parts.join('  ') + errorOf(err);
}

/** An output whose log lines a person reads. What others print is left as it is. */
export function forTerminal(output: Output): Output {
  return {
    ...output,
    write(line, isKept) {
      const shown = readableLine(line.trimEnd());
      if (shown !== undefined) output.write(`${shown}\n`, isKept);
    },
    print(text, written, source) {
      // Without a source it is a finished line of a thread's log.
      const shown = source === undefined ? readableLine(text.trimEnd()) : undefined;
      output.print(shown === undefined ? text : `${shown}\n`, written, source);
    },
  };
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const data: unknown = JSON.parse(line);
    return typeof data === 'object' && data !== null && !Array.isArray(data)
      ? (data as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The styles alone may steer the terminal. */
function styled(style: Style, text: string): string {
  return styleText(style, printable(text));
}

/** Quoted where it could be read as more than one name or value. */
function wordOf(text: string): string {
  return /^[^\s="]+$/.test(text) ? text : JSON.stringify(text);
}

/** Quoted where it could be read as more than a sentence. */
function messageOf(text: string): string {
  return / {2}|=/.test(text) ? JSON.stringify(text) : text;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function errorOf(err: unknown): string {
  if (err === undefined) return '';
  const { stack, message } = (typeof err === 'object' && err !== null ? err : {}) as Record<string, unknown>;
  return textOf(stack ?? message ?? err)
    .split('\n')
    .map((line) => `\n    ${printable(line)}`)
    .join('');
}
