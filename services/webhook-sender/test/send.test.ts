import { uploadIdOf } from '@upload-once/uploads';
import { Webhook } from 'standardwebhooks';
import t from 'tap';
import { startWebhookReceiver } from '../../../test/support/webhook-receiver.ts';
import { LAST_ATTEMPT } from '../src/attempt-schedule.ts';
import { writeRetry } from '../src/message.ts';
import { WebhookType } from '../src/webhook-event.ts';
import { createHarness, endpointAt, SECRET } from './harness.ts';

const HOUR_MS = 3_600_000;
const TIME = /^1970-01-01T00:\d\d:\d\d\.\d{3}Z$/;

t.test('a processed upload: what GET /v1/uploads/{id} says, and where the file is', async (t) => {
  const { upload, processed, deliver, receiver, clock, total, logLines } = await createHarness(t);
  const key = await upload();
  const message = processed(key);
  clock.advance(1_500);
  await deliver(message);
  const [webhook] = receiver.received.entries;
  const { path, headers = {}, body = '' } = webhook ?? {};
  t.equal(path, '/hooks?token=hidden');
  t.match(headers, {
    'content-type': 'application/json',
    'user-agent': 'upload-once/test',
    'webhook-timestamp': String(Math.floor(clock.now().getTime() / 1000)),
    'webhook-id': /^msg_/,
  });
  const verifier = new Webhook(`whsec_${SECRET.toString('base64')}`);
  t.equal(headers['webhook-signature'], verifier.sign(headers['webhook-id'] ?? '', clock.now(), body));
  const { type, timestamp, data } = JSON.parse(body);
  t.strictSame(
    [type, timestamp],
    ['upload.processed', new Date(clock.now().getTime() - 1_500).toISOString()],
  );
  t.match(data, {
    id: key.replace('uploads/', ''),
    state: 'PROCESSED',
    method: 'post',
    filename: 'Zählerstand.pdf',
    metadata: { customer: '42' },
    sizeBytes: 7,
    eTag: '"e"',
    issuedAt: TIME,
    storedAt: TIME,
    acceptedAt: TIME,
    processedAt: TIME,
    bucket: 'bucket',
    acceptedKey: key.replace('uploads/', 'accepted/'),
    acceptedVersionId: 'a1',
  });
  t.notOk('downloadUrl' in data);
  t.notMatch(body, /lease|token|traceparent|apiKey/i, 'nothing of the inside');
  t.strictSame(
    [total('WebhooksDelivered'), total('WebhookLeadTime'), total('WebhookAttemptsFailed')],
    [1, 1_500, 0],
  );
  t.match(logLines, [
    {
      level: 'info',
      msg: 'webhook delivered',
      uploadId: uploadIdOf(key),
      type: 'upload.processed',
      host: new URL(receiver.origin).host,
      attempt: 1,
      traceId: /^[0-9a-f]{32}$/,
      durationMs: Number,
      outcome: 'delivered',
    },
  ]);
  t.notMatch(JSON.stringify(logLines), /hidden/, 'not the path or the query of the URL');
});

t.test('a URL by which the accepted file can be read, where it is configured', async (t) => {
  const { upload, processed, failed, deliver, receiver } = await createHarness(t, {
    downloadUrlOf: async ({ key, versionId }) => `https://bucket.example/${key}?versionId=${versionId}`,
  });
  const key = await upload();
  await deliver(processed(key));
  await deliver(failed(await upload('PROCESSING')));
  const [first, second] = receiver.received.entries.map(({ body }) => JSON.parse(body).data);
  t.equal(first.downloadUrl, `https://bucket.example/${key.replace('uploads/', 'accepted/')}?versionId=a1`);
  t.notOk('downloadUrl' in second);
});

