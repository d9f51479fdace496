import { withoutHiddenCharacters } from '@upload-once/text/hidden-characters';
import { type Logger as PinoLogger, pino } from 'pino';
import { redactData } from './redaction.ts';

export type Logger = PinoLogger;

/**
 * A logger that writes one JSON object a line and never a secret, from the first line on. Characters that hide or reorder text are
 * escaped: keys of objects can have any, whoever made them.
 *
 * Redaction works on each finished line, after serializers, child bindings and message formatting, so that there is no
 * path around it: not a header at a depth nobody thought of, not a presigned URL inside an error's message or stack.
 *
 * @param options.service the dimension Service of the metrics, and `service` in every line
 * @param options.level the least important level that is written
 * @param options.destination where lines go; standard output, written synchronously, when left out
 */
export function createLogger(options: {
  service: string;
  level: string;
  destination?: { write(line: string): void };
}): Logger {
  return pino(
    {
      level: options.level,
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: redactLine },
    },
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
}

function redactLine(line: string): string {
  return `${withoutHiddenCharacters(JSON.stringify(redactData(JSON.parse(line))))}\n`;
}
