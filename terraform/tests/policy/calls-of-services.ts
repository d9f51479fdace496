import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  createDynamoDbAccessStore,
  createDynamoDbIdempotencyStore,
  createDynamoDbQuotaCounters,
} from '@upload-once/access';
import {
  createDynamoDbIssuedUploads,
  createDynamoDbLinkStore,
  createDynamoDbUploadStore,
  type LinkStore,
  type NewLink,
  type NewUpload,
  ObservedKind,
  UploadState,
  type UploadStore,
} from '@upload-once/uploads';
import { type RecordedCall, recordCalls } from './recorded-calls.ts';

// What the services' own code asks of the tables, so that a key or an attribute that changes there is seen here.

const KEY = 'uploads/a-file';
const OTHER_KEY = 'uploads/another-file';
const NOW = new Date('2030-01-31T00:00:00Z');
const KEY_ID = '0123456789abcdef';
const SHA256 = '0a'.repeat(32);
const VERSION = { versionId: 'v1', eTag: 'e', sizeBytes: 1, storedAt: NOW };
const LEASE = { acceptedVersionId: 'v2', leaseOwner: 'me', leaseSeconds: 60 };

const NEW_UPLOAD: NewUpload = {
  key: KEY,
  apiKeyId: KEY_ID,
  issuedAt: NOW,
  expiresAt: NOW,
  constraints: { method: 'post', minBytes: 0, maxBytes: 1, contentType: 'a/b', sha256: 'x' },
  metadata: { a: 'b' },
  traceparent: '',
  signatureSeconds: 60,
};

const NEW_LINK: NewLink = {
  key: KEY,
  apiKeyId: KEY_ID,
  createdAt: NOW,
  expiresAt: NOW,
  secretSha256: SHA256,
  contentTypes: ['a/b'],
  title: 'a',
  message: 'b',
  from: 'c',
  returnUrl: 'd',
  language: 'en',
};

/** As another writer has left it. */
const LINK_ITEM = {
  FullFilename: { S: KEY },
  item: { S: 'link' },
  schemaVersion: { N: '1' },
  createdAt: { S: NOW.toISOString() },
  writer: { S: 'another-token' },
};

/** Enough of an upload for what reads before it writes. */
const CLAIMED_ITEM = {
  FullFilename: { S: KEY },
  item: { S: 'upload' },
  schemaVersion: { N: '1' },
  state: { S: UploadState.claimed },
  attempt: { N: '0' },
};

const ACCEPTED_ITEM = {
  ...CLAIMED_ITEM,
  state: { S: UploadState.accepted },
  acceptedVersionId: { S: LEASE.acceptedVersionId },
};

/** Its lease is over: who takes it names that. */
const PROCESSING_ITEM = {
  ...ACCEPTED_ITEM,
  state: { S: UploadState.processing },
  leaseExpiresAt: { S: '2030-01-30T00:00:00.000Z' },
};

function onUploads(
  work: (uploads: UploadStore) => Promise<unknown>,
  item: Readonly<Record<string, AttributeValue>> = CLAIMED_ITEM,
  { refused = 0, readsTogether = false } = {},
) {
  const open = (client: DynamoDBClient) =>
    createDynamoDbUploadStore({
      client,
      tableName: 'uploads',
      recordRetentionSeconds: 1,
      now: () => NOW,
      newToken: () => 'a-token',
      readsTogether,
    });
  return recordCalls('FullFilename', item, (client) => work(open(client)), refused);
}

/** @param refused as `recordCalls` takes it */
function onLinks(
  work: (links: LinkStore) => Promise<unknown>,
  item: Readonly<Record<string, AttributeValue>> | undefined,
  refused = 0,
) {
  const open = (client: DynamoDBClient) =>
    createDynamoDbLinkStore({
      client,
      tableName: 'uploads',
      recordRetentionSeconds: 1,
      newToken: () => 'a-token',
    });
  return recordCalls('FullFilename', item, (client) => work(open(client)), refused);
}

const onAccess = (work: (client: DynamoDBClient) => Promise<unknown>) => recordCalls('id', undefined, work);

async function all(...recorded: Promise<readonly RecordedCall[]>[]): Promise<readonly RecordedCall[]> {
  return (await Promise.all(recorded)).flat();
}

const observedVersions = (uploads: UploadStore) =>
  Promise.all(
    Object.values(ObservedKind).flatMap((kind) => [
      uploads.recordObservedVersion(KEY, kind, VERSION, { isIdentical: true }),
      uploads.markReported(KEY, kind, VERSION.versionId),
      uploads.reserveEvidence(KEY, kind, VERSION.versionId, 1),
      uploads.countSurplus(KEY, kind, 1),
      uploads.markSurplusReported(KEY, kind, 10),
    ]),
  );

