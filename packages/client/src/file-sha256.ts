import { createHash } from 'node:crypto';
import { openSource } from './upload-source.ts';

/** In hexadecimal digits. @throws FileUnusable, FileChanged */
export async function fileSha256(path: string): Promise<string> {
  const source = await openSource(path);
  try {
    const hash = createHash('sha256');
    for await (const bytes of source.read()) hash.update(bytes);
    return hash.digest('hex');
  } finally {
    await source.close();
  }
}
