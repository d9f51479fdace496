import { type UploadForm, uploadFile } from '@upload-once/client';
import { waitFor } from '@upload-once/local-stack/outcome.ts';
import { type Upload, UploadState } from '@upload-once/uploads';
import t from 'tap';
import { brokenPromisesOf, type Sent } from '../src/broken-promises.ts';
import { contentOf } from '../src/content.ts';
import { startFaultStack } from '../src/fault-stack.ts';
import { brokenIssuing, type ExpectedIssuing, formsOf } from '../src/issuing/broken-issuing.ts';
import { describeFault, type IssuerFault } from '../src/issuing/issuer-fault.ts';
import { type IssuerRound, REQUESTS, runIssuerRound, UPLOAD } from '../src/issuing/issuer-round.ts';
import type { KillSide } from '../src/kill-points/kill-point.ts';
import { lookFromOutside } from '../src/outside.ts';
import type { CallOutcome } from '../src/proxy/call-outcome.ts';
import { underWay } from '../src/under-way.ts';

/** Decides nothing: tap's own, half a minute, would break a file off that runs by itself. */
t.setTimeout(1_200_000);

/** What one BatchWriteItem takes, and one quota update. */
const MOST_AT_ONCE = 25;
const QUOTA = 20;
const BATCH = 'dynamodb BatchWriteItem';
const QUOTA_UPDATE = 'dynamodb UpdateItem';
/** Two of each request with an Idempotency-Key: of its record, and of its upload. */
const PUT = 'dynamodb PutItem';

const stack = await startFaultStack({ logFolder: t.testdir(), visibilitySeconds: 4, maxReceiveCount: 20 });
t.teardown(() => stack.stop());
const outside = lookFromOutside(stack);
t.teardown(() => outside.close());
const issuer = await stack.add('url-issuer');

/** All forms, by key. */
const given = new Map<string, UploadForm>();
/** The first of each round. */
const toBeUsed: UploadForm[] = [];
/** All that are on record, by API key. */
let items = new Map<string, Upload[]>();

interface Case extends ExpectedIssuing {
  readonly fault: IssuerFault;
  readonly dailyQuota?: number;
  readonly isIdempotent?: boolean;
}

/** Items without a form, of a process that was killed at a BatchWriteItem: before it one at least is not there, after it one at least is. */
const UNUSED = { before: [0, REQUESTS - 1], after: [1, REQUESTS] } as const;

const killed = (name: string, occurrence: number, side: KillSide): Case => ({
  fault: { signal: 'SIGKILL', side, name, occurrence },
  mayFail: false,
  unused: name === BATCH ? UNUSED[side] : [0, REQUESTS],
});
/** It finishes what it has. */
const stopped = (name: string, occurrence: number, side: KillSide): Case => ({
  fault: { signal: 'SIGTERM', side, name, occurrence },
  mayFail: false,
  unused: [0, 0],
});
const failed = (
  name: string,
  occurrence: number,
  what: string,
  outcome: CallOutcome,
  expected: Partial<ExpectedIssuing> = {},
): Case => ({
  fault: { name, occurrence, outcome, what },
  mayFail: false,
  unused: [0, 0],
  ...expected,
});

const INTERNAL = { kind: 'refuse', error: 'internal' } as const;
const THROTTLED = { kind: 'refuse', error: 'throttled' } as const;
const CUT = { kind: 'cut' } as const;
const LOST = { kind: 'lose-response' } as const;
const HALF = { kind: 'write-half' } as const;

const cases: Readonly<Record<string, readonly Case[]>> = {
  'P7: forms that are recorded together': [
    killed(BATCH, 1, 'before'),
    killed(BATCH, 1, 'after'),
    killed(BATCH, 2, 'before'),
    killed(BATCH, 2, 'after'),
    stopped(BATCH, 1, 'before'),
    stopped(BATCH, 2, 'after'),
    failed(BATCH, 1, 'responds with 500', INTERNAL),
    failed(BATCH, 1, 'is throttled', THROTTLED),
    failed(BATCH, 1, 'is cut off', CUT),
    // Each of them gets a form for another key.
    failed(BATCH, 1, 'has no response', LOST, { unused: [2, MOST_AT_ONCE] }),
    failed(BATCH, 1, 'is half done', HALF),
    failed(BATCH, 2, 'is half done', HALF),
  ],
  'P7: forms of a key with a quota': [
    killed(QUOTA_UPDATE, 1, 'before'),
    killed(QUOTA_UPDATE, 1, 'after'),
    stopped(QUOTA_UPDATE, 1, 'after'),
    killed(BATCH, 1, 'after'),
    failed(QUOTA_UPDATE, 1, 'responds with 500', INTERNAL, { mayFail: true }),
    failed(QUOTA_UPDATE, 1, 'is throttled', THROTTLED, { mayFail: true }),
    failed(QUOTA_UPDATE, 1, 'has no response', LOST, { mayFail: true }),
    failed(BATCH, 1, 'has no response', LOST, { unused: [1, MOST_AT_ONCE] }),
  ].map((each) => ({ ...each, dailyQuota: QUOTA })),
  'an Idempotency-Key is one upload': [
    killed(PUT, 1, 'after'),
    killed(PUT, REQUESTS, 'before'),
    killed(PUT, REQUESTS, 'after'),
    killed(PUT, 2 * REQUESTS, 'after'),
    stopped(PUT, REQUESTS, 'after'),
    failed(PUT, 2 * REQUESTS, 'has no response', LOST),
  ].map((each) => ({ ...each, unused: [0, 0], isIdempotent: true })),
};

