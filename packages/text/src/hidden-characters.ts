/**
 * Characters that hide or reorder the text around them, or break its line (Unicode Standard Annex #44, "General Category Values" and
 * "Default_Ignorable_Code_Point"): controls, line and paragraph separators, format characters such as the marks of direction and
 * U+FEFF, tags, everything else that has no shape of its own, and what is no character at all.
 *
 * Three kinds are left out, without which words and signs could not be written: U+200C and U+200D (Persian, Hindi, emoji of several
 * parts) and variation selectors (emoji, Japanese names, Mongolian). They change the characters beside them, and nothing else.
 */
export const HIDDEN_CHARACTERS =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}[[\p{Cf}\p{Default_Ignorable_Code_Point}]--[\u200c\u200d\p{Variation_Selector}]]]/gv;

/** The first character of a text that is among them, as `U+202E`; undefined without one. */
export function hiddenCharacterIn(text: string): string | undefined {
  const [character] = text.match(HIDDEN_CHARACTERS) ?? [];
  const codePoint = character?.codePointAt(0);
  return codePoint === undefined ? undefined : `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** JSON that says the same, in which none of them stands as itself. */
export function withoutHiddenCharacters(json: string): string {
  return json.replace(HIDDEN_CHARACTERS, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
