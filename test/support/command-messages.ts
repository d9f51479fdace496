import type { Test } from 'tap';
import { MESSAGES } from '../../scripts/command-messages.ts';

/** Matches `message`, with any text for each `…`. */
function messagePattern(message: string): RegExp {
  const escaped = message.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(escaped.join('[^]*?'));
}

const rows = Object.entries(MESSAGES).flatMap(([command, messages]) =>
  messages.map(([code, message]) => ({ command, code, message, pattern: messagePattern(message) })),
);

/** The messages of `command` that fit what it said. */
export function messagesIn(command: string, code: number, text: string): string[] {
  return rows
    .filter((row) => row.command === command && row.code === code && row.pattern.test(text))
    .map(({ message }) => message);
}

/** What the commands of a test file said, held to `MESSAGES` at the file's end. */
export function watchMessages() {
  const said: { readonly command: string; readonly code: number; readonly text: string }[] = [];
  return {
    /** @param args as on the command line, the command first */
    record(args: readonly string[], { code, text }: { readonly code: number; readonly text: string }): void {
      said.push({ command: args[0] ?? '', code, text });
    },

    /** Every message of these commands was said in this file, and every end but success and wrong usage has its message. */
    assertKnown(t: Test, ...commands: readonly string[]): void {
      for (const command of commands) {
        for (const { code, message, pattern } of rows.filter((row) => row.command === command)) {
          const isSaid = said.some(
            (one) => one.command === command && one.code === code && pattern.test(one.text),
          );
          t.ok(isSaid, `${command} says with exit code ${code}: ${message}`);
        }
      }
      for (const { command, code, text } of said) {
        if (code === 0 || code === 2 || !commands.includes(command)) continue;
        t.not(messagesIn(command, code, text).length, 0, `${command}, exit code ${code}: ${text}`);
      }
    },
  };
}
