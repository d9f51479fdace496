/** No line for a person is longer, and a line of JSON seldom is. */
const MAX_LINE_CHARACTERS = 65_536;
/** What the main thread is given at once. */
const MAX_PIECE_CHARACTERS = 65_536;

/**
 * What a handler prints at once, in pieces that the main thread writes in little time each. The pieces break between lines. A line that
 * is longer than 65,536 characters is cut, and says so.
 */
export function* printedPieces(text: string): Generator<string> {
  if (text.length <= MAX_PIECE_CHARACTERS) return yield text;
  let piece = '';
  for (let from = 0; from < text.length; ) {
    const lineFeed = text.indexOf('\n', from);
    const end = lineFeed === -1 ? text.length : lineFeed + 1;
    const line = boundedLine(text, from, end);
    if (piece !== '' && piece.length + line.length > MAX_PIECE_CHARACTERS) {
      yield piece;
      piece = '';
    }
    piece += line;
    from = end;
  }
  yield piece;
}

function boundedLine(text: string, from: number, end: number): string {
  if (end - from <= MAX_LINE_CHARACTERS) return text.slice(from, end);
  const lineFeed = text[end - 1] === '\n' ? '\n' : '';
  return `${text.slice(from, from + MAX_LINE_CHARACTERS)}[cut, of ${end - from - lineFeed.length} characters]${lineFeed}`;
}
