import type { ObjectVersion, Upload } from '@upload-once/uploads';
import { brokenPromisesOf, MOST_OBSERVED, type Sent } from '../broken-promises.ts';
import type { Content } from '../content.ts';
import type { Outside } from '../outside.ts';
import { type Entry, type Post, PostOutcome } from './ledger.ts';

/** What became of one form. */
export interface Judged {
  /** What does not hold, a line each. */
  readonly findings: readonly string[];
  readonly sent: Sent;
  readonly upload: Upload | undefined;
  /** How many are on record. */
  readonly duplicates: number;
}

/** Holds one upload whose work is over to its promises, by what its client was told, and to what handlers said of it. */
export async function judge(entry: Entry, outside: Outside): Promise<Judged> {
  const recorded = await outside.uploads.getWithObservedVersions(entry.key, MOST_OBSERVED);
  const { upload, observedVersions = [] } = recorded ?? {};
  const sent = sentOf(entry, [...(upload?.claimed ? [upload.claimed] : []), ...observedVersions]);
  const findings = await brokenPromisesOf(outside, sent);
  findings.push(...handlerFindings(entry, upload, sent.versions[0]?.content));
  return { findings, sent, upload, duplicates: observedVersions.length };
}

/**
 * What S3 took of these POSTs, whatever the services have made of it: all that S3 confirmed, and of those whose outcome the client
 * does not know the ones whose bytes are on record. The oldest is first: that which was confirmed before another began, otherwise
 * that which has the earlier time on record, or else the one that is recorded first.
 */
function sentOf({ key, posts, isRemoved }: Entry, recorded: readonly ObjectVersion[]): Sent {
  const versions = posts.flatMap((post) => {
    const at = recorded.findIndex((version) => isOf(post, version));
    const versionId = post.versionId ?? recorded[at]?.versionId;
    const storedAtMs = recorded[at]?.storedAt.getTime() ?? Number.POSITIVE_INFINITY;
    return versionId === undefined ? [] : [{ versionId, content: post, storedAtMs, at }];
  });
  versions.sort((one, other) => {
    if (isBefore(one.content, other.content)) return -1;
    if (isBefore(other.content, one.content)) return 1;
    return one.storedAtMs === other.storedAtMs ? one.at - other.at : one.storedAtMs - other.storedAtMs;
  });
  return { key, versions, isRemoved };
}

function isOf({ versionId, outcome, md5, sizeBytes }: Post, version: ObjectVersion): boolean {
  if (versionId !== undefined) return version.versionId === versionId;
  return outcome === PostOutcome.unknown && version.eTag === md5 && version.sizeBytes === sizeBytes;
}

function isBefore(one: Post, other: Post): boolean {
  return one.outcome === PostOutcome.stored && one.endedAtMs < other.beganAtMs;
}

function handlerFindings({ key, runs }: Entry, upload: Upload | undefined, content?: Content): string[] {
  const findings: string[] = [];
  if (content && runs.length === 0) findings.push(`P3: ${key}: no handler has finished`);
  for (const { attempt, sha256 } of runs) {
    if (sha256 !== content?.sha256)
      findings.push(`P2: ${key}: attempt ${attempt} was handed bytes with SHA-256 ${sha256}`);
    if (attempt > (upload?.attempt ?? 0))
      findings.push(`P3: ${key}: attempt ${attempt} was made, ${upload?.attempt} are on record`);
  }
  if (new Set(runs.map(({ attempt }) => attempt)).size < runs.length)
    findings.push(`P3: ${key}: two handlers finished in the same attempt`);
  return findings;
}
