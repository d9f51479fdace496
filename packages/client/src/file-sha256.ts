import { createHash } from 'node:crypto';
import { openSource } from './upload-source.ts';

/** In hexadecimal digits. @throws FileUnusable, FileChanged, the signal's reason */
export async function fileSha256(path: string, signal?: AbortSignal): Promise<string> {
  const source = await openSource(path);
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
