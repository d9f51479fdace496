// The judge itself, on a cloud in this process: what is right is no finding, and each thing that services could do wrong is one.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { provision, startLocalAws } from '@upload-once/local-aws';
import { awsEnvOf } from '@upload-once/local-stack/stack.ts';
import { acceptedKeyOf, ObservedKind } from '@upload-once/uploads';
import t, { type Test } from 'tap';
import { type Content, contentOf } from '../src/content.ts';
import { lookFromOutside } from '../src/outside.ts';
import { accountFor } from '../src/soak/account.ts';
import { judge } from '../src/soak/judge.ts';
import { createLedger, type Entry, type HandlerRun, type Post, PostOutcome } from '../src/soak/ledger.ts';
import { startSettling } from '../src/soak/settling.ts';

const FIRST = contentOf(Buffer.from('first'), 'one');
const SECOND = contentOf(Buffer.from('the second'), 'two');

async function startCloud(t: Test) {
  const localAws = await startLocalAws();
  const { endpoints, region, credentials } = localAws;
  const common = { region, credentials: { ...credentials } };
  const s3 = new S3Client({ ...common, endpoint: endpoints.s3, forcePathStyle: true });
  const sqs = new SQSClient({ ...common, endpoint: endpoints.sqs });
  const dynamoDb = new DynamoDBClient({ ...common, endpoint: endpoints.dynamodb });
  const place = await provision(
    { s3, sqs, dynamoDb, sqsEndpoint: endpoints.sqs },
    { bucket: 'judged', visibilitySeconds: 30, maxReceiveCount: 5 },
  );
  const facts = { endpoints, region, credentials, ...place };
  const outside = lookFromOutside(facts);
  t.teardown(async () => {
    for (const client of [s3, sqs, dynamoDb]) client.destroy();
    outside.close();
    await localAws.stop();
  });
  return { outside, s3, sqs, ...place, awsEnv: awsEnvOf(facts) };
}

type Cloud = Awaited<ReturnType<typeof startCloud>>;
type Stored = Awaited<ReturnType<typeof uploadTwice>>;

/** Two files sent with one form: what the client knows of it, and what services do about it, step by step. */
async function uploadTwice({ outside, s3, sqs, bucket, queues }: Cloud) {
  const { uploads } = outside;
  const key = await outside.issue();
  const versions: { versionId: string; eTag: string; sizeBytes: number; storedAt: Date }[] = [];
  for (const [at, content] of [FIRST, SECOND].entries()) {
    const versionId = await outside.put(key, content);
    versions.push({ versionId, eTag: content.md5, sizeBytes: content.sizeBytes, storedAt: new Date(at + 1) });
  }
  const [first, second] = versions as [(typeof versions)[number], (typeof versions)[number]];
  const posts: Post[] = [
    { ...FIRST, beganAtMs: 0, endedAtMs: 1, outcome: PostOutcome.stored, versionId: first.versionId },
    { ...SECOND, beganAtMs: 2, endedAtMs: 3, outcome: PostOutcome.stored, versionId: second.versionId },
  ];
  const runs: HandlerRun[] = [{ attempt: 1, sizeBytes: FIRST.sizeBytes, sha256: FIRST.sha256 }];
  const entry: Entry = { key, posts, runs, isRemoved: false };
  let acceptedVersionId = '';
  return {
    entry,
    first,
    second,
    acceptedKey: acceptedKeyOf(key),
    get acceptedVersionId() {
      return acceptedVersionId;
    },
    async accept(version = first, content = FIRST) {
      await uploads.claim(key, version);
      acceptedVersionId = await outside.put(acceptedKeyOf(key), content);
      await uploads.accept(key, { claimedVersionId: version.versionId, acceptedVersionId });
    },
    remove: ({ versionId } = first) => outside.removeVersion(key, versionId),
    async process() {
      await uploads.startProcessing(key, { acceptedVersionId, leaseOwner: 'one', leaseSeconds: 10 });
    },
    async finish() {
      await uploads.finish(key, 1);
    },
    async record(kind: ObservedKind = ObservedKind.duplicate, version = second) {
      await uploads.recordObservedVersion(key, kind, version);
    },
    async mark(kind: ObservedKind = ObservedKind.duplicate, version = second) {
      await uploads.markReported(key, kind, version.versionId);
    },
    async report({ versionId } = second) {
      const MessageBody = JSON.stringify({ id: `duplicate#${key}#${versionId}` });
      await sqs.send(new SendMessageCommand({ QueueUrl: queues.uploadReports, MessageBody }));
    },
    async hide(Key = key) {
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    },
  };
}

