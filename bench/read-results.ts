import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FloodResults, GrowthResults, LargeResults } from './acceptor/report.ts';
import type { CallResults } from './calls/report.ts';
import type { SmallFilesResults } from './client/report.ts';
import type { ConsumerResults } from './consumer/report.ts';
import type { CountedIssuerResults, HalfPeakResults, IssuerResults } from './issuer/report.ts';
import type { StartUpResults } from './start-up/report.ts';
import type { TraceResults, UnsampledResults } from './traces/report.ts';
import type { UploadResults } from './uploads/results.ts';

/** What `make bench-check` measures again. */
export interface CheckedResults {
  readonly issuer: CountedIssuerResults;
  readonly consumer: ConsumerResults;
  readonly uploads: UploadResults;
  readonly 'start-up': StartUpResults;
  readonly unsampled: UnsampledResults;
}

/** What the benches wrote, by the name of the file. */
export interface Results extends CheckedResults {
  readonly 'issuer-idempotency': IssuerResults;
  readonly 'issuer-half-peak': HalfPeakResults;
  readonly peers: IssuerResults;
  readonly calls: CallResults;
  readonly flood: FloodResults;
  readonly large: LargeResults;
  readonly growth: GrowthResults;
  readonly traces: TraceResults;
  readonly 'client-small-files': SmallFilesResults;
}

const COMMITTED = fileURLToPath(new URL('results', import.meta.url));

export function readCheckedResults(folder = COMMITTED): CheckedResults {
  return {
    issuer: read(folder, 'issuer'),
    consumer: read(folder, 'consumer'),
    uploads: read(folder, 'uploads'),
    'start-up': read(folder, 'start-up'),
    unsampled: read(folder, 'unsampled'),
  };
}

export function readResults(): Results {
  return {
    ...readCheckedResults(),
    'issuer-idempotency': read(COMMITTED, 'issuer-idempotency'),
    'issuer-half-peak': read(COMMITTED, 'issuer-half-peak'),
    peers: read(COMMITTED, 'peers'),
    calls: read(COMMITTED, 'calls'),
    flood: read(COMMITTED, 'flood'),
    large: read(COMMITTED, 'large'),
    growth: read(COMMITTED, 'growth'),
    traces: read(COMMITTED, 'traces'),
    'client-small-files': read(COMMITTED, 'client-small-files'),
  };
}

function read<Name extends keyof Results>(folder: string, name: Name): Results[Name] {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
}
