import { isDeepStrictEqual } from 'node:util';
import { acceptedKeyOf } from '@upload-once/uploads';
import type { Content } from './content.ts';
import type { Outside } from './outside.ts';

/** What was uploaded with one form. */
export interface Sent {
  readonly key: string;
  /** In the order in which S3 stored them: the first is *the* upload. */
  readonly versions: readonly { readonly versionId: string; readonly content: Content }[];
}

/**
 * What of the promises does not hold for one upload whose work is over, a line each; an empty list when all hold. Read
 * from bucket and table, whatever the services say of themselves.
 */
export async function brokenPromisesOf(
  { uploads, versionsOf, read }: Outside,
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

  const left = await versionsOf(key);
  const evidence = others.map(({ versionId }) => versionId);
  must(
    isDeepStrictEqual(left, evidence),
    `P4: under ${key} the versions [${left}] are left, not [${evidence}]`,
  );
  const sightings = (await uploads.listSightings(key)).map(
    ({ kind, versionId, reported }) => `${kind}#${versionId} ${reported ? 'reported' : 'not reported'}`,
  );
  const duplicates = evidence.map((versionId) => `duplicate#${versionId} reported`);
  must(
    isDeepStrictEqual(sightings.toSorted(), duplicates.toSorted()),
    `P4: of ${key} are on record [${sightings}], not [${duplicates}]`,
  );
  return broken;
}
