import { ObservedKind } from '@upload-once/uploads';
import { createMemoryObjectStore, createMemoryUploadStore, newUpload } from '@upload-once/uploads/testing';
import { createAudit, type Finding } from '../src/repair/index.ts';

const DAY_SECONDS = 86_400;
export const RECORD_RETENTION_SECONDS = 30 * DAY_SECONDS;
export const OLDER_THAN_SECONDS = 900;

/** Bucket and table in memory, under one clock, and what the services do there, step by step. */
export function createHarness() {
  const clock = { now: new Date('2026-01-01T00:00:00.000Z') };
  let serial = 0;
  const uploads = createMemoryUploadStore({
    now: () => clock.now,
    newToken: () => `token-${++serial}`,
    recordRetentionSeconds: RECORD_RETENTION_SECONDS,
  });
  const objects = createMemoryObjectStore({ now: () => clock.now });
  const bytes = (text: string) => new TextEncoder().encode(text);

  const harness = {
    clock,
    uploads,
    objects,

    pass(seconds: number) {
      clock.now = new Date(clock.now.getTime() + seconds * 1000);
    },

    async issue(name: string): Promise<string> {
      const key = `uploads/${name}`;
      await uploads.issue(
        newUpload(key, { issuedAt: clock.now, expiresAt: new Date(clock.now.getTime() + 30_000) }),
      );
      return key;
    },

    put: (key: string, text = 'content') => objects.put(key, bytes(text)),

    async claimed(name: string) {
      const key = await harness.issue(name);
      const version = harness.put(key);
      await uploads.claim(key, version);
      return { key, version };
    },

    /** Copied, and not recorded as that. */
    async copied(name: string) {
      const { key, version } = await harness.claimed(name);
      const copy = harness.put(`accepted/${name}`);
      return { key, version, copy };
    },

    async accepted(name: string) {
      const { key, version, copy } = await harness.copied(name);
      await uploads.accept(key, {
        claimedVersionId: version.versionId,
        acceptedVersionId: copy.versionId,
      });
      await objects.deleteVersion(key, version.versionId);
      return { key, version, copy };
    },

    async processing(name: string) {
      const accepted = await harness.accepted(name);
      const { key, copy } = accepted;
      await uploads.startProcessing(key, {
        acceptedVersionId: copy.versionId,
        leaseOwner: 'w',
        leaseSeconds: 60,
      });
      return accepted;
    },

    async processed(name: string) {
      const accepted = await harness.processing(name);
      await uploads.finish(accepted.key, 1);
      return accepted;
    },

    async failed(name: string, reason: string) {
      const accepted = await harness.processing(name);
      await uploads.fail(accepted.key, 1, { failureReason: reason });
      return accepted;
    },

    async observed(key: string, kind: ObservedKind, { reported = true } = {}) {
      const version = harness.put(key, 'another');
      await uploads.recordObservedVersion(key, kind, version);
      if (reported) await uploads.markReported(key, kind, version.versionId);
      return version;
    },

    audit(options: { olderThanSeconds?: number } = {}) {
      return createAudit({
        listing: objects.listing,
        records: uploads.records,
        startedAt: clock.now,
        olderThanSeconds: OLDER_THAN_SECONDS,
        recordRetentionSeconds: RECORD_RETENTION_SECONDS,
        ...options,
      });
    },

    findings: (options?: { olderThanSeconds?: number }): Promise<Finding[]> =>
      Array.fromAsync(harness.audit(options).findings()),

    /** One of everything that has come to its end, or may still wait for it. */
    async allIsWell() {
      await harness.issue('never-used');
      const revoked = await harness.issue('revoked');
      await uploads.revoke(revoked);
      await harness.observed(revoked, ObservedKind.refused);
      const { key } = await harness.processed('processed');
      await harness.observed(key, ObservedKind.duplicate);
      await harness.observed('uploads/orphan', ObservedKind.orphan);
      await harness.observed('accepted/orphan', ObservedKind.orphan);
      const removed = await harness.processed('moved-away');
      await objects.deleteVersion('accepted/moved-away', removed.copy.versionId);
      const hidden = await harness.processed('hidden');
      objects.putDeleteMarker('accepted/hidden');
      objects.putDeleteMarker(hidden.key);
    },
  };
  return harness;
}
