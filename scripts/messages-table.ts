import { MESSAGES } from './command-messages.ts';
import { withGeneratedPart } from './generated-part.ts';

const BEGIN = '<!-- messages: made by `make docs` from scripts/command-messages.ts -->';
const END = '<!-- end of messages -->';

/** docs/messages.md with its table renewed. @throws Error when the document has no place for it */
export function withMessagesTable(document: string): string {
  const rows = Object.entries(MESSAGES).flatMap(([command, messages]) =>
    messages.map(([code, message]) => `| \`${command}\` | ${code} | ${message.replaceAll('|', '\\|')} |`),
  );
  const text = ['| Command | Exit code | Message |', '|---|---|---|', ...rows].join('\n');
  return withGeneratedPart(document, { begin: BEGIN, end: END, text });
}
