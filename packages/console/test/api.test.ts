import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Upload } from '@upload-once/uploads';
import t, { type Test } from 'tap';
import { eventually } from '../../../test/support/eventually.ts';
import type {
  AuditFinding,
  AuditOrder,
  DeadLetterRow,
  LogSource,
  OnLines,
  RedriveResult,
  UploadDossier,
} from '../src/index.ts';
import { type ConsoleStage, manualTime, startConsoleStage, TOKEN } from './console-stage.ts';

const UPLOAD: Upload = {
  key: 'uploads/a b',
  state: 'ISSUED',
  apiKeyId: 'key-1',
  issuedAt: new Date('2026-01-01T00:00:00Z'),
  expiresAt: new Date('2026-01-01T00:01:00Z'),
  constraints: { method: 'post', minBytes: 0, maxBytes: 10 },
  metadata: { order: '7' },
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  attempt: 0,
};
const issued = (uploadId: string) =>
  JSON.stringify({ time: new Date().toISOString(), service: 'url-issuer', outcome: 'issued', uploadId });

/** Events of the live view, as they come. */
async function liveOf(t: Test, { port }: ConsoleStage) {
  const headers = { host: `127.0.0.1:${port}`, authorization: `Bearer ${TOKEN}` };
  const sent = request({ host: '127.0.0.1', port, path: '/api/live', headers, agent: false });
  sent.on('error', () => {}).end();
  t.teardown(() => sent.destroy());
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const waiting: ((event: string, data: never) => boolean)[] = [];
  const seen: { event: string; data: never }[] = [];
  let rest = '';
  response.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(part) ?? [];
      if (event === '') continue;
      const one = { event, data: JSON.parse(data) as never };
      seen.push(one);
      for (const look of waiting) look(event, one.data);
    }
  });
  return {
    response,
    /** The first event, of all that came and will come, for which this holds. */
    event: <T>(wanted: string, isIt: (data: T) => boolean = () => true) =>
      new Promise<T>((resolve) => {
        const look = (event: string, data: never) => {
          if (event === wanted && isIt(data as T)) resolve(data as T);
          return false;
        };
        for (const { event, data } of seen) look(event, data);
        waiting.push(look);
      }),
  };
}

/** A log whose lines the test gives. */
function logOf(isFree: boolean) {
  const follows: { onLines: OnLines; signal: AbortSignal; end: (error?: Error) => void }[] = [];
  const source: LogSource = {
    name: 'the log',
    isFree,
    async load(_minutes, onLines) {
      onLines([issued('of-before')]);
      return { isCut: true, completeSince: new Date(1_000) };
    },
    follow: (onLines, signal) =>
      new Promise((resolve, reject) => {
        follows.push({ onLines, signal, end: (error) => (error ? reject(error) : resolve()) });
        signal.addEventListener('abort', () => resolve());
      }),
  };
  return { source, follows };
}

t.test('a page gets the state first, then what changes', async (t) => {
  const { source, follows } = logOf(true);
  const stage = await startConsoleStage(t, { sources: { logs: source } });
  follows[0]?.onLines([issued('first')]);
  const live = await liveOf(t, stage);
  t.match(live.response.headers, { 'content-type': /^text\/event-stream/ });
  t.match(await live.event('state'), { uploads: [{ uploadId: 'first' }], log: { isFollowing: true } });
  follows[0]?.onLines([issued('second'), 'no log line', issued('third')]);
  t.match(await live.event('upload', ({ uploadId }: { uploadId: string }) => uploadId === 'third'), {
    attempts: 0,
  });
  follows[0]?.end(new Error('the folder has gone'));
  t.match(await live.event('log'), { isFollowing: false, problem: 'the folder has gone' });
});

t.test('only so many pages are open at once; one that is closed makes room', async (t) => {
  const stage = await startConsoleStage(t);
  const open = [];
  for (let at = 0; at < 5; at += 1) open.push(await liveOf(t, stage));
  const refused = await stage.ask('/api/live');
  t.equal(refused.status, 429);
  t.match(refused.json, { code: 'TooManyPages' });
  open[0]?.response.destroy();
  let next: Awaited<ReturnType<typeof liveOf>>;
  do next = await liveOf(t, stage);
  while (next.response.statusCode !== 200);
});

