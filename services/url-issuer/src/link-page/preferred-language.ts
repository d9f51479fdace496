/**
 * The language that an Accept-Language header prefers among those that there are (RFC 9110, 12.5.4): "de-AT" is served with "de". The
 * first of them where it prefers none.
 */
export function preferredLanguage<Language extends string>(
  header: string | undefined,
  languages: readonly [Language, ...Language[]],
): Language {
  const wanted = (header ?? '')
    .split(',')
    .map((part) => {
      const [range = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
      const quality = parameters.find((text) => text.startsWith('q='));
      return { language: range.split('-', 1)[0], quality: quality ? Number(quality.slice(2)) || 0 : 1 };
    })
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality);
  for (const { language } of wanted) {
    const found = languages.find((each) => each === language);
    if (found) return found;
  }
  return languages[0];
}