const STEPS = ['accept', 'remove', 'process', 'finish', 'record', 'mark', 'report'] as const;

interface Case {
  /** The steps that services leave out, or take otherwise. */
  readonly without?: readonly (typeof STEPS)[number][];
  readonly instead?: Partial<Record<(typeof STEPS)[number], (stored: Stored) => Promise<void>>>;
  /** What happens besides, or what the client saw otherwise. */
  readonly besides?: (stored: Stored, cloud: Cloud) => unknown;
}

async function carryOut({ without = [], instead = {}, besides }: Case, cloud: Cloud): Promise<Stored> {
  const stored = await uploadTwice(cloud);
  for (const step of STEPS) {
    if (without.includes(step)) continue;
    await (instead[step] ?? ((all) => all[step]()))(stored);
  }
  await besides?.(stored, cloud);
  return stored;
}

function saw({ entry }: Stored, at: number, seen: Partial<Post>): void {
  const post = entry.posts[at] as Post;
  entry.posts[at] = { ...post, versionId: undefined, ...seen };
}

const UNKNOWN = { outcome: PostOutcome.unknown };
const run = (content: Content, attempt = 1): HandlerRun => ({ ...content, attempt });
const NO_DUPLICATE = ['record', 'mark', 'report'] as const;

/** The second file is taken for the upload. */
const LATER: NonNullable<Case['instead']> = {
  accept: ({ accept, second }) => accept(second, SECOND),
  remove: ({ remove, second }) => remove(second),
  record: ({ record, first }) => record(ObservedKind.duplicate, first),
  mark: ({ mark, first }) => mark(ObservedKind.duplicate, first),
  report: ({ report, first }) => report(first),
};
/** S3 lists whole seconds, and the claim may have its time from there. */
const LATER_IN_ONE_SECOND: NonNullable<Case['instead']> = {
  ...LATER,
  accept: ({ accept, second }) => accept({ ...second, storedAt: new Date(0) }, SECOND),
};

const right: Readonly<Record<string, Case>> = {
  'two files': {},
  'what was removed to make room': {
    besides: async ({ entry, acceptedKey, acceptedVersionId, second, remove }, { outside }) => {
      await outside.removeVersion(acceptedKey, acceptedVersionId);
      await remove(second);
      entry.isRemoved = true;
    },
  },
  'what arrives when the rest was removed': {
    besides: async (stored, { outside }) => {
      saw(stored, 1, UNKNOWN);
      await outside.removeVersion(stored.acceptedKey, stored.acceptedVersionId);
      stored.entry.isRemoved = true;
    },
  },
  'a form that was refused': {
    without: STEPS,
    besides: async ({ entry, first, second, remove }) => {
      for (const version of [first, second]) await remove(version);
      entry.posts.splice(0, 2, { ...FIRST, beganAtMs: 0, endedAtMs: 1, outcome: PostOutcome.refused });
      entry.runs.pop();
    },
  },
  'a lost response to what was not stored': {
    without: NO_DUPLICATE,
    besides: async (stored) => {
      await stored.remove(stored.second);
      saw(stored, 1, UNKNOWN);
    },
  },
  'a lost response to what was stored': { besides: (stored) => saw(stored, 1, UNKNOWN) },
  'a lost response to what took effect late': {
    instead: LATER_IN_ONE_SECOND,
    besides: (stored) => {
      saw(stored, 0, UNKNOWN);
      stored.entry.runs.splice(0, 1, run(SECOND));
    },
  },
};

