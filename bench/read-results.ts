import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConsumerResults } from './consumer/report.ts';
import type { IssuerResults } from './issuer/report.ts';
import type { UploadResults } from './uploads/results.ts';

/** What the benches wrote to a folder. */
export interface Results {
  readonly issuer: IssuerResults;
  readonly consumer: ConsumerResults;
  readonly uploads: UploadResults;
}

const COMMITTED = fileURLToPath(new URL('results', import.meta.url));

export function readResults(folder = COMMITTED): Results {
  const read = (name: keyof Results) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
  return { issuer: read('issuer'), consumer: read('consumer'), uploads: read('uploads') };
}