t.test('a page opens, and goes on, however large the state is', async (t) => {
  const { source, follows } = logOf(true);
  const stage = await startConsoleStage(t, { sources: { logs: source } });
  const line = (uploadId: string, versionId: string) =>
    JSON.stringify({
      time: new Date().toISOString(),
      service: 'acceptor',
      outcome: 'duplicate',
      uploadId,
      versionId,
    });
  for (let upload = 0; upload < 500; upload += 1)
    follows[0]?.onLines(
      // As JSON each of these characters takes six bytes.
      Array.from({ length: 20 }, (_, at) => line(`upload-${upload}`, `${at}${'\u0001'.repeat(190)}`)),
    );
  const live = await liveOf(t, stage);
  const { uploads } = await live.event('state', (_: { uploads: unknown[] }) => true);
  t.equal(uploads.length, 500);
  t.ok(JSON.stringify(uploads).length > 8 * 1024 * 1024);
  follows[0]?.onLines([issued('after')]);
  await live.event('upload', ({ uploadId }: { uploadId: string }) => uploadId === 'after');
});

t.test('a log that costs money is read when the user asks, and not before', async (t) => {
  const { source, follows } = logOf(false);
  const { ask } = await startConsoleStage(t, { sources: { logs: source } });
  t.match((await ask('/api/state')).json, { uploads: [], log: { isFollowing: false, canLoad: true } });
  t.equal(follows.length, 0);
  const completeSince = new Date(1_000).toISOString();
  t.strictSame((await ask('/api/log/load', { minutes: 15 })).json, { isCut: true, completeSince });
  t.match((await ask('/api/state')).json, {
    uploads: [{ uploadId: 'of-before' }],
    log: { cut: { since: completeSince } },
  });
  t.equal((await ask('/api/log/load', { minutes: 100_000 })).status, 400);
  await ask('/api/log/follow', {});
  await ask('/api/log/follow', {});
  t.equal(follows.length, 1, 'one at a time');
  await ask('/api/log/stop', {});
  t.equal(follows[0]?.signal.aborted, true);
  t.match((await ask('/api/state')).json, { log: { isFollowing: false, problem: undefined } });
});

t.test(
  'a live view that was stopped before it had begun has no problem, and leaves a later one alone',
  async (t) => {
    const ends: (() => void)[] = [];
    const source: LogSource = {
      name: 'the log',
      isFree: false,
      follow: (_onLines, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => ends.push(() => reject(new Error('Request aborted'))));
        }),
    };
    const { ask } = await startConsoleStage(t, { sources: { logs: source } });
    const log = async () =>
      (await ask('/api/state')).json['log'] as { isFollowing: boolean; problem?: string };
    await ask('/api/log/follow', {});
    await ask('/api/log/stop', {});
    ends[0]?.();
    t.match(await log(), { isFollowing: false, problem: undefined });
    await ask('/api/log/follow', {});
    await ask('/api/log/stop', {});
    await ask('/api/log/follow', {});
    ends[1]?.();
    t.match(await log(), { isFollowing: true, problem: undefined });
  },
);

t.test('metrics of their own source, or counted from the log', async (t) => {
  const { source, follows } = logOf(true);
  const counted = await startConsoleStage(t, { sources: { logs: source } });
  const metrics = { Timestamp: Date.now(), CloudWatchMetrics: [{ Metrics: [{ Name: 'UploadsIssued' }] }] };
  follows[0]?.onLines([JSON.stringify({ _aws: metrics, UploadsIssued: 3 })]);
  const { json } = await counted.ask('/api/metrics');
  t.equal(
    (json['minutes'] as { issued: number }[]).reduce((sum, { issued }) => sum + issued, 0),
    3,
  );
  const own = {
    name: 'own',
    refreshSeconds: 60,
    lastHour: async () => ({ minutes: [], leadTimeCounts: [1] }),
  };
  const asked = await startConsoleStage(t, { sources: { metrics: own } });
  t.match((await asked.ask('/api/metrics')).json, { leadTimeCounts: [1], minutes: [] });
});

t.test('a live view that costs money ends a minute after the last page was closed', async (t) => {
  const { source, follows } = logOf(false);
  const clock = manualTime();
  const stage = await startConsoleStage(t, { sources: { logs: source }, clock });
  const live = await liveOf(t, stage);
  await stage.ask('/api/log/follow', {});
  clock.pass(60_000);
  t.equal(follows[0]?.signal.aborted, false, 'a page is open');
  live.response.destroy();
  // The console sees the end of the page some requests later.
  while (!follows[0]?.signal.aborted) {
    await stage.ask('/api/state');
    clock.pass(60_000);
  }
  t.match((await stage.ask('/api/state')).json, { log: { isFollowing: false } });
});

