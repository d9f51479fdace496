import { createRandom } from '@upload-once/simulation/src/simulation/random.ts';
import type { AwsService } from '../proxy/aws-call.ts';
import { accountFor } from '../soak/account.ts';
import { counterFindings, sumCounters } from '../soak/counters.ts';
import { followWorkers } from '../soak/follow-workers.ts';
import { createLedger } from '../soak/ledger.ts';
import { startStackUnderSoak } from '../soak/stack-under-soak.ts';
import { createUploading } from '../soak/uploading.ts';
import { type OutageResult, runOutage } from './outage.ts';
import type { OutageKind } from './outage-kind.ts';

export interface OutageCase {
  readonly service: AwsService;
  readonly kind: OutageKind;
  readonly seconds: number;
}

export interface OutagesResult {
  readonly results: readonly OutageResult[];
  /** Of all cases together: what was lost, doubled or misrecorded, and who ended. */
  readonly findings: readonly string[];
  /** How many files were accounted for. */
  readonly files: number;
}

/** Runs these outages one after the other on one stack, lets it come to rest after each, and accounts for every upload at the end. */
export async function runOutages(options: {
  readonly cases: readonly OutageCase[];
  readonly seed: number;
  readonly logFolder: string;
  /** See `startProcess`. */
  readonly ownGroup?: boolean;
  readonly onResult?: (result: OutageResult) => void;
}): Promise<OutagesResult> {
  const { cases, seed, logFolder, ownGroup = false, onResult } = options;
  const random = createRandom(seed);
  const ledger = createLedger();
  const under = await startStackUnderSoak(logFolder, { withMortals: false, ownGroup });
  const services = [under.issuer, ...under.steadyWorkers];
  followWorkers(under.steadyWorkers, ledger);
  const uploading = createUploading({
    issuerUrl: under.issuerUrl,
    apiKey: under.stack.apiKey,
    seed,
    ledger,
    nowMs: () => performance.now(),
  });
  let number = 0;
  const nextNumber = () => ++number;

  try {
    const results: OutageResult[] = [];
    for (const each of cases) {
      const result = await runOutage({ ...each, under, uploading, ledger, random, nextNumber });
      results.push(result);
      onResult?.(result);
      if (!services.every(({ isRunning }) => isRunning)) break;
    }
    const account = await accountFor(ledger, under);
    const findings = [...account.findings];
    for (const service of services) {
      if (!service.isRunning) continue;
      const { code, signal } = await service.stop();
      if (code !== 0)
        findings.push(`P3: ${service.name} was stopped, and ended with ${signal ?? `exit code ${code}`}`);
    }
    // A stop writes what was gathered.
    findings.push(...counterFindings(sumCounters(services), ledger.entries.size, account));
    const files = [...ledger.entries.values()].reduce((sum, { posts }) => sum + posts.length, 0);
    return { results, findings, files };
  } finally {
    await under.stop();
  }
}
