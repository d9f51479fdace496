import { inspect } from 'node:util';
import type { Logger } from '@upload-once/runtime';
import type { HandlerLog } from './handler.ts';
import type { HandlerWork } from './handler-runner.ts';

/** Names that each line has itself. */
const OWN_NAMES: readonly string[] = ['level', 'time', 'service', 'id', 'attempt', 'traceId', 'msg'];

/**
 * The log that a handler gets for one attempt at an upload: three methods, and none of a logger's that change its lines. A field of the
 * handler's with one of the names that the line has itself goes below `fields`: JSON with a name twice is read as its last value
 * (ECMA-262, "JSON.parse"), and the line would lose its upload. A message that is no text, from a handler in JavaScript, becomes one.
 */
export function createHandlerLog(
  log: Logger,
  attempt: Pick<HandlerWork, 'attempt' | 'traceId'> & { readonly id: string },
): HandlerLog {
  const attemptLog = log.child(attempt, { formatters: { log: withOwnNamesBelow } });
  const writer = (level: keyof HandlerLog) => (fields: object, message: string | undefined) =>
    attemptLog[level](fields, textOf(message));
  return { info: writer('info'), warn: writer('warn'), error: writer('error') };
}

function textOf(message: unknown): string | undefined {
  return message === undefined || typeof message === 'string' ? message : inspect(message, { depth: 0 });
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
