import { inspect } from 'node:util';
import type { Logger } from '@upload-once/runtime';
import { UNREADABLE } from '@upload-once/runtime/bounded-data';
import { shownFields } from '@upload-once/runtime/shown-error';
import type { HandlerLog } from './handler.ts';
import type { HandlerWork } from './handler-runner.ts';

/** Names that each line has itself, and those by which the lines of the services say what came of an upload. */
const OWN_NAMES: readonly string[] = [
  'level',
  'time',
  'service',
  'logger',
  'uploadId',
  'attempt',
  'traceId',
  'msg',
  'versionId',
  'apiKeyId',
  'sizeBytes',
  'durationMs',
  'leadTimeMs',
  'expiresAt',
  'outcome',
  'reason',
];

/**
 * The log that a handler gets for one attempt at an upload: three methods, and none of a logger's that change its lines. A field of the
 * handler's with one of the names that the line has itself goes below `fields`: JSON with a name twice is read as its last value
 * (ECMA-262, "JSON.parse"), and the line would lose its upload. So does one with a name that means the same in the lines of all services:
 * with `outcome` at the top, the line would pass for the end of the upload. What is no text or no object, from a handler in JavaScript, becomes a text.
 * Nothing that a handler logs throws: the line says what could not be read.
 */
export function createHandlerLog(
  log: Logger,
  attempt: Pick<HandlerWork, 'attempt' | 'traceId'> & { readonly uploadId: string },
): HandlerLog {
  const attemptLog = log.child(
    { logger: 'handler', ...attempt },
    {
      formatters: { log: withOwnNamesBelow },
      serializers: { err: (shown: unknown) => shown },
    },
  );
  const writer = (level: keyof HandlerLog) => (fields: unknown, message: unknown) => {
    const text = textOf(message);
    try {
      attemptLog[level](isObject(fields) ? shownFields(fields) : textOf(fields ?? undefined), text);
    } catch {
      attemptLog[level]({ fields: UNREADABLE }, text);
    }
  };
  return { info: writer('info'), warn: writer('warn'), error: writer('error') };
}

function textOf(message: unknown): string | undefined {
  if (message === undefined || typeof message === 'string') return message;
  try {
    return inspect(message, { depth: 0 });
  } catch {
    return UNREADABLE;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function withOwnNamesBelow(logged: object): Record<string, unknown> {
  const given = logged as Record<string, unknown>;
  const isOwn = (name: string) => OWN_NAMES.includes(name) && given[name] !== undefined;
  const names = Object.keys(given);
  if (!names.some(isOwn)) return given;
  const isBelow = (name: string) => isOwn(name) || name === 'fields';
  const pick = (picked: string[]) => Object.fromEntries(picked.map((name) => [name, given[name]]));
  return { ...pick(names.filter((name) => !isBelow(name))), fields: pick(names.filter(isBelow)) };
}