t.test('a failed upload is FAILED for its receiver, though that is recorded only later', async (t) => {
  const { upload, failed, deliver, receiver, clock } = await createHarness(t);
  const key = await upload('PROCESSING');
  await deliver(failed(key, 'no PDF'));
  t.match(JSON.parse(receiver.received.entries[0]?.body ?? ''), {
    type: 'upload.failed',
    data: { state: 'FAILED', failedAt: clock.now().toISOString(), failureReason: 'no PDF' },
  });
});

t.test('an upload that fails again after a redrive is a webhook of its own', async (t) => {
  const { upload, failed, deliver, receiver } = await createHarness(t);
  const key = await upload('PROCESSING');
  const first = failed(key);
  for (const message of [first, failed(key, 'no PDF', 2), first]) await deliver(message);
  const ids = receiver.received.entries.map(({ headers }) => headers['webhook-id']);
  t.equal(ids[2], ids[0], 'the same failure again');
  t.not(ids[1], ids[0]);
});

t.test('a failure that a redrive has made up for is not sent, also where its event waited', async (t) => {
  const { upload, uploads, failed, processed, postponed, deliver, receiver, clock, total } =
    await createHarness(t);
  const key = await upload('PROCESSING');
  receiver.respond((response) => response.writeHead(500).end());
  const { seconds, body } = await postponed(failed(key));
  await uploads.finish(key, 1);
  clock.advance(seconds * 1000);
  receiver.respond((response) => response.writeHead(204).end());
  await deliver(body);
  t.equal(receiver.received.entries.length, 1);
  t.strictSame([total('WebhooksUnsent'), total('WebhooksDelivered')], [1, 0]);
  await deliver(processed(key));
  t.match(JSON.parse(receiver.received.entries[1]?.body ?? ''), { type: 'upload.processed' });
});

t.test('a duplicate is described beside the upload itself; no other report is sent', async (t) => {
  const { upload, duplicate, deliver, receiver, clock } = await createHarness(t);
  const key = await upload();
  const report = duplicate(key);
  await deliver(report);
  await deliver(report.replaceAll('duplicate', 'refused'));
  t.match(
    receiver.received.entries.map(({ body }) => JSON.parse(body)),
    [
      {
        type: 'upload.duplicate',
        data: {
          state: 'PROCESSED',
          sizeBytes: 7,
          duplicate: { versionId: 'v2', sizeBytes: 9, storedAt: clock.now().toISOString() },
        },
      },
    ],
  );
  t.equal(receiver.received.entries.length, 1);
});

t.test('an event without an endpoint is done, and counted', async (t) => {
  const { upload, processed, deliver, receiver, total } = await createHarness(t, { default: undefined });
  await deliver(processed(await upload()));
  t.equal(total('WebhooksUnsent'), 1);
  t.strictSame(receiver.received.entries, []);
});

t.test(
  'an event that its endpoint does not want is done, and is none of those that find no endpoint',
  async (t) => {
    const receiver = await startWebhookReceiver(t);
    const types = new Set([WebhookType.failed]);
    const { upload, processed, deliver, total } = await createHarness(t, {
      default: endpointAt(receiver, { types }),
    });
    await deliver(processed(await upload()));
    t.equal(total('WebhooksUnsent'), 0);
    t.strictSame(receiver.received.entries, []);
  },
);

t.test('an event whose upload is not on record is a dead letter', async (t) => {
  const { processed, deliver } = await createHarness(t);
  await t.rejects(deliver(processed('uploads/none')), { code: 'Unprocessable' });
});

t.test('a table that fails is no failed attempt: the message comes back as any other', async (t) => {
  const { upload, processed, deliver, faults, receiver, total } = await createHarness(t);
  const message = processed(await upload());
  faults.failNext('before', 'get', new Error('throttled'));
  await t.rejects(deliver(message), { message: 'throttled' });
  t.strictSame(receiver.received.entries, []);
  await deliver(message);
  t.equal(total('WebhookAttemptsFailed'), 0);
});

