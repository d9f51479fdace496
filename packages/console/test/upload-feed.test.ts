import { deepStrictEqual } from 'node:assert/strict';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import fc from 'fast-check';
import t from 'tap';
import { createCloudWatchLogs } from '../src/aws.ts';
import { createLogFollower } from '../src/log-follower.ts';
import type { LogEntry } from '../src/log-line.ts';
import { createUploadFeed, type FeedRefusal } from '../src/upload-feed.ts';
import type { FeedUpload } from '../src/upload-history.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const ms = (second: number) => at(second).getTime();

function feedOf({ mostUploads = 500 } = {}) {
  const changes: FeedUpload[] = [];
  const gone: string[] = [];
  const refusals: FeedRefusal[] = [];
  const feed = createUploadFeed({
    onUpload: (upload) => changes.push(upload),
    onGone: (uploadId) => gone.push(uploadId),
    onRefusal: (refusal) => refusals.push(refusal),
    mostUploads,
  });
  const add = (second: number, service: string, outcome: string, more: Partial<LogEntry> = {}) =>
    feed.add({ at: at(second), service, outcome, message: outcome, uploadId: 'a', ...more });
  return { feed, add, changes, gone, refusals };
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
  feed.add({ ...refused, reason: 'RateExceeded', apiKeyId: 'key-2' });
  feed.add({ ...refused, at: at(2), reason: 'Forbidden', uploadId: 'of-a-client' });
  t.strictSame(feed.refusals(), [
    { atMs: ms(2), reason: 'Forbidden' },
    { atMs: ms(1), reason: 'RateExceeded', apiKeyId: 'key-2' },
    { atMs: ms(1), reason: 'RateExceeded', apiKeyId: 'key-1' },
  ]);
  t.equal(refusals.length, 3, 'the same reason of another API key is another refusal');
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
  const { feed, add, gone } = feedOf({ mostUploads: 3 });
  for (const [second, uploadId] of ['a', 'b', 'c', 'a', 'd'].entries())
    add(second, 'url-issuer', 'issued', { uploadId });
  t.strictSame(
    feed.uploads().map(({ uploadId }) => uploadId),
    ['d', 'a', 'c'],
  );
  t.strictSame(gone, ['b']);
  add(1, 'url-issuer', 'issued', { uploadId: 'older than all' });
  t.strictSame(gone, ['b', 'older than all']);
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

const ANY_LINE = fc
  .record({
    service: fc.constantFrom('url-issuer', 'acceptor', 'processor', 'webhook-sender'),
    outcome: fc.constantFrom(
      'issued',
      'changed',
      'revoked',
      'accepted',
      'processed',
      'failed',
      'duplicate',
      'refused',
      'orphan',
    ),
    second: fc.nat(5),
    more: fc.record(
      {
        apiKeyId: fc.constantFrom('key-1', 'key-2'),
        traceId: fc.constantFrom('trace-1', 'trace-2'),
        attempt: fc.nat(9),
        sizeBytes: fc.nat(9),
        leadTimeMs: fc.nat(5_000),
        storedAt: fc.nat(59).map(at),
        issuedAt: fc.nat(59).map(at),
        expiresAt: fc.nat(59).map(at),
      },
      { requiredKeys: [] },
    ),
    versionId: fc.nat(40).map((version) => `v${version}`),
  })
  .map(
    ({ service, outcome, second, more, versionId }): Parameters<ReturnType<typeof feedOf>['add']> => [
      second,
      service,
      outcome,
      { ...more, versionId },
    ],
  );

t.test('any order of any lines gives the same upload', async () => {
  const uploadOf = (lines: readonly Parameters<ReturnType<typeof feedOf>['add']>[]) => {
    const { feed, add } = feedOf();
    for (const each of lines) add(...each);
    return feed.uploads();
  };
  const orders = fc
    .array(ANY_LINE, { minLength: 1, maxLength: 60 })
    .chain((lines) => fc.tuple(fc.constant(lines), fc.shuffledSubarray(lines, { minLength: lines.length })));
  fc.assert(
    fc.property(orders, ([lines, others]) => {
      deepStrictEqual(uploadOf(others), uploadOf([...others, ...lines]));
    }),
  );
});

t.test('of lines that are read backwards the latest says the end, and each other moment', async (t) => {
  const { feed, add } = feedOf();
  add(9, 'processor', 'processed', { attempt: 2 });
  add(8, 'url-issuer', 'changed', { expiresAt: at(50) });
  add(7, 'processor', 'processed', { attempt: 1 });
  add(6, 'processor', 'failed', {});
  add(5, 'url-issuer', 'changed', { expiresAt: at(40) });
  add(4, 'processor', 'failed', {});
  add(3, 'acceptor', 'accepted', { sizeBytes: 2 });
  add(2, 'acceptor', 'accepted', { sizeBytes: 1 });
  add(1, 'url-issuer', 'issued', { expiresAt: at(30) });
  t.match(feed.uploads(), [
    {
      issuedMs: ms(1),
      expiresMs: ms(50),
      acceptedMs: ms(3),
      sizeBytes: 2,
      failedMs: ms(6),
      processedMs: ms(9),
    },
  ]);
});

t.test('of more uploads than have a place, a load of CloudWatch Logs leaves the newest', async (t) => {
  const nowMs = at(0).getTime();
  const lines = Array.from({ length: 900 }, (_, second) => ({
    time: new Date(nowMs - second * 1_000),
    service: 'url-issuer',
    outcome: 'issued',
    uploadId: `${second}`,
  }));
  const client = {
    async send({ input }: { input: { startTime?: number; endTime?: number } }) {
      const { startTime, endTime = nowMs } = input;
      if (startTime === undefined) return { logGroups: [{ logGroupName: '/ecs/mine-url-issuer' }] };
      const found = lines.filter(({ time }) => time.getTime() >= startTime && time.getTime() <= endTime);
      return { events: found.toReversed().map((line) => ({ message: JSON.stringify(line) })) };
    },
  } as unknown as CloudWatchLogsClient;
  const now = () => new Date(nowMs);
  const { feed } = feedOf();
  const source = createCloudWatchLogs({ client, prefix: '/ecs/mine-', services: ['url-issuer'], now });
  await createLogFollower({ source, feed, now, onChange() {} }).load(15, new AbortController().signal);
  t.strictSame(
    feed.uploads().map(({ uploadId }) => Number(uploadId)),
    Array.from({ length: 500 }, (_, second) => second),
  );
});

t.test('an upload that is stuck or has failed stays longer than those that are done', async (t) => {
  const { feed, add } = feedOf({ mostUploads: 6 });
  const ids = () =>
    feed
      .uploads()
      .map(({ uploadId }) => uploadId)
      .sort();
  add(1, 'acceptor', 'accepted', { uploadId: 'stuck' });
  add(2, 'processor', 'failed', { uploadId: 'broken' });
  for (let second = 3; second < 20; second += 1) {
    add(second, 'acceptor', 'accepted', { uploadId: `${second}` });
    add(second, 'processor', 'processed', { uploadId: `${second}` });
  }
  t.strictSame(ids(), ['16', '17', '18', '19', 'broken', 'stuck']);
  add(20, 'acceptor', 'accepted', { uploadId: 'stuck-3' });
  add(21, 'acceptor', 'accepted', { uploadId: 'stuck-4' });
  t.strictSame(ids(), ['17', '18', '19', 'broken', 'stuck-3', 'stuck-4'], 'half of all at most');
});

t.test('a refusal that is older than all that are kept is not told', async (t) => {
  const { feed, refusals } = feedOf();
  const refused = { service: 'url-issuer', outcome: 'refused', message: 'request' };
  for (let second = 0; second < 200; second += 1) feed.add({ ...refused, at: at(1_000 + second) });
  for (let second = 0; second < 200; second += 1) feed.add({ ...refused, at: at(second) });
  t.equal(refusals.length, 200);
  t.equal(feed.refusals().at(-1)?.atMs, ms(1_000));
});
