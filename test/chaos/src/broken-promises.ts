import { isDeepStrictEqual } from 'node:util';
import { acceptedKeyOf, ObservedKind } from '@upload-once/uploads';
import type { Content } from './content.ts';
import type { Outside } from './outside.ts';

/** What was uploaded with one form. */
export interface Sent {
  readonly key: string;
  /** In the order in which S3 stored them: the first is *the* upload. */
  readonly versions: readonly { readonly versionId: string; readonly content: Content }[];
  /** The services' KEPT_DUPLICATES; undefined: more than were sent. */
  readonly keptDuplicates?: number | undefined;
}

/**
 * What of the promises does not hold for one upload whose work is over, a line each; an empty list when all hold. Read
 * from bucket and table, whatever the services say of themselves.
 */
export async function brokenPromisesOf(
  { uploads, versionsOf, read, reports }: Outside,
  sent: Sent,
): Promise<string[]> {
  const { key } = sent;
  const [first, ...others] = sent.versions;
  if (!first) throw new Error(`${key}: nothing was uploaded`);
  const broken: string[] = [];
  const must = (isSo: boolean, what: string) => isSo || broken.push(what);

  const upload = await uploads.get(key);
  must(upload?.state === 'PROCESSED', `P3: ${key} is ${upload?.state}, not PROCESSED`);
  must(
    upload?.claimed?.versionId === first.versionId,
    `P1: of ${key} ${upload?.claimed?.versionId} is claimed, not ${first.versionId}, the oldest`,
  );

  const acceptedKey = acceptedKeyOf(key);
  const accepted = await versionsOf(acceptedKey);
  const recorded = [upload?.acceptedVersionId ?? 'none'];
  must(
    isDeepStrictEqual(accepted, recorded),
    `P1: ${acceptedKey} has the versions [${accepted}], on record is ${recorded}`,
  );
  for (const versionId of accepted) {
    const { bytes: _, ...expected } = first.content;
    const found = await read(acceptedKey, versionId);
    must(
      isDeepStrictEqual({ ...found, metadata: { ...found.metadata } }, expected),
      `P2: ${acceptedKey} is ${JSON.stringify(found)}, uploaded was ${JSON.stringify(expected)}`,
    );
  }

  const observedVersions = await uploads.listObservedVersions(key);
  const kept = others
    .map(({ versionId }) => versionId)
    .filter((id) => observedVersions.some(({ versionId }) => versionId === id));
  const keptCount = Math.min(sent.keptDuplicates ?? others.length, others.length);
  must(
    kept.length === keptCount,
    `P4: of ${key} [${kept}] are on record, not ${keptCount} of ${others.length}`,
  );
  const left = await versionsOf(key);
  must(isDeepStrictEqual(left, kept), `P4: under ${key} the versions [${left}] are left, not [${kept}]`);
  const recordedAs = observedVersions.map(
    ({ kind, versionId, reported }) => `${kind}#${versionId} ${reported ? 'reported' : 'not reported'}`,
  );
  const duplicates = kept.map((versionId) => `duplicate#${versionId} reported`);
  must(
    isDeepStrictEqual(recordedAs.toSorted(), duplicates.toSorted()),
    `P4: of ${key} are on record [${recordedAs}], not [${duplicates}]`,
  );
  const { surplus = 0 } = (await uploads.getTally(key, ObservedKind.duplicate)) ?? {};
  const beyond = others.length - keptCount;
  must(
    beyond === 0 ? surplus === 0 : surplus >= beyond,
    `P4: ${beyond} versions of ${key} are beyond those that are kept, ${surplus} were counted`,
  );
  const sentReports = await reports();
  for (const versionId of kept) {
    const id = `duplicate#${key}#${versionId}`;
    must(sentReports.has(id), `P4: no reader has the report ${id}`);
  }
  return broken;
}
