/** What stands between two marks in a document, and is made from the code. */
export interface GeneratedPart {
  readonly begin: string;
  readonly end: string;
  readonly text: string;
}

/** A document with that part renewed. @throws Error when the document has no place for it */
export function withGeneratedPart(document: string, part: GeneratedPart): string {
  const begin = document.indexOf(part.begin);
  const end = document.indexOf(part.end);
  if (begin < 0 || end < begin) throw new Error(`no place for it: ${part.begin} … ${part.end}`);
  return `${document.slice(0, begin + part.begin.length)}\n${part.text}\n${document.slice(end)}`;
}
