import { S3Error } from '../s3-error.ts';

const MAX_LINE_BYTES = 16 * 1024;

/**
 * Unwraps `aws-chunked` without chunk signatures (Amazon S3 API Reference, "Signature calculations for the
 * authorization header: Including trailing headers"): gives the bytes, then puts what trails them into `trailers`,
 * names in lower case.
 *
 * @throws S3Error IncompleteBody, InvalidChunkSizeError, MalformedTrailerError (400)
 */
export async function* decodeAwsChunked(
  encoded: AsyncIterable<Uint8Array>,
  trailers: Map<string, string>,
): AsyncGenerator<Uint8Array, void> {
  const source = new LineSource(encoded);
  try {
    yield* chunks(source);
    await readTrailers(source, trailers);
  } finally {
    await source.end();
  }
}

async function* chunks(source: LineSource): AsyncGenerator<Uint8Array, void> {
  for (;;) {
    const size = (await source.line()).replace(/;.*$/, '');
    if (!/^[0-9a-fA-F]{1,12}$/.test(size)) {
      throw new S3Error('InvalidChunkSizeError', 400, `A chunk's size is not a number: ${size.slice(0, 64)}`);
    }
    const bytes = Number.parseInt(size, 16);
    if (bytes === 0) return;
    yield* source.bytes(bytes);
    if ((await source.line()) !== '') throw incompleteBody();
  }
}

async function readTrailers(source: LineSource, trailers: Map<string, string>): Promise<void> {
  for (let line = await source.lineOrEnd(); line !== ''; line = await source.lineOrEnd()) {
    const [, name, value] = /^([!-9;-~]+):(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new S3Error(
        'MalformedTrailerError',
        400,
        'The request contained trailing data that was not well-formed or did not conform to our published schema.',
      );
    }
    trailers.set(name.toLowerCase(), value.trim());
  }
}

export function incompleteBody(): S3Error {
  return new S3Error(
    'IncompleteBody',
    400,
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
  );
}

/** Lines and runs of bytes out of pieces that end anywhere. */
class LineSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #left: Buffer = Buffer.alloc(0);

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Lets go of the pieces, whether they have been read to their end or not. */
  async end(): Promise<void> {
    await this.#pieces.return?.();
  }

  /** Without its CRLF. */
  async line(): Promise<string> {
    const line = await this.#line();
    if (line === undefined) throw incompleteBody();
    return line;
  }

  /** The end of the bytes counts as an empty line. */
  async lineOrEnd(): Promise<string> {
    return (await this.#line()) ?? '';
  }

  async *bytes(count: number): AsyncGenerator<Uint8Array> {
    for (let wanted = count; wanted > 0; ) {
      if (this.#left.length === 0 && !(await this.#more())) throw incompleteBody();
      const piece = this.#left.subarray(0, wanted);
      this.#left = this.#left.subarray(piece.length);
      wanted -= piece.length;
      yield piece;
    }
  }

  async #line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#left.indexOf('\r\n');
      if (end !== -1) {
        const line = this.#left.subarray(0, end).toString('latin1');
        this.#left = this.#left.subarray(end + 2);
        return line;
      }
      if (this.#left.length > MAX_LINE_BYTES) throw incompleteBody();
      if (!(await this.#more())) return undefined;
    }
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#pieces.next();
    if (done === true) return false;
    this.#left = this.#left.length === 0 ? Buffer.from(value) : Buffer.concat([this.#left, value]);
    return true;
  }
}
