import { createHash } from 'node:crypto';
import { openSource } from './upload-source.ts';

/**
 * Of the file at a path, or of a Blob, in hexadecimal digits.
 * @throws FileUnusable, FileChanged, the signal's reason
 */
export async function fileSha256(file: string | Blob, signal?: AbortSignal): Promise<string> {
  const source = await openSource(typeof file === 'string' ? file : { blob: file, name: 'the file' });
  try {
    const hash = createHash('sha256');
    for await (const bytes of source.read()) {
      signal?.throwIfAborted();
      hash.update(bytes);
    }
    return hash.digest('hex');
  } finally {
    await source.close();
  }
}