/** The promise that the finding begins with, what it says, and what it is about. */
const wrong: Readonly<Record<string, readonly [RegExp, Case]>> = {
  'P3: an upload on no record': [
    /uploads\/none is undefined, not ISSUED/,
    { besides: ({ entry }) => Object.assign(entry, { key: 'uploads/none', posts: [] }) },
  ],
  'P3: a lost upload': [/is ISSUED, not PROCESSED/, { without: STEPS }],
  'P3: an upload that stays PROCESSING': [/is PROCESSING, not PROCESSED/, { without: ['finish'] }],
  'P3: no handler': [/no handler has finished/, { besides: ({ entry }) => entry.runs.pop() }],
  'P3: two in an attempt': [/two handlers finished/, { besides: ({ entry }) => entry.runs.push(run(FIRST)) }],
  'P3: an attempt on no record': [
    /attempt 2 was made, 1 are on record/,
    { besides: ({ entry }) => entry.runs.push(run(FIRST, 2)) },
  ],
  'P1: the later one, by the client’s clock': [
    /is claimed, not .*, the oldest/,
    { instead: LATER_IN_ONE_SECOND },
  ],
  'P1: the later one, by S3’s clock': [
    /is claimed, not .*, the oldest/,
    { instead: LATER, besides: ({ entry }) => Object.assign(entry.posts[1] as Post, { beganAtMs: 0 }) },
  ],
  'P1: accepted twice': [
    /has the versions \[.*,.*\], not \[.+\]/,
    { besides: ({ acceptedKey }, { outside }) => outside.put(acceptedKey, FIRST) },
  ],
  'P1: an accepted object that came back': [
    /has the versions \[.+\], not \[\]/,
    { besides: ({ entry }) => Object.assign(entry, { isRemoved: true }) },
  ],
  'P1: an accepted object that is gone': [
    /has the versions \[\], not \[.+\]/,
    { besides: (stored, { outside }) => outside.removeVersion(stored.acceptedKey, stored.acceptedVersionId) },
  ],
  'P1: something accepted of an unused form': [
    /has the versions \[.+\], not \[\]/,
    {
      without: STEPS,
      besides: ({ entry, acceptedKey }, { outside }) => {
        entry.posts.splice(0);
        return outside.put(acceptedKey, FIRST);
      },
    },
  ],
  'P1: a delete marker': [
    /has the versions \[.*,.*\], not/,
    { besides: ({ hide, acceptedKey }) => hide(acceptedKey) },
  ],
  'P2: other bytes': [
    /uploaded was/,
    { instead: { accept: ({ accept, first }) => accept(first, { ...FIRST, bytes: SECOND.bytes }) } },
  ],
  'P2: other metadata': [
    /uploaded was/,
    { instead: { accept: ({ accept, first }) => accept(first, { ...FIRST, metadata: {} }) } },
  ],
  'P2: other bytes for a handler': [
    /attempt 1 was handed bytes/,
    { besides: ({ entry }) => entry.runs.splice(0, 1, run(SECOND)) },
  ],
  'P4: a duplicate on no record': [/versions \[.+\] are left, not \[\]/, { without: NO_DUPLICATE }],
  'P4: a duplicate that is nowhere': [
    /\[\] are on record, not 1 of 1/,
    { without: NO_DUPLICATE, besides: ({ remove, second }) => remove(second) },
  ],
  'P4: a redelivery taken for a duplicate': [
    /are on record \[.+reported,.+\], not/,
    { besides: ({ record, first }) => record(ObservedKind.duplicate, first) },
  ],
  'P4: a duplicate recorded as an orphan': [
    /are on record \[orphan#/,
    {
      instead: {
        record: ({ record }) => record(ObservedKind.orphan),
        mark: ({ mark }) => mark(ObservedKind.orphan),
      },
    },
  ],
  'P4: a duplicate recorded with another size': [
    / 1 bytes\) reported\], not/,
    { instead: { record: ({ record, second }) => record(undefined, { ...second, sizeBytes: 1 }) } },
  ],
  'P4: not marked as reported': [/ not reported\], not/, { without: ['mark'] }],
  'P4: no report': [/no reader has the report duplicate#/, { without: ['report'] }],
  'P4: a claimed version that is left': [/versions \[.*,.*\] are left, not/, { without: ['remove'] }],
  'P4: a version that no client sent': [
    /are on record \[.+\], not \[\]/,
    { besides: ({ entry }) => entry.posts.pop() },
  ],
  'P4: a version that was refused': [
    /are on record \[.+\], not \[\]/,
    { besides: (stored) => saw(stored, 1, { outcome: PostOutcome.refused }) },
  ],
};