t.test('all pages share one request for metrics, until it is worth asking again', async (t) => {
  const clock = manualTime();
  let requests = 0;
  const metrics = {
    name: 'own',
    refreshSeconds: 60,
    async lastHour() {
      requests += 1;
      if (requests === 1) throw new Error('not now');
      return { minutes: [], leadTimeCounts: [requests] };
    },
  };
  const { ask } = await startConsoleStage(t, { sources: { metrics }, clock });
  t.equal((await ask('/api/metrics')).status, 502, 'a failure is not kept');
  for (const _page of [1, 2, 3]) t.match((await ask('/api/metrics')).json, { leadTimeCounts: [2] });
  clock.pass(60_000);
  t.match((await ask('/api/metrics')).json, { leadTimeCounts: [3] });
});

t.test('everything under the key of an upload, with its trace; no secret of its link', async (t) => {
  const version = { versionId: 'v2', eTag: 'e', sizeBytes: 1, storedAt: new Date(0) };
  const observed = { ...version, kind: 'duplicate' as const, recordedAt: new Date(0), reported: true };
  const found: Record<string, UploadDossier> = {
    'a b': {
      upload: UPLOAD,
      observedVersions: [
        { ...observed, key: 'uploads/a b' },
        { ...observed, kind: 'orphan', key: 'accepted/a b' },
      ],
      tallies: [
        {
          key: 'uploads/a b',
          kind: 'duplicate',
          keptVersionIds: new Set(['v2']),
          surplus: 3,
          surplusReported: 0,
        },
      ],
      link: { apiKeyId: 'key-1', createdAt: new Date(0), title: 'A file' },
    },
  };
  const nothing: UploadDossier = { upload: undefined, observedVersions: [], tallies: [], link: undefined };
  const asked: string[] = [];
  const { ask } = await startConsoleStage(t, {
    sources: {
      uploads: {
        name: 'uploads',
        byId: async (id) => found[id] ?? nothing,
        page: async () => ({ uploads: [], observedVersions: [], next: undefined }),
      },
      traces: {
        name: 'traces',
        async spans(traceId) {
          asked.push(traceId);
          throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
        },
      },
    },
  });
  const { status, json } = await ask('/api/uploads/a%20b');
  t.equal(status, 200);
  t.match(json, {
    upload: { id: 'a b', state: 'ISSUED', apiKeyId: 'key-1', metadata: { order: '7' } },
    observedVersions: [
      { kind: 'duplicate', uploadId: 'a b' },
      { kind: 'orphan', uploadId: 'a b' },
    ],
    tallies: [{ kind: 'duplicate', kept: 1, surplus: 3 }],
    link: { title: 'A file' },
    moments: [{ name: 'issue' }],
    traceId: 'a'.repeat(32),
    trace: { bars: [], problem: /^the connection failed/ },
  });
  t.strictSame(asked, ['a'.repeat(32)]);
  t.equal((await ask('/api/uploads/none')).status, 404);
});

t.test('a redrive needs a preview that is new, and each preview is good once', async (t) => {
  const row = (messageId: string): DeadLetterRow => ({
    messageId,
    what: 'upload',
    uploadId: 'a',
    versionId: 'v',
    receiveCount: 1,
    sentAt: new Date(0),
    state: undefined,
    reason: undefined,
  });
  const moved: unknown[] = [];
  const rows = [row('m1'), row('m2'), row('m2')];
  const deadLetters = {
    look: async () => ({ rows, visible: 2, hidden: 0, plan: 'moves 2' }),
    async redrive(queue: string, messageIds: readonly string[]) {
      moved.push([queue, messageIds]);
      return { outcomes: { moved: 2 }, remarks: [], isStopped: false };
    },
  };
  const clock = manualTime();
  const { ask } = await startConsoleStage(t, { isWritable: true, sources: { deadLetters }, clock });
  const move = async (queue: string, previewId: unknown) =>
    (await ask(`/api/redrive/${queue}`, { previewId })).status;
  const look = async () => (await ask('/api/dead-letters/uploads', {})).json['previewId'];
  t.equal((await ask('/api/redrive/uploads', {})).status, 409);
  const { json: first } = await ask('/api/dead-letters/uploads', {});
  t.equal(first['plan'], 'moves 2');
  t.equal(await move('accepted', first['previewId']), 409, 'of another queue');
  const ofAnotherPage = await look();
  t.strictSame((await ask('/api/redrive/uploads', { previewId: first['previewId'] })).json, {
    outcomes: { moved: 2 },
    remarks: [],
    isStopped: false,
  });
  t.equal(await move('uploads', first['previewId']), 409, 'it is good once');
  t.equal(await move('uploads', ofAnotherPage), 200, 'a page’s look leaves that of another page alone');
  const old = await look();
  clock.pass(10 * 60_000 + 1_000);
  t.equal(await move('uploads', old), 409, 'after ten minutes');
  moved.pop();
  t.equal((await ask('/api/dead-letters/webhooks', {})).status, 404);
  t.equal((await ask('/api/queues/constructor')).status, 404);
  t.strictSame(moved, [['uploads', ['m1', 'm2']]]);
});

