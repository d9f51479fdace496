import { isDeepStrictEqual } from 'node:util';
import { parseS3Event } from '@upload-once/queue';
import {
  ACCEPTED_PREFIX,
  acceptedKeyOf,
  milestoneOf,
  reportIdOf,
  UploadEventType,
} from '@upload-once/uploads';
import { type KeyFacts, observedKind, observedName, tallyOf, theUpload } from './facts.ts';
import type { Harness } from './harness.ts';
import { isSame } from './user-handler.ts';

/** What is counted once for an upload, by the call that records it. */
const OF_ACCEPTANCE = ['UploadsAccepted', 'BytesAccepted', 'AcceptTime'];
const OF_PROCESSING = ['UploadsProcessed', 'LeadTime'];

/** Runs without faults until nothing is left to do, redrives the dead letters once, and verifies the result. */
export async function settleAndVerify(harness: Harness): Promise<void> {
  harness.outcomes.clear();
  harness.handlerPlans.length = 0;
  harness.copyEvents.length = 0;
  harness.takers.length = 0;
  await harness.time.passUntilQuiet();
  await harness.clearWays();
  // The acceptor's first: what the processor's wait for may be among them.
  await redrive(harness, 'acceptor');
  // Of an upload that was claimed only now, what is in its way shows now.
  if (await harness.clearWays()) await redrive(harness, 'acceptor');
  await redrive(harness, 'processor');
  for (const [service, { deadBodies }] of Object.entries(harness.queues)) {
    const unexpected = deadBodies.filter((body) => !isOfUnclaimed(harness, body));
    harness.rules.must(
      unexpected.length === 0,
      'P3',
      `the ${service}'s queue has dead letters again: ${unexpected}`,
    );
  }
  for (const key of harness.facts.all.values()) {
    await verifyUpload(harness, key);
    await verifyObservedVersions(harness, key);
  }
  if (harness.rules.broken) throw harness.rules.broken;
}

async function redrive(harness: Harness, service: 'acceptor' | 'processor'): Promise<void> {
  harness.queues[service].redrive();
  await harness.time.passUntilQuiet();
}

/**
 * Whether a dead letter is about a copy that another principal made for an upload that was never claimed, or about a version that another
 * principal has removed before a claim: it stays, with an alarm. All other events in the message have been handled; this is verified
 * with their uploads.
 */
function isOfUnclaimed({ facts }: Harness, body: string): boolean {
  try {
    return parseS3Event(body).some(({ key, versionId }) => {
      const about = facts.of(key);
      const isGone = about.removedByOthers.has(versionId) && about.versions.length === 0;
      return (about.everForeign.has(versionId) || isGone) && about.item?.state === 'ISSUED';
    });
  } catch {
    return false;
  }
}

async function verifyUpload({ uploads, objects, rules }: Harness, key: KeyFacts): Promise<void> {
  const item = await uploads.get(key.key);
  const expected = theUpload(key);
  const left = (await objects.listVersions(key.key)).map(({ versionId }) => versionId);
  // After a PUT it stays where the process that remembered it has ended.
  const isRemoved =
    expected !== undefined && (key.issued?.method === 'post' || !left.includes(expected.versionId));
  const evidence = key.versions
    .map(({ versionId }) => versionId)
    .slice(isRemoved ? 1 : 0)
    .filter((versionId) => !key.removed.has(versionId));
  rules.must(
    isDeepStrictEqual(left, evidence),
    'P4',
    `${key.key}: versions ${left} are left, not ${evidence}`,
  );
  if (!key.issued) return rules.must(item === undefined, 'P5', `${key.key}: an orphan is ${item?.state}`);

  const acceptedKey = acceptedKeyOf(key.key);
  for (const [versionId, planted] of key.foreign) {
    const object = await objects.open(acceptedKey, versionId);
    const bytes = object && Buffer.concat(await object.body.toArray());
    const isThere = object !== undefined && bytes !== undefined && isSame(bytes, object, planted);
    rules.must(isThere, 'P2', `${acceptedKey}: ${versionId} was put there, and is not there any more`);
  }
  const accepted = (await objects.listVersions(acceptedKey)).map(({ versionId }) => versionId);
  if (!expected) {
    const isUntouched = item?.state === 'ISSUED' || item?.state === 'REVOKED';
    rules.must(isUntouched, 'P5', `${key.key}: nothing was to be accepted, it is ${item?.state}`);
    const isForeign = accepted.every((versionId) => key.foreign.has(versionId));
    rules.must(isForeign, 'P5', `${acceptedKey}: ${accepted} came from nowhere`);
    return;
  }
  rules.must(
    item?.state === 'PROCESSED',
    'P3',
    `${key.key}: ${expected.versionId} was uploaded, it is ${item?.state}`,
  );
  rules.must(
    key.webhookEvents.has(UploadEventType.processed),
    'P3',
    `${key.key}: it is PROCESSED, and the queue of webhooks has no event of that`,
  );
  rules.must(
    item?.claimed?.versionId === expected.versionId,
    'P1',
    `${key.key}: ${item?.claimed?.versionId} is claimed, not ${expected.versionId}`,
  );
  rules.must([...key.runs.values()].includes('done'), 'P3', `${key.key}: no handler has finished`);
  const acceptedVersionId = item?.acceptedVersionId ?? 'none';
  const others = accepted.filter((versionId) => versionId !== acceptedVersionId);
  const isCounted = (tallyOf(key, acceptedKey)?.surplus ?? 0) > 0;
  const unknown = others.filter(
    (versionId) => !key.observedVersions.has(`orphan#${versionId}`) && !isCounted,
  );
  rules.must(
    unknown.length === 0,
    'P4',
    `${acceptedKey}: ${unknown} lie beside ${acceptedVersionId}, and are not on record`,
  );
  if (!key.isTaken) {
    const object = await objects.open(acceptedKey, acceptedVersionId);
    const bytes = object && Buffer.concat(await object.body.toArray());
    const isEqual = object !== undefined && bytes !== undefined && isSame(bytes, object, expected);
    rules.must(isEqual, 'P2', `${acceptedKey}: ${acceptedVersionId} is not what was uploaded first`);
  }
  // A worker that gets no response to its write can't count it. Nor can a worker that finds, at its client's second attempt, that
  // another worker has written since. No write replaces PROCESSED.
  const isConfirmed = !key.wasResponseLost;
  for (const metric of OF_ACCEPTANCE) verifyCount(rules, key, metric, isConfirmed && !key.wasRepeated);
  for (const metric of OF_PROCESSING) verifyCount(rules, key, metric, isConfirmed);
}

