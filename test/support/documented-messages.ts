import { readFileSync } from 'node:fs';
import type { Test } from 'tap';

const docs = readFileSync(new URL('../../docs/client.md', import.meta.url), 'utf8');
const rows = [...docs.matchAll(/^\| `(\w+)` \| (\d+) \| `(.+?)` \| .* \| .*\|$/gm)].map(
  ([, command = '', code, message = '']) => ({
    command,
    code: Number(code),
    message,
    pattern: new RegExp(message.split('…').map(escaped).join('[^]*?')),
  }),
);

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** What the commands of a test file said, held to the table of docs/client.md at the file's end. */
export function watchMessages() {
  const said: { readonly command: string; readonly code: number; readonly text: string }[] = [];
  return {
    /** @param args as on the command line, the command first */
    record(args: readonly string[], { code, text }: { readonly code: number; readonly text: string }): void {
      said.push({ command: args[0] ?? '', code, text });
    },

    /** Every row of these commands was said in this file, and every end but success and wrong usage has its row. */
    assertDocumented(t: Test, ...commands: readonly string[]): void {
      for (const command of commands) {
        const own = rows.filter((row) => row.command === command);
        t.ok(own.length > 3, `${command} has its rows`);
        for (const { code, message, pattern } of own) {
          const isSaid = said.some(
            (one) => one.command === command && one.code === code && pattern.test(one.text),
          );
          t.ok(isSaid, `${command} says with exit code ${code}: ${message}`);
        }
      }
      for (const { command, code, text } of said) {
        if (code === 0 || code === 2 || !commands.includes(command)) continue;
        const isKnown = rows.some(
          (row) => row.command === command && row.code === code && row.pattern.test(text),
        );
        t.ok(isKnown, `docs/client.md has what ${command} says with exit code ${code}: ${text}`);
      }
    },
  };
}
