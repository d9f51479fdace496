import t from 'tap';
import type { LogEntry } from '../src/log-line.ts';
import { createUploadFeed, type FeedRefusal, type FeedUpload } from '../src/upload-feed.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const ms = (second: number) => at(second).getTime();

function feedOf({ mostUploads = 500 } = {}) {
  const changes: FeedUpload[] = [];
  const refusals: FeedRefusal[] = [];
  const feed = createUploadFeed({
    onUpload: (upload) => changes.push(upload),
    onRefusal: (refusal) => refusals.push(refusal),
    mostUploads,
  });
  const add = (second: number, service: string, outcome: string, more: Partial<LogEntry> = {}) =>
    feed.add({ at: at(second), service, outcome, message: outcome, uploadId: 'a', ...more });
  return { feed, add, changes, refusals };
}

const STEPS: [number, string, string, Partial<LogEntry>][] = [
  [1, 'url-issuer', 'issued', { apiKeyId: 'key-1', traceId: 'trace' }],
  [4, 'acceptor', 'accepted', { storedAt: at(3), sizeBytes: 7 }],
  [5, 'acceptor', 'duplicate', { versionId: 'v2' }],
  [6, 'processor', 'failed', { attempt: 1 }],
  [8, 'processor', 'processed', { attempt: 2, leadTimeMs: 5_000 }],
];
const WHOLE = {
  uploadId: 'a',
  apiKeyId: 'key-1',
  traceId: 'trace',
  sizeBytes: 7,
  issuedMs: ms(1),
  uploadedMs: ms(3),
  acceptedMs: ms(4),
  failedMs: ms(6),
  processedMs: ms(8),
  attempts: 2,
  others: [{ kind: 'duplicate', versionId: 'v2', atMs: ms(5) }],
  refusals: [],
  lastMs: ms(8),
};

t.test(
  'an upload’s steps come together, in whatever order their lines come, and however often',
  async (t) => {
    for (const steps of [STEPS, STEPS.toReversed(), [...STEPS, ...STEPS]]) {
      const { feed, add, changes } = feedOf();
      for (const step of steps) add(...step);
      t.strictSame(feed.uploads(), [WHOLE]);
      t.equal(changes.length, steps.length);
      t.strictSame(changes.at(-1), WHOLE);
    }
  },
);

t.test('without the acceptor’s line, the moment of the upload follows from the lead time', async (t) => {
  const { feed, add } = feedOf();
  add(8, 'processor', 'processed', { leadTimeMs: 5_000 });
  t.equal(feed.uploads()[0]?.uploadedMs, ms(3));
});

t.test('a webhook that failed is no failure of its upload', async (t) => {
  const { feed, add } = feedOf();
  add(8, 'webhook-sender', 'failed');
  t.equal(feed.uploads()[0]?.failedMs, undefined);
});

t.test('a request that was refused stands beside the uploads, once', async (t) => {
  const { feed, refusals } = feedOf();
  const refused = { at: at(1), service: 'url-issuer', outcome: 'refused', message: 'request' };
  feed.add({ ...refused, reason: 'RateExceeded', apiKeyId: 'key-1' });
  feed.add({ ...refused, reason: 'RateExceeded', apiKeyId: 'key-1' });
  feed.add({ ...refused, at: at(2), reason: 'Forbidden', uploadId: 'of-a-client' });
  t.strictSame(feed.refusals(), [
    { atMs: ms(2), reason: 'Forbidden' },
    { atMs: ms(1), reason: 'RateExceeded', apiKeyId: 'key-1' },
  ]);
  t.equal(refusals.length, 2);
  t.strictSame(feed.uploads(), []);
});

t.test('a version of a revoked upload stands with the upload', async (t) => {
  const { feed, add } = feedOf();
  add(1, 'acceptor', 'refused', { versionId: 'v1' });
  t.match(feed.uploads(), [{ others: [{ kind: 'refused', versionId: 'v1' }] }]);
  t.strictSame(feed.refusals(), []);
});

t.test('what S3 refused is told of the upload', async (t) => {
  const { feed } = feedOf();
  feed.refused('a', 'S3 refused it', at(1));
  t.match(feed.uploads(), [{ uploadId: 'a', refusals: ['S3 refused it'] }]);
});

t.test('what it holds is bounded: those that something was said of last stay', async (t) => {
  const { feed, add } = feedOf({ mostUploads: 3 });
  for (const [second, uploadId] of ['a', 'b', 'c', 'a', 'd'].entries())
    add(second, 'url-issuer', 'issued', { uploadId });
  t.strictSame(
    feed.uploads().map(({ uploadId }) => uploadId),
    ['d', 'a', 'c'],
  );
  for (let version = 0; version < 100; version += 1) {
    add(9, 'acceptor', 'duplicate', { versionId: `v${version}` });
    feed.refused('a', 'again', at(9));
    feed.add({ at: at(version), service: 'url-issuer', outcome: 'refused', message: 'request' });
  }
  for (let more = 0; more < 300; more += 1)
    feed.add({ at: at(more), service: 'url-issuer', outcome: 'refused', message: `${more}` });
  t.equal(feed.uploads()[0]?.others.length, 20);
  t.equal(feed.uploads()[0]?.refusals.length, 20);
  t.equal(feed.refusals().length, 200);
});

t.test('the attempts are those of the processor: a webhook has its own', async (t) => {
  const { feed, add } = feedOf();
  add(1, 'processor', 'processed', { attempt: 2 });
  add(2, 'webhook-sender', 'failed', { attempt: 9 });
  t.match(feed.uploads(), [{ attempts: 2 }]);
});

t.test('an upload’s end is the one that was set last, and a revocation is seen', async (t) => {
  const { feed, add } = feedOf();
  const steps = [
    [1, 'issued', { expiresAt: at(30) }],
    [2, 'changed', { expiresAt: at(50) }],
    [3, 'revoked', {}],
  ] as const;
  for (const order of [steps, steps.toReversed(), [...steps, ...steps]]) {
    for (const [second, outcome, more] of order) add(second, 'url-issuer', outcome, more);
    t.match(feed.uploads(), [{ issuedMs: ms(1), expiresMs: ms(50), revokedMs: ms(3) }]);
  }
});

t.test('it says when it had no place for all uploads', async (t) => {
  const { feed, add } = feedOf({ mostUploads: 2 });
  for (const [second, uploadId] of ['a', 'b', 'a'].entries())
    add(second, 'url-issuer', 'issued', { uploadId });
  t.equal(feed.isFull(), false);
  add(9, 'url-issuer', 'issued', { uploadId: 'c' });
  t.equal(feed.isFull(), true);
});
