import { createHash } from 'node:crypto';

/** What is uploaded, and must be found again under accepted/ as it was. */
export interface Content {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** As the header `x-amz-tagging` has it. */
  readonly tagging: string;
}

/** @param words what it is known by in its metadata and tags */
export function contentOf(bytes: Uint8Array, words: string): Content {
  return {
    bytes,
    sha256: sha256Of([bytes]),
    contentType: 'application/x-of-a-test',
    metadata: { of: words },
    tagging: new URLSearchParams({ of: words, kind: 'a/b=c' }).toString(),
  };
}

export function sha256Of(chunks: Iterable<Uint8Array>): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}