function verifyCount(rules: Harness['rules'], key: KeyFacts, metric: string, isCounted: boolean): void {
  const values = key.values.get(metric) ?? [];
  const least = isCounted ? 1 : 0;
  rules.must(
    values.length >= least && values.length <= 1 && values.every((value) => value >= 0),
    'P4',
    `${key.key}: ${metric} was counted ${values.length} times: ${values}`,
  );
}

async function verifyObservedVersions(
  { uploads, rules, reports, keptDuplicates }: Harness,
  key: KeyFacts,
): Promise<void> {
  const observedVersions = await uploads.listObservedVersions(key.key);
  const orphans = key.issued ? await uploads.listObservedVersions(acceptedKeyOf(key.key)) : [];
  const left = theUpload(key) ? key.versions.slice(1) : key.versions;
  // An event of what is gone is handled like any other, once the upload is claimed or revoked.
  const gone =
    key.item?.state === 'ISSUED' ? [] : [...key.removedByOthers].map((versionId) => ({ versionId }));
  const withEvent = [...left, ...gone].filter(({ versionId }) => !key.withoutEvent.has(versionId));
  const expected = new Set(withEvent.map(({ versionId }) => observedName(key, key.key, versionId)));
  const recorded = observedVersions.map(({ kind, versionId }) => `${kind}#${versionId}`);
  const unexpected = recorded.filter((name) => !expected.has(name));
  rules.must(unexpected.length === 0, 'P4', `${key.key}: recorded are ${unexpected}`);
  const oldest = key.versions[0]?.versionId;
  const kept = observedVersions.filter(({ versionId }) => theUpload(key) || versionId !== oldest);
  // Without a claim the oldest version has a record as well, with a place or without one.
  const least = Math.min(keptDuplicates, withEvent.length);
  rules.must(
    recorded.length >= least && kept.length <= keptDuplicates,
    'P4',
    `${key.key}: recorded are ${recorded}, not the first ${least} of ${[...expected]}`,
  );
  const sent = new Set(reports.sent.map(reportIdOf));
  for (const { key: observedKey, kind, versionId, reported, isIdentical } of [
    ...observedVersions,
    ...orphans,
  ]) {
    // By then the message can have been acknowledged, by the delivery that has processed the upload.
    if (key.observedVersions.get(`${kind}#${versionId}`)?.isOfAccepted) continue;
    const counts = key.values.get(`reports of ${versionId}`)?.length ?? 0;
    const id = `${kind}#${observedKey}#${versionId}`;
    // The same bytes again have no report: that it says so of these alone is what is verified.
    const isSent = isIdentical ? kind === 'duplicate' && hasBytesOfUpload(key, versionId) : sent.has(id);
    rules.must(
      reported && counts >= 1 && isSent,
      'P4',
      `${observedKey}: ${versionId} is a ${kind}, which was counted ${counts} times, and ${sent.has(id) ? '' : 'not '}reported`,
    );
  }

  const tally = await uploads.getTally(key.key, observedKind(key));
  const { surplus = 0, surplusReported = 0 } = tally ?? {};
  const beyond = withEvent.length - recorded.length;
  rules.must(
    beyond === 0 ? surplus === 0 : surplus >= beyond,
    'P4',
    `${key.key}: ${beyond} versions are beyond those that are kept, ${surplus} were counted`,
  );
  const milestone = milestoneOf(surplus);
  // A count whose response was lost is made again. So is one that the client's own retry has overtaken, which each worker may have seen
  // before. Either can be carried out when no worker is left to report it: one too many, with every version reported.
  const confirmed = key.confirmedSurplus.get(`tally#${observedKind(key)}`) ?? 0;
  const isReported =
    surplusReported === milestone ||
    (confirmed >= beyond && surplusReported === milestoneOf(confirmed)) ||
    (key.wasResponseLost && surplusReported >= milestoneOf(beyond));
  rules.must(
    isReported &&
      (surplusReported === 0 || sent.has(`${observedKind(key)}-count#${key.key}#${surplusReported}`)),
    'P4',
    `${key.key}: ${surplus} versions were counted, and ${surplusReported} reported`,
  );
  if (key.key.startsWith(ACCEPTED_PREFIX)) return;
  const handled = new Set(recorded);
  const unhandled = withEvent
    .map(({ versionId }) => versionId)
    .filter(
      (versionId) => !key.removed.has(versionId) && !handled.has(observedName(key, key.key, versionId)),
    );
  rules.must(unhandled.length === 0, 'P4', `${key.key}: neither recorded nor removed: ${unhandled}`);
}

function hasBytesOfUpload(key: KeyFacts, versionId: string): boolean {
  const upload = theUpload(key);
  const version = key.versions.find((each) => each.versionId === versionId);
  return upload !== undefined && version !== undefined && Buffer.compare(upload.bytes, version.bytes) === 0;
}
