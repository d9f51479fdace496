import { readFileSync } from 'node:fs';
import type { ConsumerResults } from './consumer/report.ts';
import type { IssuerResults } from './issuer/report.ts';
import type { UploadResults } from './uploads/results.ts';

/** What the benches wrote to their folder of results. */
export interface Results {
  readonly issuer: IssuerResults;
  readonly consumer: ConsumerResults;
  readonly uploads: UploadResults;
}

export const COMMITTED = new URL('results/', import.meta.url);

/** @param folder ends with a slash */
export function readResults(folder: URL = COMMITTED): Results {
  const read = (name: keyof Results) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
  return { issuer: read('issuer'), consumer: read('consumer'), uploads: read('uploads') };
}