t.test('what is right is no finding, and what is wrong is one', async (t) => {
  const cloud = await startCloud(t);
  for (const [name, each] of Object.entries(right)) {
    const { entry } = await carryOut(each, cloud);
    t.strictSame((await judge(entry, cloud.outside)).findings, [], name);
  }
  for (const [name, [says, each]] of Object.entries(wrong)) {
    const { entry } = await carryOut(each, cloud);
    const { findings } = await judge(entry, cloud.outside);
    t.ok(
      findings.some((finding) => finding.startsWith(name.slice(0, 4)) && says.test(finding)),
      `${name}: ${findings.join('\n') || 'nothing was found'}`,
    );
  }
});

t.test('P5: what belongs to no form is found, and the operator’s audit is asked', async (t) => {
  const cloud = await startCloud(t);
  const { outside, awsEnv, bucket, tables } = cloud;
  const ledger = createLedger();
  const account = () => accountFor(ledger, { outside, stack: { awsEnv, bucket, tables } });
  ledger.begin(await outside.issue());
  await outside.issue();
  t.strictSame(
    await account(),
    { findings: [], processed: 0, processedBytes: 0, duplicates: 0, unused: 1 },
    'an unused form, and one whose response was lost',
  );
  for (const key of ['accepted/orphan', 'uploads/orphan', 'elsewhere']) await outside.put(key, FIRST);
  const { first, entry } = await uploadTwice(cloud);
  await outside.uploads.claim(entry.key, first);
  const { findings } = await account();
  for (const says of [
    /^P5: accepted\/orphan: version .* belongs to no upload/,
    /^P5: elsewhere: version .* belongs to no upload/,
    /^P5: uploads\/orphan: version .* belongs to no upload/,
    new RegExp(`^P5: ${entry.key}: no client got a form for what is on record`),
    /^upload-once audit \(exit code 4\): .*"not-recorded","key":"accepted\/orphan"/,
    /^upload-once audit \(exit code 4\): .*"stuck"/,
  ]) {
    t.ok(
      findings.some((finding) => says.test(finding)),
      String(says),
    );
  }
});

t.test('an upload is judged until nothing is wrong with it, and makes room; others stay', async (t) => {
  const cloud = await startCloud(t);
  const { outside } = cloud;
  const settling = startSettling(outside);
  t.teardown(() => settling.stop());
  const bytes = FIRST.sizeBytes + SECOND.sizeBytes;
  const unrecorded = await carryOut({ without: NO_DUPLICATE }, cloud);
  const good = await carryOut({ without: ['report'] }, cloud);
  for (const { entry } of [unrecorded, good]) settling.follow(entry);
  t.strictSame(settling.waiting, { uploads: 2, bytes: 2 * bytes });
  await good.report();
  await settling.whenAtMost(1, bytes, new AbortController().signal);
  // A round that has looked at the last has looked at those before it.
  t.strictSame([unrecorded.entry.isRemoved, good.entry.isRemoved], [false, true]);
  t.equal(settling.settled, 1);
  await settling.stop();
  t.strictSame(await outside.versionsOf(good.acceptedKey), []);
  t.strictSame(await outside.versionsOf(good.entry.key), []);
  t.strictSame((await judge(good.entry, outside)).findings, [], 'it is still judged');
});

t.test('who waits for room goes on when the soak is over', async (t) => {
  const cloud = await startCloud(t);
  const settling = startSettling(cloud.outside);
  t.teardown(() => settling.stop());
  settling.follow((await carryOut({ without: STEPS }, cloud)).entry);
  const over = new AbortController();
  const waiting = settling.whenAtMost(0, 0, over.signal);
  over.abort();
  await waiting;
  t.equal(settling.waiting.uploads, 1);
});
