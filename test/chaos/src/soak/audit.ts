import { paginateScan } from '@aws-sdk/client-dynamodb';
import { ListObjectVersionsCommand, type ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3';
import { ACCEPTED_PREFIX, UPLOADS_PREFIX, UploadState, uploadKeyOfAccepted } from '@upload-once/uploads';
import { takeReports } from '../take-reports.ts';
import { findingsOf } from './findings.ts';
import type { Ledger } from './ledger.ts';
import { hashAccepted, lookUp } from './look.ts';
import type { StackUnderSoak } from './stack-under-soak.ts';

/** Table and bucket, their names, and ways to them on which nothing is faulty. */
export type Audited = Pick<StackUnderSoak, 'cloud' | 's3' | 'sqs' | 'dynamoDb'> & {
  readonly stack: Pick<StackUnderSoak['stack'], 'bucket' | 'tables' | 'queues'>;
};

const AT_ONCE = 16;

/** What the audit counted; its findings are empty where every upload is accounted for. */
export interface Audit {
  readonly findings: readonly string[];
  readonly processed: number;
  readonly processedBytes: number;
  readonly duplicates: number;
  /** Forms with which nothing was stored. */
  readonly unused: number;
}

/** Goes through ledger, table and bucket once everything has come to rest: each of them has what the others have, and nothing else. */
export async function audit(ledger: Ledger, under: Audited): Promise<Audit> {
  const findings: string[] = [];
  let processed = 0;
  let processedBytes = 0;
  let duplicates = 0;
  let unused = 0;

  const reports = new Set(await takeReports(under.sqs, under.stack.queues.uploadReports));
  const entries = ledger.entries.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const entry of entries) {
        const found = await lookUp(entry, under.cloud);
        const { claimed, acceptedVersionId, state } = found.upload ?? {};
        if (acceptedVersionId && !entry.isEvicted)
          entry.acceptedSha256 = await hashAccepted(entry, acceptedVersionId, under.cloud);
        findings.push(...findingsOf(entry, found));
        for (const { key, kind, versionId } of found.observedVersions) {
          const id = `${kind}#${key}#${versionId}`;
          if (!reports.has(id)) findings.push(`P4: ${key}: no reader has the report ${id}`);
        }
        duplicates += found.observedVersions.length;
        if (state === UploadState.processed) processed += 1;
        processedBytes += claimed?.sizeBytes ?? 0;
        if (!claimed) unused += 1;
      }
    }),
  );
  findings.push(...(await unknownItems(ledger, under)), ...(await unknownObjects(ledger, under)));
  return { findings, processed, processedBytes, duplicates, unused };
}

/** If no client got the form of an item, no client can have uploaded with it: the item is ISSUED, and its response was lost. */
async function unknownItems(ledger: Ledger, { dynamoDb, stack }: Audited): Promise<string[]> {
  const findings: string[] = [];
  const scan = paginateScan(
    { client: dynamoDb },
    {
      TableName: stack.tables.uploads,
      ConsistentRead: true,
      ProjectionExpression: 'FullFilename, #item, #state',
      ExpressionAttributeNames: { '#item': 'item', '#state': 'state' },
    },
  );
  for await (const { Items = [] } of scan) {
    for (const { FullFilename, item, state } of Items) {
      const key = FullFilename?.S ?? '';
      if (ledger.entries.has(key) || state?.S === UploadState.issued) continue;
      findings.push(`P5: ${key}: ${item?.S} is on record, for which no client got a form`);
    }
  }
  return findings;
}

async function unknownObjects(ledger: Ledger, { s3, stack }: Audited): Promise<string[]> {
  const findings: string[] = [];
  let markers: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | undefined = {};
  while (markers) {
    const page: ListObjectVersionsCommandOutput = await s3.send(
      new ListObjectVersionsCommand({ Bucket: stack.bucket, ...markers }),
    );
    for (const { Key = '', VersionId } of page.Versions ?? []) {
      const key = Key.startsWith(ACCEPTED_PREFIX) ? uploadKeyOfAccepted(Key) : Key;
      const isKnown = ledger.entries.has(key) && (Key === key ? Key.startsWith(UPLOADS_PREFIX) : true);
      if (!isKnown) findings.push(`P5: ${Key}: version ${VersionId} belongs to no upload`);
    }
    for (const { Key, VersionId } of page.DeleteMarkers ?? []) {
      findings.push(`P2: ${Key}: the delete marker ${VersionId} hides it`);
    }
    markers = page.IsTruncated
      ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
      : undefined;
  }
  return findings;
}