t.test('an attempt that fails is followed by another at its time, with the same id', async (t) => {
  const { upload, processed, postponed, deliver, receiver, clock, total, logLines } = await createHarness(t);
  const key = await upload();
  receiver.respond((response) => response.writeHead(500).end());
  const { seconds, body } = await postponed(processed(key));
  t.equal(seconds, 5);
  t.match(JSON.parse(body), { schemaVersion: 1, event: { key }, attempt: 2 });
  t.equal((await postponed(body)).body, body, 'not yet');
  t.equal(receiver.received.entries.length, 1);
  clock.advance(5_000);
  const second = await postponed(body);
  t.equal(second.seconds, 300);
  clock.advance(300_000);
  receiver.respond((response) => response.writeHead(200).end());
  await deliver(second.body);
  const sent = receiver.received.entries.map(({ headers }) => headers);
  t.equal(new Set(sent.map((headers) => headers['webhook-id'])).size, 1);
  t.equal(new Set(sent.map((headers) => headers['webhook-signature'])).size, 3, 'each is signed anew');
  t.strictSame([total('WebhookAttemptsFailed'), total('WebhooksDelivered')], [2, 1]);
  const host = new URL(receiver.origin).host;
  t.match(logLines[0], {
    level: 'warn',
    uploadId: uploadIdOf(key),
    host,
    reason: 'it responded with 500',
    attempt: 1,
    nextAttemptAt: TIME,
    outcome: 'failed',
  });
  t.notMatch(JSON.stringify(logLines), /hidden/);
});

t.test('a long wait has several steps, and none of them is an attempt', async (t) => {
  const { upload, processed, postponed, deliver, receiver, clock } = await createHarness(t);
  receiver.respond((response) => response.writeHead(503, { 'retry-after': '2000' }).end());
  let { seconds, body } = await postponed(processed(await upload()));
  const first = body;
  for (const [at, wait] of [900, 900, 200].entries()) {
    t.equal(seconds, wait);
    t.equal(body, first);
    clock.advance(wait * 1000);
    if (at < 2) ({ seconds, body } = await postponed(body));
  }
  t.equal(receiver.received.entries.length, 1);
  receiver.respond((response) => response.writeHead(204).end());
  await deliver(body);
  t.equal(receiver.received.entries.length, 2);
});

t.test(
  'what fails through all attempts is a dead letter after three days, without another attempt',
  async (t) => {
    const { upload, processed, postponed, deliver, receiver, clock, logLines } = await createHarness(t);
    receiver.respond((response) => response.writeHead(307, { location: '/' }).end());
    let body = processed(await upload());
    const begunMs = clock.now().getTime();
    while (receiver.received.entries.length < LAST_ATTEMPT) {
      const next = await postponed(body);
      body = next.body;
      clock.advance(next.seconds * 1000);
    }
    t.ok(clock.now().getTime() - begunMs > 3 * 24 * HOUR_MS);
    const outcomes = logLines.map(({ outcome }) => outcome);
    t.strictSame(outcomes, [...Array.from({ length: LAST_ATTEMPT - 1 }, () => 'failed'), 'undelivered']);
    for (let receive = 1; receive <= 3; receive += 1)
      await t.rejects(deliver(body), { code: 'Unprocessable' });
    t.equal(receiver.received.entries.length, LAST_ATTEMPT);
  },
);

t.test(
  'an attempt that the table did not let begin is made with the next receive, the last one too',
  async (t) => {
    const { upload, processed, deliver, receiver, clock, faults } = await createHarness(t);
    const original = JSON.parse(processed(await upload()));
    for (const attempt of [1, LAST_ATTEMPT]) {
      const message = writeRetry(original, attempt, clock.now());
      faults.failNext('before', 'get', new Error('the table is away'));
      await t.rejects(deliver(message), { message: 'the table is away' });
      await deliver(message);
    }
    t.equal(receiver.received.entries.length, 2);
  },
);

