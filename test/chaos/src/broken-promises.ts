import { isDeepStrictEqual } from 'node:util';
import { acceptedKeyOf, ObservedKind } from '@upload-once/uploads';
import type { Content } from './content.ts';
import type { Outside } from './outside.ts';

/** What S3 took with one form. */
export interface Sent {
  readonly key: string;
  /** In the order in which S3 stored them: the first is *the* upload. None: the form was not used. */
  readonly versions: readonly { readonly versionId: string; readonly content: Content }[];
  /** The services' KEPT_DUPLICATES; undefined: more than were sent. */
  readonly keptDuplicates?: number | undefined;
  /** What it left in the bucket was looked at and removed: what is accepted may not come back. A late version may still come. */
  readonly isRemoved?: boolean;
}

/** More than come under one key. */
export const MOST_OBSERVED = 100;

/**
 * What of the promises does not hold for one upload whose work is over, a line each; an empty list when all hold. Read
 * from bucket and table, whatever the services say of themselves.
 */
export async function brokenPromisesOf(
  { uploads, versionsOf, read, reports }: Outside,
  { key, versions, keptDuplicates, isRemoved = false }: Sent,
): Promise<string[]> {
  const [first, ...others] = versions;
  const broken: string[] = [];
  const must = (isSo: boolean, what: string) => isSo || broken.push(what);

  const recorded = await uploads.getWithObservedVersions(key, MOST_OBSERVED);
  const { upload, observedVersions = [], tallies = [] } = recorded ?? {};
  const state = first ? 'PROCESSED' : 'ISSUED';
  must(upload?.state === state, `P3: ${key} is ${upload?.state}, not ${state}`);
  const claimed = upload?.claimed && asRecorded(upload.claimed);
  const oldest = first && asSent(first);
  must(claimed === oldest, `P1: of ${key} ${claimed} is claimed, not ${oldest}, the oldest`);

  const acceptedKey = acceptedKeyOf(key);
  const accepted = await versionsOf(acceptedKey);
  const { acceptedVersionId = 'none' } = upload ?? {};
  const onRecord = first && !isRemoved ? [acceptedVersionId] : [];
  must(
    isDeepStrictEqual(accepted, onRecord),
    `P1: ${acceptedKey} has the versions [${accepted}], not [${onRecord}]`,
  );
  if (first && accepted.includes(acceptedVersionId)) {
    const found = await read(acceptedKey, acceptedVersionId);
    const { sizeBytes, sha256, md5, contentType, metadata, tagging } = first.content;
    const expected: Content = { sizeBytes, sha256, md5, contentType, metadata, tagging };
    must(
      isDeepStrictEqual(found, expected),
      `P2: ${acceptedKey} is ${JSON.stringify(found)}, uploaded was ${JSON.stringify(expected)}`,
    );
  }

  const kept = others.filter(({ versionId }) =>
    observedVersions.some((observed) => observed.versionId === versionId),
  );
  const keptIds = kept.map(({ versionId }) => versionId);
  const keptCount = Math.min(keptDuplicates ?? others.length, others.length);
  must(
    kept.length === keptCount,
    `P4: of ${key} [${keptIds}] are on record, not ${keptCount} of ${others.length}`,
  );
  const left = await versionsOf(key);
  const mayBeLeft = isRemoved ? keptIds.filter((id) => left.includes(id)) : keptIds;
  must(
    isDeepStrictEqual(left, mayBeLeft),
    `P4: under ${key} the versions [${left}] are left, not [${mayBeLeft}]`,
  );
  const recordedAs = observedVersions.map(
    (observed) =>
      `${observed.kind}#${asRecorded(observed)} ${observed.reported ? 'reported' : 'not reported'}`,
  );
  const duplicates = kept.map((version) => `duplicate#${asSent(version)} reported`);
  must(
    isDeepStrictEqual(recordedAs.toSorted(), duplicates.toSorted()),
    `P4: of ${key} are on record [${recordedAs}], not [${duplicates}]`,
  );
  const { surplus = 0 } = tallies.find(({ kind }) => kind === ObservedKind.duplicate) ?? {};
  const beyond = others.length - keptCount;
  must(
    beyond === 0 ? surplus === 0 : surplus >= beyond,
    `P4: ${beyond} versions of ${key} are beyond those that are kept, ${surplus} were counted`,
  );
  for (const versionId of keptIds) {
    const id = `duplicate#${key}#${versionId}`;
    must((await reports()).has(id), `P4: no reader has the report ${id}`);
  }
  return broken;
}

function asRecorded({ versionId, eTag, sizeBytes }: { versionId: string; eTag: string; sizeBytes: number }) {
  return `${versionId} (${eTag}, ${sizeBytes} bytes)`;
}

function asSent({ versionId, content: { md5, sizeBytes } }: Sent['versions'][number]): string {
  return asRecorded({ versionId, eTag: md5, sizeBytes });
}
