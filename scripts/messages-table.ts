import { MESSAGES } from './command-messages.ts';
import { withGeneratedPart } from './generated-part.ts';

const BEGIN = '<!-- messages: made by `make docs` from scripts/command-messages.ts -->';
const END = '<!-- end of messages -->';

/** packages/cli/MESSAGES.md with its lists renewed. @throws Error when the document has no place for it */
export function withMessagesTable(document: string): string {
  const parts = Object.entries(MESSAGES).flatMap(([command, messages]) => [
    `\n## ${command}`,
    ...[...Map.groupBy(messages, ([code]) => code)]
      .sort(([a], [b]) => a - b)
      .flatMap(([code, those]) => [`\nExit code ${code}:\n`, ...those.map(([, message]) => `- ${message}`)]),
  ]);
  return withGeneratedPart(document, { begin: BEGIN, end: END, text: `${parts.join('\n')}\n` });
}
