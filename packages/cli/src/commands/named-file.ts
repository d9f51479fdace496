import { basename } from 'node:path';
import type { NewUploadOptions } from '@upload-once/client';
import { hiddenCharacterIn } from '@upload-once/text/hidden-characters';
import mime from 'mime';
import type { WantedTerms } from './wanted-options.ts';

/** As the API has it. */
const FILENAME_MAX_BYTES = 255;

/** What the path of a file says of it: its name, where the issuer takes it, and its content type, where that is to be guessed. */
export function termsOfName(
  file: string,
  { contentType, isTypeGuessed, metadata }: WantedTerms,
): Pick<NewUploadOptions, 'filename' | 'contentType'> {
  const name = basename(file);
  const isKept = isUsable(name) && !Object.hasOwn(metadata ?? {}, 'filename');
  const type = isTypeGuessed ? (mime.getType(name) ?? undefined) : contentType;
  return {
    ...(isKept && { filename: name }),
    ...(type !== undefined && { contentType: type }),
  };
}

function isUsable(name: string): boolean {
  return (
    name !== '' &&
    !name.includes('\\') &&
    Buffer.byteLength(name) <= FILENAME_MAX_BYTES &&
    hiddenCharacterIn(name) === undefined
  );
}
