import { withoutHiddenCharacters } from '@upload-once/text/hidden-characters';
import { type Logger as PinoLogger, pino } from 'pino';
import { boundedData } from './bounded-data.ts';
import type { Output } from './output.ts';
import { lineMayHoldSecret } from './redaction.ts';
import { shownError } from './shown-error.ts';

export type Logger = PinoLogger;

/** What one line may have. A line for a person is far shorter; CloudWatch Logs takes 1 MiB for an event. */
const MAX_LINE_CHARACTERS = 65_536;
const MAX_LINE_VALUES = 4_000;
/** A line that is no longer, and has nothing that could be a secret, is written as it is: its names and depth need no bound of their own. */
const MAX_PLAIN_LINE_CHARACTERS = 1_000;
/** In the JSON of a Buffer, whose bytes are shown as their number. */
const BUFFER = '"Buffer"';
/** pino's number of that level. */
const FATAL = 60;

/**
 * A logger that writes one JSON object a line and never a secret, from the first line on. Characters that hide or reorder text are
 * escaped: keys of objects can have any, whatever their source.
 *
 * Redaction works on each finished line, after serializers, child bindings and message formatting, so that there is no
 * path around it: not a header at an unexpected depth, not a presigned URL inside an error's message or stack.
 *
 * A line is bounded, and says what was cut; its message comes first. An error (`err`) is bounded before anything is made of it: one with
 * a Buffer of a megabyte would keep a thread busy for seconds.
 *
 * @param options.service the dimension Service of the metrics, and `service` in every line
 * @param options.level the least important level that is written
 * @param options.destination where lines go; one of level `fatal` is to be kept
 */
export function createLogger(options: {
  service: string;
  level: string;
  destination: Pick<Output, 'write'>;
}): Logger {
  const { destination } = options;
  const stream = {
    [pino.symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    write: (line: string) => destination.write(line, stream.lastLevel >= FATAL),
  };
  return pino(
    {
      level: options.level,
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: shownError },
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: redactLine },
    },
    stream,
  );
}

function redactLine(line: string): string {
  if (line.length <= MAX_PLAIN_LINE_CHARACTERS && !lineMayHoldSecret(line) && !line.includes(BUFFER))
    return withoutHiddenCharacters(line.slice(0, -1)) + line.slice(-1);
  const { msg, ...fields } = JSON.parse(line);
  const budget = { characters: MAX_LINE_CHARACTERS, values: MAX_LINE_VALUES };
  const message = boundedData(msg, budget);
  const shown = boundedData(fields, budget) as object;
  return `${withoutHiddenCharacters(JSON.stringify({ ...shown, msg: message }))}\n`;
}
