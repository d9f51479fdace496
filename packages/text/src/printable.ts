import { HIDDEN_CHARACTERS } from './hidden-characters.ts';

/** Text from elsewhere (file names, responses) as one line that can't steer the terminal: what hides or reorders text becomes `?`. */
export function printable(text: string): string {
  return text.replace(HIDDEN_CHARACTERS, '?');
}
