import { closest, distance } from 'fastest-levenshtein';

/** A slip of the finger, or two: a word of another length or with other letters is meant. */
const SLIPS = 2;

/** The known word that was probably meant, where there is one; two letters in the wrong order are two slips. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const word = closest(given, known);
  const slips = distance(given, word);
  return slips <= SLIPS && slips < word.length / 2 ? word : undefined;
}

/** `; did you mean "list"?`, or nothing. */
export function suggestion(given: string, known: readonly string[]): string {
  const word = nearest(given, known);
  return word === undefined ? '' : `; did you mean ${JSON.stringify(word)}?`;
}