/** A counter and an idempotency key of the table of keys, as they are written. */
export const quotaCalls = await onAccess((client) =>
  createDynamoDbQuotaCounters({ client, tableName: 'access' }).add(
    { keyId: KEY_ID, day: '2030-01-31' },
    1,
    2,
  ),
);
export const idempotencyCalls = await onAccess((client) =>
  createDynamoDbIdempotencyStore({ client, tableName: 'access', now: () => NOW }).reserve(
    { apiKeyId: KEY_ID, sha256: SHA256 },
    { requestSha256: SHA256, uploadKey: KEY, issuedAt: NOW, expiresAt: NOW, writer: 'w', ownedUntil: NOW },
  ),
);

/** All that each service asks of the table of uploads. */
export const uploadsCalls = {
  'url-issuer': await all(
    onUploads((uploads) => uploads.ping()),
    onUploads((uploads) => uploads.get(KEY)),
    onUploads((uploads) => uploads.getWithObservedVersions(KEY, 1)),
    onUploads((uploads) => uploads.revoke(KEY)),
    onUploads((uploads) => uploads.issue(NEW_UPLOAD)),
    onUploads((uploads) => uploads.changeExpiry(NEW_UPLOAD, NOW)),
    onLinks((links) => links.record(NEW_LINK), undefined),
    onLinks((links) => links.get(KEY), undefined),
    onLinks((links) => links.list(KEY_ID, 2, 'a'), undefined),
    onLinks((links) => links.record(NEW_LINK), LINK_ITEM, 2),
    onLinks((links) => links.changeTexts(KEY, { title: 'a', message: '' }), LINK_ITEM),
    onLinks((links) => links.keepUntil(NEW_LINK, NOW), LINK_ITEM),
    onLinks((links) => links.recordClick(KEY, { at: NOW, traceparent: 'a' }), CLAIMED_ITEM),
    recordCalls('FullFilename', undefined, (client) =>
      createDynamoDbIssuedUploads({
        client,
        tableName: 'uploads',
        recordRetentionSeconds: 1,
        newToken: () => 'a-token',
      }).record(NEW_UPLOAD),
    ),
  ),
  acceptor: await all(
    onUploads((uploads) => uploads.ping()),
    onUploads((uploads) => uploads.get(KEY)),
    onUploads((uploads) => Promise.all([uploads.get(KEY), uploads.get(OTHER_KEY)]), CLAIMED_ITEM, {
      readsTogether: true,
    }),
    onUploads((uploads) => uploads.claim(KEY, VERSION)),
    onUploads((uploads) => uploads.isObserved(KEY, ObservedKind.orphan, 'v2')),
    onUploads((uploads) => uploads.accept(KEY, { claimedVersionId: 'v1', acceptedVersionId: 'v2' })),
    onUploads(observedVersions),
  ),
  processor: await all(
    onUploads((uploads) => uploads.ping()),
    onUploads((uploads) => uploads.startProcessing(KEY, LEASE), ACCEPTED_ITEM),
    // The write for a first attempt is refused, and another one follows.
    onUploads((uploads) => uploads.startProcessing(KEY, LEASE), PROCESSING_ITEM, { refused: 1 }),
    onUploads((uploads) => uploads.renewLease(KEY, { attempt: 1, leaseOwner: 'me' }, 60)),
    onUploads((uploads) => uploads.releaseLease(KEY, 1)),
    onUploads((uploads) => uploads.finish(KEY, 1)),
    onUploads((uploads) => uploads.fail(KEY, 1, { failureReason: 'why', clientFailureReason: 'for you' })),
    onUploads(observedVersions),
  ),
  'webhook-sender': await all(
    onUploads((uploads) => uploads.ping()),
    onUploads((uploads) => uploads.get(KEY)),
  ),
} as const;

/** All that the url-issuer asks of the table of keys. */
export const accessCalls = await all(
  onAccess((client) => createDynamoDbAccessStore({ client, tableName: 'access' }).findBySecret(SHA256)),
  onAccess((client) => createDynamoDbAccessStore({ client, tableName: 'access' }).ping()),
  onAccess((client) =>
    createDynamoDbQuotaCounters({ client, tableName: 'access' }).used({ keyId: KEY_ID, day: '2030-01-31' }),
  ),
  Promise.resolve(quotaCalls),
  Promise.resolve(idempotencyCalls),
);
