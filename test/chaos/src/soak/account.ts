import { ACCEPTED_PREFIX, UploadState, uploadKeyOfAccepted } from '@upload-once/uploads';
import { operatorAudit } from '../operator-audit.ts';
import { judge } from './judge.ts';
import type { Ledger } from './ledger.ts';
import type { StackUnderSoak } from './stack-under-soak.ts';

const AT_ONCE = 16;

/** What was counted; its findings are empty where every upload is accounted for. */
export interface Account {
  readonly findings: readonly string[];
  readonly processed: number;
  readonly processedBytes: number;
  readonly duplicates: number;
  /** Forms with which nothing was stored. */
  readonly unused: number;
}

/** Judges each form of the ledger when everything is at rest, looks for what no form accounts for, and asks the operator's audit. */
export async function accountFor(
  ledger: Ledger,
  { outside, stack }: Pick<StackUnderSoak, 'outside'> & { stack: Parameters<typeof operatorAudit>[0] },
): Promise<Account> {
  const findings: string[] = [];
  let processed = 0;
  let processedBytes = 0;
  let duplicates = 0;
  let unused = 0;

  const entries = ledger.entries.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const entry of entries) {
        const { upload, ...judged } = await judge(entry, outside);
        findings.push(...judged.findings);
        duplicates += judged.duplicates;
        if (upload?.state === UploadState.processed) processed += 1;
        processedBytes += upload?.claimed?.sizeBytes ?? 0;
        if (!upload?.claimed) unused += 1;
      }
    }),
  );
  for await (const { key, versionId } of outside.objects()) {
    const uploadKey = key.startsWith(ACCEPTED_PREFIX) ? uploadKeyOfAccepted(key) : key;
    if (!ledger.entries.has(uploadKey))
      findings.push(`P5: ${key}: version ${versionId} belongs to no upload`);
  }
  for await (const record of outside.records()) {
    // The response with its form was lost: no client can have used it.
    if ('upload' in record && record.upload.state === UploadState.issued) continue;
    const { key } = Object.values(record)[0];
    if (!ledger.entries.has(key)) findings.push(`P5: ${key}: no client got a form for what is on record`);
  }
  findings.push(...(await operatorAudit(stack)));
  return { findings, processed, processedBytes, duplicates, unused };
}