t.test('the result of a redrive is there for a page that comes later, and also why one failed', async (t) => {
  const ends: { resolve: (result: RedriveResult) => void; reject: (error: Error) => void }[] = [];
  const deadLetters = {
    look: async () => ({ rows: [], visible: 0, hidden: 0, plan: 'moves 0' }),
    redrive: () => new Promise<RedriveResult>((resolve, reject) => void ends.push({ resolve, reject })),
  };
  const { ask } = await startConsoleStage(t, { isWritable: true, sources: { deadLetters } });
  const last = async () => (await ask('/api/queues/uploads')).json['redrive'] as Record<string, unknown>;
  const redrive = async () => {
    const { previewId } = (await ask('/api/dead-letters/uploads', {})).json;
    return ask('/api/redrive/uploads', { previewId });
  };
  t.equal(await last(), undefined);
  const first = redrive();
  await eventually(last, (redrive) => redrive !== undefined);
  t.strictSame(Object.keys(await last()), ['startedAt'], 'it runs');
  t.match((await redrive()).json, { code: 'UnderWay' });
  const result = { outcomes: { moved: 3 }, remarks: ['one'], isStopped: false };
  ends[0]?.resolve(result);
  await first;
  t.match(await last(), { startedAt: String, endedAt: String, result });
  const second = redrive();
  await eventually(
    async () => ends.length,
    (count) => count === 2,
  );
  ends[1]?.reject(new Error('the queue has gone'));
  t.equal((await second).status, 502);
  t.match(await last(), { endedAt: String, problem: 'the queue has gone' });
  t.equal((await ask('/api/queues/accepted')).json['redrive'], undefined, 'another queue had none');
});

t.test('stopped, the console waits for the batch of a redrive that is under way, and says so', async (t) => {
  const begun = Promise.withResolvers<AbortSignal>();
  const batch = Promise.withResolvers<RedriveResult>();
  const deadLetters = {
    look: async () => ({ rows: [], visible: 0, hidden: 0, plan: 'moves 0' }),
    redrive(_queue: string, _ids: readonly string[], signal: AbortSignal) {
      begun.resolve(signal);
      return batch.promise;
    },
  };
  const { ask, stop } = await startConsoleStage(t, { isWritable: true, sources: { deadLetters } });
  const { previewId } = (await ask('/api/dead-letters/uploads', {})).json;
  void ask('/api/redrive/uploads', { previewId }).catch(() => {});
  const signal = await begun.promise;
  const words: string[] = [];
  const stopped = stop((each) => words.push(each)).then(() => words.push('stopped'));
  t.equal(signal.aborted, true);
  await new Promise((resolve) => setImmediate(resolve));
  t.strictSame(words, ['the redrive of the queue "uploads" ends behind the batch that is under way']);
  batch.resolve({ outcomes: { moved: 3, failed: 1 }, remarks: [], isStopped: true });
  await stopped;
  t.strictSame(words.slice(1), [
    'the redrive of the queue "uploads" has ended: 3 moved, 1 failed',
    'stopped',
  ]);
});

