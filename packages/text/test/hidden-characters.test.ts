import t from 'tap';
import { hiddenCharacterIn, withoutHiddenCharacters } from '../src/hidden-characters.ts';

const HIDDEN: Record<string, string> = {
  'a line feed': '\n',
  'a control of ISO 8859': '\u0085',
  'a line separator': '\u2028',
  'a paragraph separator': '\u2029',
  'a left-to-right mark': '\u200e',
  'a right-to-left mark': '\u200f',
  'an Arabic letter mark': '\u061c',
  'an override of direction': '\u202e',
  'an isolate of direction': '\u2066',
  'the end of an isolate': '\u2069',
  'a byte order mark': '\ufeff',
  'a zero width space': '\u200b',
  'a word joiner': '\u2060',
  'a soft hyphen': '\u00ad',
  'a filler of Hangul': '\u3164',
  'a tag': '\u{e0041}',
  'half a character': '\ud800',
  'no character': '\ufffe',
  'no character beyond 16 bits': '\u{1ffff}',
};

const VISIBLE = [
  'Zähler 1+1',
  'می\u200cخواهم',
  'क्\u200dष',
  '👨\u200d👩\u200d👧',
  '❤\ufe0f',
  '葛\u{e0100}',
  '\u00a0',
  '\u3000',
  'עברית',
];

t.test('what hides or reorders text is found, and named', async (t) => {
  for (const [what, character] of Object.entries(HIDDEN)) {
    const codePoint = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
    t.equal(hiddenCharacterIn(`a${character}b\u202d`), `U+${codePoint}`, what);
    const json = JSON.stringify({ text: `a${character}b` });
    const escaped = withoutHiddenCharacters(json);
    t.equal(hiddenCharacterIn(escaped), undefined, what);
    t.strictSame(JSON.parse(escaped), JSON.parse(json), `${what}: says the same`);
  }
});

t.test('what text needs is not', async (t) => {
  for (const text of VISIBLE) {
    t.equal(hiddenCharacterIn(text), undefined, text);
    t.equal(withoutHiddenCharacters(text), text);
  }
});