for (const [name, all] of Object.entries(cases)) {
  t.test(`${name}: the url-issuer ended at its calls, and calls that fail`, async (t) => {
    const rounds: IssuerRound[] = [];
    for (const each of all) rounds.push(await runIssuerRound({ stack, issuer }, each));
    items = Map.groupBy(await allUploads(), ({ apiKeyId }) => apiKeyId);
    for (const [at, round] of rounds.entries()) {
      const recorded = items.get(round.apiKeyId) ?? [];
      const broken = brokenIssuing(round, recorded, all[at] as Case);
      t.strictSame(broken, [], describeFault(round.fault));
      const forms = new Map(formsOf(round).map((form) => [form.key, form]));
      t.strictSame(
        [...forms.keys()].filter((key) => given.has(key)),
        [],
        'no key is given twice',
      );
      for (const [key, form] of forms) given.set(key, form);
      toBeUsed.push(...[...forms.values()].slice(0, 1));
    }
  });
}

async function allUploads(): Promise<Upload[]> {
  const records = await Array.fromAsync(outside.records());
  return records.flatMap((record) => ('upload' in record ? [record.upload] : []));
}

/** Uploads with it, and once more. */
async function useForm(form: UploadForm): Promise<Sent> {
  const versions: Sent['versions'][number][] = [];
  for (const text of ['the one and only', 'too late, and longer']) {
    const content = contentOf(Buffer.from(text), UPLOAD.metadata.of);
    const file = { blob: new Blob([new Uint8Array(content.bytes)]), name: 'a.bin' };
    const { versionId = '' } = await uploadFile({ form, file });
    versions.push({ versionId, content: { ...content, contentType: UPLOAD.contentType, tagging: '' } });
  }
  return { key: form.key, versions };
}

async function untilDone(): Promise<void> {
  await waitFor(
    () => underWay(stack, outside),
    (left) => left === undefined,
    (left) => `there still are ${left}`,
    120_000,
  );
}

function byKey(uploads: readonly Upload[]): Map<string, Upload> {
  return new Map(uploads.map((upload) => [upload.key, upload]));
}

t.test('P1, P5: a form of each round works once, and an item without a form stays ISSUED', async (t) => {
  const acceptor = await stack.add('acceptor');
  const processor = await stack.add('processor');
  const sent = await Promise.all(toBeUsed.map((form) => useForm(form)));
  await Promise.all([acceptor.start(), processor.start()]);
  await untilDone();
  t.ok(sent.length > 0);
  t.strictSame((await Promise.all(sent.map((each) => brokenPromisesOf(outside, each)))).flat(), []);

  const used = new Set(sent.map(({ key }) => key));
  const unused = [...items.values()].flat().filter(({ key }) => !used.has(key));
  const after = byKey(await allUploads());
  t.strictSame(
    unused.map(({ key }) => after.get(key)),
    unused,
  );
  t.comment(`${given.size} forms, ${used.size} of them used twice; ${unused.length} items unused`);
});

t.test(
  'P5, P7: a write of a dead url-issuer that lands late changes nothing, and no form is for it',
  async (t) => {
    const { promise: lands, resolve: land } = Promise.withResolvers<void>();
    const fault = { signal: 'SIGKILL', name: BATCH, occurrence: 1, lands } as const;
    const round = await runIssuerRound({ stack, issuer }, { fault });
    const { apiKeyId } = round;
    const issued = (await allUploads()).filter((upload) => upload.apiKeyId === apiKeyId);
    t.strictSame(brokenIssuing(round, issued, { mayFail: false, unused: UNUSED.before }), []);
    for (const form of formsOf(round)) given.set(form.key, form);
    const used = await useForm(formsOf(round)[0] as UploadForm);
    await untilDone();

    const before = byKey(await allUploads());
    t.equal(before.get(used.key)?.state, UploadState.processed);
    land();
    const after = await waitFor(
      allUploads,
      ({ length }) => length > before.size,
      () => 'the write has not landed',
    );
    const late = after.filter(({ key }) => !before.has(key));
    t.strictSame(byKey(after), new Map([...before, ...byKey(late)]));
    t.strictSame(await brokenPromisesOf(outside, used), []);
    for (const { key, state, claimed, attempt } of late) {
      t.notOk(given.has(key), 'no client has a form for it');
      t.strictSame(
        { state, claimed, attempt },
        { state: UploadState.issued, claimed: undefined, attempt: 0 },
      );
    }
    t.comment(`${late.length} items landed late`);
  },
);