t.test('a redrive that does not end holds the console up for half a minute, and no longer', async (t) => {
  const begun = Promise.withResolvers<void>();
  const batch = Promise.withResolvers<RedriveResult>();
  const deadLetters = {
    look: async () => ({ rows: [], visible: 0, hidden: 0, plan: 'moves 0' }),
    redrive() {
      begun.resolve();
      return batch.promise;
    },
  };
  const time = manualTime(30_000);
  const { ask, stop } = await startConsoleStage(t, {
    isWritable: true,
    sources: { deadLetters },
    clock: time,
  });
  const { previewId } = (await ask('/api/dead-letters/uploads', {})).json;
  void ask('/api/redrive/uploads', { previewId }).catch(() => {});
  await begun.promise;
  const words: string[] = [];
  const stopped = stop((each) => words.push(each));
  time.pass(30_000);
  await stopped;
  t.match(words[1], /has not ended after 30 s/);
  batch.resolve({ outcomes: {}, remarks: [], isStopped: true });
});

const FINDING: AuditFinding = {
  kind: 'stuck',
  uploadId: 'a',
  key: 'uploads/a',
  versionId: 'v',
  state: 'CLAIMED',
  since: new Date(0),
  detail: 'it is stuck',
  outcome: undefined,
  remark: '',
};
type ShownAudit = {
  id: number;
  isRunning: boolean;
  isRepair: boolean;
  found: number;
  findings: unknown[];
  remark: string;
  problem?: string;
  isStopped: boolean;
  lastRepair?: unknown;
};

/** A console whose audits end when the test says so. */
async function startAuditStage(t: Test) {
  const orders: (AuditOrder & { end: (remark: string) => void; fail: (error: Error) => void })[] = [];
  const begun: (() => void)[] = [];
  const audit = {
    run: (order: AuditOrder) =>
      new Promise<string>((end, fail) => {
        orders.push({ ...order, end, fail });
        for (const call of begun) call();
      }),
  };
  const clock = manualTime();
  const stage = await startConsoleStage(t, { isWritable: true, sources: { audit }, clock });
  const live = await liveOf(t, stage);
  return {
    ...stage,
    clock,
    orders,
    async order(at: number) {
      while (!orders[at]) await new Promise<void>((resolve) => begun.push(resolve));
      return orders[at];
    },
    start: async () => (await stage.ask('/api/audit/start', { olderThanMinutes: 15 })).json['id'] as number,
    repair: (auditId: unknown) => stage.ask('/api/audit/repair', { auditId }),
    ended: (id: number) => live.event('audit', (audit: ShownAudit) => audit.id === id && !audit.isRunning),
  };
}

t.test('while an audit or a repair runs, no other one begins, and none is ended by it', async (t) => {
  const { ask, orders, order, start, repair, ended } = await startAuditStage(t);
  t.equal((await ask('/api/audit/start', { olderThanMinutes: -1 })).status, 400);
  const begun = (await ask('/api/audit/start', { olderThanMinutes: 15 })).json;
  t.match(begun, { isRunning: true, isRepair: false, startedAt: /Z$/ });
  const refused = { status: 409, json: { code: 'UnderWay', message: /^an audit runs/ } };
  t.match(await ask('/api/audit/start', { olderThanMinutes: 1 }), refused);
  const audit = await order(0);
  t.equal(audit.signal.aborted, false);
  for (let at = 0; at < 1_200; at += 1) audit.onFinding(FINDING);
  audit.onProgress({ versions: 1_200, items: 5, tooYoung: 1, leased: 0 });
  audit.end('that is all');
  const id = begun['id'] as number;
  const shown = await ended(id);
  t.match(shown, { found: 1_200, remark: 'that is all', endedAt: /Z$/, progress: { versions: 1_200 } });
  t.equal(shown.findings.length, 1_000);
  await repair(id);
  const repairing = await order(1);
  const during = await ask('/api/audit/start', { olderThanMinutes: 1 });
  t.match(during, { status: 409, json: { message: /^a repair runs/ } });
  t.equal(repairing.signal.aborted, false);
  t.equal(orders.length, 2);
  repairing.end('');
  await ended(id + 1);
  t.equal(await start(), id + 2);
});

t.test('the results of the last repair stay, whatever audit runs later', async (t) => {
  const { ask, order, start, repair, ended } = await startAuditStage(t);
  const id = await start();
  (await order(0)).onFinding(FINDING);
  (await order(0)).end('');
  t.equal((await ended(id)).lastRepair, undefined);
  await repair(id);
  (await order(1)).onFinding({ ...FINDING, outcome: 'sent' });
  (await order(1)).end('');
  await ended(id + 1);
  const lastRepair = { id: id + 1, isRepair: true, found: 1, findings: [{ outcome: 'sent' }] };
  for (const at of [2, 3]) {
    const later = await start();
    t.match((await ask('/api/state')).json, { audit: { id: later, isRepair: false, lastRepair } });
    (await order(at)).end('');
    t.match(await ended(later), { lastRepair });
  }
});

