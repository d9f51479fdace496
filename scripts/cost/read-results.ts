import { readFileSync } from 'node:fs';
import type { UploadResults } from '../../bench/uploads/results.ts';

/** What `make bench-uploads` has written, in `file` or as committed. @throws RangeError when it cannot be read */
export function readResults(file: string | URL = COMMITTED): UploadResults {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new RangeError(`RESULTS: ${file} cannot be read; \`make bench-uploads\` makes it`, {
      cause: error,
    });
  }
}

const COMMITTED = new URL('../../bench/results/uploads.json', import.meta.url);
