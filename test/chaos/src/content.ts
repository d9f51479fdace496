import { createHash } from 'node:crypto';

/** What is uploaded, and must be found again under accepted/ as it was. */
export interface Content {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Also S3's entity tag of an object that came in one piece. */
  readonly md5: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** As the header `x-amz-tagging` has it. */
  readonly tagging: string;
}

export interface ContentInMemory extends Content {
  readonly bytes: Uint8Array;
}

/** @param words what it is known by in its metadata and tags */
export function contentOf(bytes: Uint8Array, words: string): ContentInMemory {
  const hash = (algorithm: string) => createHash(algorithm).update(bytes).digest('hex');
  return {
    bytes,
    sizeBytes: bytes.length,
    sha256: hash('sha256'),
    md5: hash('md5'),
    contentType: 'application/x-of-a-test',
    metadata: { of: words },
    tagging: new URLSearchParams({ of: words, kind: 'a/b=c' }).toString(),
  };
}
