import type { ServiceUnderFaults } from '../service-under-faults.ts';
import type { Account } from './account.ts';

/** What a service counts must be what the table holds, but where a worker dies between the record and its count. */
export interface Counters {
  readonly issued: number;
  readonly accepted: number;
  readonly acceptedBytes: number;
  readonly processed: number;
  readonly duplicates: number;
  readonly orphans: number;
  readonly failed: number;
  readonly retried: number;
}

export function sumCounters(services: readonly ServiceUnderFaults[]): Counters {
  const sum = (metric: string) => services.reduce((all, service) => all + service.total(metric), 0);
  return {
    issued: sum('UploadsIssued'),
    accepted: sum('UploadsAccepted'),
    acceptedBytes: sum('BytesAccepted'),
    processed: sum('UploadsProcessed'),
    duplicates: sum('DuplicateUploads'),
    orphans: sum('OrphanObjects'),
    failed: sum('ProcessingFailed'),
    retried: sum('MessagesRetried'),
  };
}

/**
 * The worker that records an acceptance or a processing counts it at most once: a crash in between can only leave a count out. A
 * duplicate is reported at least once: a crash can only repeat it. The issuer is never killed and counts every form.
 */
export function counterFindings(counters: Counters, forms: number, account: Account): string[] {
  const { processed, processedBytes, duplicates } = account;
  const findings: string[] = [];
  const must = (holds: boolean, what: string) => {
    if (!holds) findings.push(`P4: ${what}`);
  };
  must(counters.issued === forms, `${counters.issued} forms were counted, ${forms} given`);
  must(
    counters.accepted <= processed,
    `${counters.accepted} acceptances were counted, there are ${processed}`,
  );
  must(
    counters.acceptedBytes <= processedBytes,
    `${counters.acceptedBytes} bytes were counted as accepted, there are ${processedBytes}`,
  );
  must(
    counters.processed <= processed,
    `${counters.processed} uploads were counted as processed, there are ${processed}`,
  );
  must(
    counters.duplicates >= duplicates,
    `${counters.duplicates} duplicates were reported, there are ${duplicates}`,
  );
  must(counters.orphans === 0, `${counters.orphans} orphans were reported, there are none`);
  return findings;
}