t.test('an endpoint that is gone is sent nothing more, and its events are dead letters', async (t) => {
  const other = await startWebhookReceiver(t);
  const byApiKey = new Map([['other', endpointAt(other)]]);
  const { upload, processed, deliver, receiver, total, startSender } = await createHarness(t, { byApiKey });
  receiver.respond((response) => response.writeHead(410).end());
  const message = processed(await upload());
  for (let receive = 1; receive <= 3; receive += 1)
    await t.rejects(deliver(message), { code: 'Unprocessable', message: /is gone \(410\)/ });
  await t.rejects(deliver(processed(await upload())), { code: 'Unprocessable' });
  t.equal(receiver.received.entries.length, 1);
  t.equal(total('WebhookEndpointsGone'), 1);
  await deliver(processed(await upload('PROCESSED', 'other')));
  t.equal(other.received.entries.length, 1, 'other endpoints go on');
  receiver.respond((response) => response.writeHead(200).end());
  await deliver(message, { worker: startSender() });
  t.equal(receiver.received.entries.length, 2, 'a redrive after a deployment delivers it');
});

t.test('an endpoint that hangs has a part of the places, and the others go on', async (t) => {
  const other = await startWebhookReceiver(t);
  const byApiKey = new Map([['other', endpointAt(other)]]);
  const random = () => 0.5;
  const { upload, processed, postponed, deliver, receiver, clock, total } = await createHarness(t, {
    byApiKey,
    concurrency: 8,
    random,
  });
  receiver.respond(() => undefined);
  const messages = [processed(await upload()), processed(await upload()), processed(await upload())];
  const hanging = messages.slice(0, 2).map((message) => deliver(message));
  await receiver.received.until(({ length }) => length === 2);
  const busy = await postponed(messages[2] ?? '');
  t.equal(busy.seconds, 10);
  t.match(JSON.parse(busy.body), { attempt: 1 }, 'it waits, and counts no attempt');
  t.equal(total('WebhookAttemptsFailed'), 0);
  await deliver(processed(await upload('PROCESSED', 'other')));
  t.equal(other.received.entries.length, 1);
  clock.advance(15_000);
  for (const attempt of hanging) await t.rejects(attempt, { code: 'Postponed' });
  receiver.respond((response) => response.writeHead(200).end());
  await deliver(messages[2] ?? '');
});

t.test(
  'an event that waits for an endpoint that responds counts no attempt, however long it waits',
  async (t) => {
    const { upload, processed, postponed, deliver, receiver, clock } = await createHarness(t, {
      concurrency: 1,
    });
    const responses: (() => void)[] = [];
    receiver.respond((response) => void responses.push(() => response.writeHead(200).end()));
    let body = processed(await upload());
    for (let time = 1; time <= 3; time += 1) {
      const slow = deliver(processed(await upload()));
      await receiver.received.until(({ length }) => length === time);
      ({ body } = await postponed(body));
      t.match(JSON.parse(body), { attempt: 1 });
      responses.pop()?.();
      await slow;
      clock.advance(HOUR_MS);
    }
  },
);

t.test('however many endpoints hang, others go on', async (t) => {
  const good = await startWebhookReceiver(t);
  const receiver = await startWebhookReceiver(t);
  const ids = Array.from({ length: 8 }, (_, at) => `hanging-${at}`);
  const { upload, processed, postponed, deliver, clock } = await createHarness(t, {
    concurrency: 8,
    byApiKey: new Map(
      ids.map((id) => [id, { ...endpointAt(receiver), url: new URL(`${receiver.origin}/${id}`) }]),
    ),
    default: endpointAt(good),
  });
  receiver.respond(() => undefined);
  const messages = await Promise.all(ids.map(async (id) => processed(await upload('PROCESSED', id))));
  async function hang(some: readonly string[]) {
    const before = receiver.received.entries.length;
    const attempts = some.map((message) => deliver(message));
    await receiver.received.until(({ length }) => length === before + some.length);
    return async () => {
      clock.advance(15_000);
      for (const attempt of attempts) await t.rejects(attempt, { code: 'Postponed' });
    };
  }
  await (await hang(messages))();
  const end = await hang(messages.slice(0, 4));
  const [waiting = ''] = messages.slice(4);
  t.match(await postponed(waiting), { seconds: 120 }, 'half of the places are in use');
  t.match(await postponed(messages[0] ?? ''), { seconds: 120 }, 'each has one');
  await Promise.all(['a', 'b'].map(async (id) => deliver(processed(await upload('PROCESSED', id)))));
  t.equal(good.received.entries.length, 2);
  await end();
  receiver.respond((response) => response.writeHead(204).end());
  for (const message of messages) await deliver(message);
  await t.resolves(
    Promise.all([deliver(waiting), deliver(waiting)]),
    'one that responds has its places again',
  );
});

