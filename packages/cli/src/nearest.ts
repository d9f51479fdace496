import { closest, distance } from 'fastest-levenshtein';

/** A slip of the finger, or two: a word of another length or with other letters is meant. */
const SLIPS = 2;
/** The beginning of a word tells which is meant from so many letters on. */
const BEGINNING_LETTERS = 4;

/** The known word that was probably meant, where there is one; two letters in the wrong order are two slips. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const [begun, ...others] = known.filter((word) => word.startsWith(given));
  if (begun && others.length === 0 && given.length >= BEGINNING_LETTERS) return begun;
  const word = closest(given, known);
  const slips = distance(given, word);
  const isNear = slips < word.length / 2 || lettersOf(given) === lettersOf(word);
  return slips <= SLIPS && isNear ? word : undefined;
}

const lettersOf = (word: string) => [...word].sort().join('');

/** `; did you mean "list"?`, or nothing. */
export function suggestion(given: string, known: readonly string[]): string {
  const word = nearest(given, known);
  return word === undefined ? '' : `; did you mean ${JSON.stringify(word)}?`;
}
