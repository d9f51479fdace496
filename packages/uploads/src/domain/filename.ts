import { hiddenCharacterIn } from '@upload-once/text/hidden-characters';
import type { Upload } from './upload.ts';

/** The entry of an object's metadata that has the name of the client's file. */
export const FILENAME_METADATA = 'filename';

/** As of most file systems. */
export const FILENAME_MAX_BYTES = 255;

/** Whether it is a name that a program can take for a file, and never for a path: 1 to 255 bytes of UTF-8 that show what they are. */
export function isFilename(name: string): boolean {
  return (
    name !== '' &&
    name.isWellFormed() &&
    Buffer.byteLength(name) <= FILENAME_MAX_BYTES &&
    !/[/\\]|^\.{1,2}$/.test(name) &&
    hiddenCharacterIn(name) === undefined
  );
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

/** The name that an object's metadata have; undefined: none, or no name of a file. Another program can have written the object. */
export function decodedFilename(encoded: string | undefined): string | undefined {
  try {
    const name = decodeURIComponent(encoded ?? '');
    return isFilename(name) ? name : undefined;
  } catch {
    return undefined;
  }
}

/** What the client calls its file: said with the request for the form, or signed with the file that came by a link. */
export function filenameOf({
  constraints,
  filename,
}: Pick<Upload, 'constraints' | 'filename'>): string | undefined {
  return constraints.filename ?? filename;
}