t.test('stopped, the console waits for a repair, and not for an audit, which changes nothing', async (t) => {
  const { order, start, repair, ended, stop } = await startAuditStage(t);
  const id = await start();
  (await order(0)).onFinding(FINDING);
  (await order(0)).end('');
  await ended(id);
  await repair(id);
  const repairing = await order(1);
  repairing.onFinding({ ...FINDING, outcome: 'sent' });
  const words: string[] = [];
  const stopped = stop((each) => words.push(each)).then(() => words.push('stopped'));
  t.equal(repairing.signal.aborted, true);
  await new Promise((resolve) => setImmediate(resolve));
  t.strictSame(words, ['the repair ends behind the batch that is under way']);
  repairing.end('');
  await stopped;
  t.strictSame(words.slice(1), ['the repair has ended: 1 sent', 'stopped']);
  const other = await startAuditStage(t);
  await other.start();
  await other.order(0);
  await other.stop((each) => t.fail(each));
});

t.test('a repair is for the findings of one audit that came to its end', async (t) => {
  const { ask, order, start, repair, ended } = await startAuditStage(t);
  t.equal((await repair(1)).status, 409, 'there was none');
  const id = await start();
  const audit = await order(0);
  t.equal((await repair(id)).status, 409, 'it runs still');
  audit.onFinding(FINDING);
  audit.end('');
  await ended(id);
  t.equal((await repair(id + 1)).status, 409, 'another one');
  t.equal((await repair(undefined)).status, 409, 'none is named');
  const repaired = await repair(id);
  t.match(repaired.json, { isRunning: true, isRepair: true, olderThanMinutes: 15 });
  const repairing = await order(1);
  t.match(repairing.repairOnly, [{ key: 'uploads/a', versionId: 'v' }]);
  t.equal(repairing.repairOnly?.length, 1);
  repairing.end('');
  const repairId = repaired.json['id'] as number;
  await ended(repairId);
  t.equal((await repair(repairId)).status, 409, 'a repair shows nothing that can be repaired');
  await ask('/api/audit/stop', {});
});

t.test(
  'an audit that was stopped, that failed, or that is old shows nothing that can be repaired',
  async (t) => {
    const { ask, order, start, repair, ended, clock } = await startAuditStage(t);
    const stopped = await start();
    const first = await order(0);
    first.onFinding(FINDING);
    await ask('/api/audit/stop', {});
    first.end('');
    t.match(await ended(stopped), { problem: 'it was stopped before its end', isStopped: true });
    t.equal((await repair(stopped)).status, 409);
    const failed = await start();
    (await order(1)).fail(Object.assign(new Error('no'), { name: 'AccessDenied' }));
    t.match(await ended(failed), { problem: /^AWS does not allow this/, isStopped: false });
    t.equal((await repair(failed)).status, 409);
    const old = await start();
    (await order(2)).end('');
    await ended(old);
    clock.pass(10 * 60_000 + 1);
    t.equal((await repair(old)).status, 409);
  },
);

t.test('what a button uploaded, and S3 refused, is seen with the upload', async (t) => {
  const trials = {
    run: async () => ({ uploadId: 'tampered', steps: ['S3 refused it'], refusal: 'S3 refused it' }),
  };
  const { ask } = await startConsoleStage(t, { isWritable: true, sources: { trials } });
  t.match((await ask('/api/trials/tampered', {})).json, { uploadId: 'tampered' });
  t.equal((await ask('/api/trials/other', {})).status, 404);
  t.match((await ask('/api/state')).json, {
    hasTrials: true,
    uploads: [{ uploadId: 'tampered', refusals: ['S3 refused it'] }],
  });
});

t.test('a failure of AWS is said in plain words', async (t) => {
  const state = async () => {
    throw Object.assign(new Error('x'), { name: 'ExpiredToken' });
  };
  const { ask } = await startConsoleStage(t, { sources: { queues: { queues: ['uploads'], state } } });
  const { status, json } = await ask('/api/queues/uploads');
  t.equal(status, 502);
  t.match(json, { message: /^your AWS credentials have expired/ });
});
