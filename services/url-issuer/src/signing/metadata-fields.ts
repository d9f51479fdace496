import type { SignedTerms } from './signing-request.ts';

/** The entry of the object's metadata that has the name of the client's file. */
export const FILENAME_METADATA = 'filename';

/** The object's metadata, as fields of a form or headers of a PUT. */
export function metadataFields({
  constraints,
  metadata,
}: Pick<SignedTerms, 'constraints' | 'metadata'>): Record<string, string> {
  const { filename } = constraints;
  const named = filename === undefined ? {} : { [FILENAME_METADATA]: encodedFilename(filename) };
  const entries = Object.entries({ ...metadata, ...named });
  return Object.fromEntries(entries.map(([name, value]) => [`x-amz-meta-${name}`, value]));
}

/**
 * A file's name for the object's metadata, which are ASCII: its UTF-8, percent-encoded, as `decodeURIComponent` reads it.
 *
 * RFC 2047, the other way, splits a name into words of 75 characters at most, and S3 uses it itself for metadata that it can't show (Amazon
 * S3 User Guide, "Working with object metadata"): a reader would not know whose encoding it has to undo.
 */
export function encodedFilename(filename: string): string {
  return encodeURIComponent(filename);
}