t.test(
  'an event that finds no place at an endpoint that does not respond has failed after ten minutes, and ends',
  async (t) => {
    const { upload, processed, postponed, deliver, receiver, clock } = await createHarness(t);
    receiver.respond(() => undefined);
    /** While an attempt of another event hangs, which ends before this does. */
    async function whileOneHangs(work: () => Promise<void>): Promise<void> {
      const before = receiver.received.entries.length;
      const hanging = deliver(processed(await upload()));
      await receiver.received.until(({ length }) => length === before + 1);
      await work();
      clock.advance(15_000);
      await t.rejects(hanging, { code: 'Postponed' });
    }
    await whileOneHangs(async () => undefined);
    let body = processed(await upload());
    await whileOneHangs(async () => {
      clock.advance(HOUR_MS);
      ({ body } = await postponed(body));
      t.match(
        JSON.parse(body),
        { attempt: 1 },
        'it waits from now on, however old it is, and counts no attempt',
      );
    });
    for (let attempt = 1; attempt <= LAST_ATTEMPT; attempt += 1) {
      clock.advance(26 * HOUR_MS);
      await whileOneHangs(async () => {
        ({ body } = await postponed(body));
        if (attempt < LAST_ATTEMPT) t.match(JSON.parse(body), { attempt: attempt + 1 });
      });
    }
    await t.rejects(deliver(body), { code: 'Unprocessable' });
  },
);

t.test('an endpoint that has no other beside it has all places', async (t) => {
  const { upload, processed, deliver, receiver } = await createHarness(t, { concurrency: 4 });
  const waiting: (() => void)[] = [];
  receiver.respond((response) => void waiting.push(() => response.writeHead(204).end()));
  const messages = await Promise.all(Array.from({ length: 4 }, () => upload()));
  const attempts = messages.map((key) => deliver(processed(key)));
  await receiver.received.until(({ length }) => length === 4);
  for (const respond of waiting) respond();
  await t.resolves(Promise.all(attempts));
});

t.test('an attempt that a stop cuts off has not failed', async (t) => {
  const { upload, processed, deliver, receiver, total } = await createHarness(t);
  receiver.respond(() => undefined);
  const stop = new AbortController();
  const attempt = deliver(processed(await upload()), { signal: stop.signal });
  await receiver.received.until(({ length }) => length === 1);
  const reason = new Error('the service stops');
  stop.abort(reason);
  await t.rejects(attempt, reason);
  t.equal(total('WebhookAttemptsFailed'), 0);
});

t.test('an address that is not public is a failed attempt, and the log says why', async (t) => {
  const { origin } = await startWebhookReceiver(t);
  const forbidden = endpointAt({ origin: origin.replace('http:', 'https:') }, { isAllowed: false });
  const { upload, processed, postponed, logLines, total } = await createHarness(t, { default: forbidden });
  await postponed(processed(await upload()));
  t.match(logLines, [{ level: 'warn', reason: '127.0.0.1 is no public address' }]);
  t.equal(total('WebhookAttemptsFailed'), 1);
});
