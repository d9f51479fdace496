import { encodedFilename, FILENAME_METADATA } from '@upload-once/uploads';
import type { SignedTerms } from './signing-request.ts';

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
