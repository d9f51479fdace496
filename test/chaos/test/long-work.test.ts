import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { requestUpload, type UploadForm } from '@upload-once/client';
import { waitFor } from '@upload-once/local-stack/outcome.ts';
import { acceptedKeyOf, type Upload } from '@upload-once/uploads';
import t, { type Test } from 'tap';
import { listenForHandlers } from '../../support/handler-calls.ts';
import { brokenPromisesOf } from '../src/broken-promises.ts';
import { contentOf } from '../src/content.ts';
import { type FaultStack, startFaultStack } from '../src/fault-stack.ts';
import { lookFromOutside, type Outside } from '../src/outside.ts';
import { PASS } from '../src/proxy/call-outcome.ts';
import type { ServiceUnderFaults } from '../src/service-under-faults.ts';

const HANDLER = fileURLToPath(
  new URL('../../../services/processor/test/fixtures/call-test.ts', import.meta.url),
);
/** Half of it is what a process may go without a core before its lease and its messages run out under it. */
const VISIBILITY_SECONDS = 4;
/** Each heartbeat comes after half a visibility timeout: with the seventh on its way three of them are over. */
const HEARTBEATS = 7;
const HEARTBEAT = 'sqs ChangeMessageVisibility';

/** Decides nothing: tap's own, half a minute, would break the file off where it runs by itself. */
t.setTimeout(600_000);

const content = contentOf(Buffer.from('long work'), 'long');

async function startStack(
  t: Test,
  { maxReceiveCount = 10 } = {},
): Promise<{ stack: FaultStack; outside: Outside }> {
  const stack = await startFaultStack({
    logFolder: t.testdir(),
    visibilitySeconds: VISIBILITY_SECONDS,
    maxReceiveCount,
  });
  const outside = lookFromOutside(stack);
  t.teardown(async () => {
    await stack.stop();
    outside.close();
  });
  return { stack, outside };
}

/** Resolves when both queues are empty. */
async function untilQuiet({ stack, outside }: { stack: FaultStack; outside: Outside }): Promise<void> {
  for (const queue of [stack.queues.uploadEvents, stack.queues.acceptedEvents]) {
    await waitFor(
      () => outside.depthOf(queue),
      (depth) => depth === 0,
      (depth) => `${depth} messages are left in ${queue}`,
    );
  }
}

function uploadOf({ uploads }: Outside, key: string, isThere: (upload: Upload) => boolean) {
  return waitFor(
    () => uploads.get(key),
    (upload) => upload !== undefined && isThere(upload),
    (upload) => `${key} is ${JSON.stringify(upload)}`,
  ) as Promise<Upload>;
}

/** Resolves with the next so many heartbeats of a service. */
function heartbeats(service: ServiceUnderFaults, count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  service.proxy.judge((call) => {
    if (call.name === HEARTBEAT) seen += 1;
    if (seen >= count) resolve();
    return PASS;
  });
  return promise;
}

t.test(
  'P3: a copy of several visibility timeouts is made once, and its message kept all the while',
  async (t) => {
    const { stack, outside } = await startStack(t);
    const [acceptor, second, processor] = [
      await stack.add('acceptor'),
      await stack.add('acceptor', {}, 'acceptor-2'),
      await stack.add('processor'),
    ];
    await Promise.all([acceptor, second, processor].map((service) => service.start()));
    const copying = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    let seen = 0;
    for (const { proxy } of [acceptor, second]) {
      proxy.judge(async ({ name }) => {
        if (name === 's3 CopyObject') {
          copying.resolve();
          await release.promise;
        }
        if (name === HEARTBEAT) seen += 1;
        if (seen === HEARTBEATS) release.resolve();
        return PASS;
      });
    }
    const key = await outside.issue();
    const versionId = await outside.put(key, content);
    await copying.promise;
    await release.promise;
    await uploadOf(outside, key, ({ state }) => state === 'PROCESSED');
    await untilQuiet({ stack, outside });
    t.strictSame(await brokenPromisesOf(outside, { key, versions: [{ versionId, content }] }), []);
    const copies = (service: ServiceUnderFaults) => service.proxy.counts.get('s3 CopyObject') ?? 0;
    t.equal(copies(acceptor) + copies(second), 1, 'no other worker received its message');
  },
);

t.test('P3: a handler of several visibility timeouts runs once, under one lease', async (t) => {
  const { stack, outside } = await startStack(t);
  const calls = await listenForHandlers(t);
  const settings = { PROCESSOR_HANDLER: HANDLER, TEST_URL: calls.url };
  const acceptor = await stack.add('acceptor');
  const processor = await stack.add('processor', settings);
  await Promise.all([acceptor.start(), processor.start()]);
  const key = await outside.issue();
  const versionId = await outside.put(key, content);
  const call = await calls.call(1);
  const leaseAtFirst = await uploadOf(outside, key, ({ state }) => state === 'PROCESSING');
  await heartbeats(processor, HEARTBEATS);
  const leaseNow = await outside.uploads.get(key);
  t.ok(
    Number(leaseNow?.leaseExpiresAt) - Number(leaseAtFirst.leaseExpiresAt) >= VISIBILITY_SECONDS * 1000,
    'its lease was renewed all the while',
  );
  call.succeed();
  t.match(await uploadOf(outside, key, ({ state }) => state === 'PROCESSED'), { attempt: 1 });
  await untilQuiet({ stack, outside });
  t.equal(calls.all.length, 1);
  t.strictSame(await brokenPromisesOf(outside, { key, versions: [{ versionId, content }] }), []);
});

t.test('P3: handlers that more deploys cut off than a queue allows receives end well', async (t) => {
  const { stack, outside } = await startStack(t, { maxReceiveCount: 2 });
  const calls = await listenForHandlers(t);
  const settings = { PROCESSOR_HANDLER: HANDLER, TEST_URL: calls.url, DRAIN_LIMIT_SECONDS: '1' };
  const acceptor = await stack.add('acceptor');
  const processor = await stack.add('processor', settings);
  await Promise.all([acceptor.start(), processor.start()]);
  const uploads = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const key = await outside.issue();
      return { key, versions: [{ versionId: await outside.put(key, content), content }] };
    }),
  );
  const deploys = 3;
  for (let deploy = 1; deploy <= deploys; deploy += 1) {
    await calls.call(uploads.length * deploy);
    t.strictSame(await processor.stop(), { code: 0, signal: null });
    await processor.start();
  }
  await calls.call(uploads.length * (deploys + 1));
  for (const call of calls.all.slice(-uploads.length)) call.succeed();
  for (const upload of uploads) {
    const { attempt } = await uploadOf(outside, upload.key, ({ state }) => state === 'PROCESSED');
    t.equal(attempt, deploys + 1);
  }
  await untilQuiet({ stack, outside });
  for (const upload of uploads) t.strictSame(await brokenPromisesOf(outside, upload), []);
  t.equal(await outside.depthOf(stack.queues.acceptedEventsDeadLetter), 0);
  t.equal(processor.total('MessagesDeadLettered'), 0);
});

t.test(
  'P3: a processor that was frozen past its lease changes nothing of what another finished',
  async (t) => {
    const { stack, outside } = await startStack(t);
    const [ofFrozen, ofTaker] = await Promise.all([listenForHandlers(t), listenForHandlers(t)]);
    const acceptor = await stack.add('acceptor');
    const frozen = await stack.add(
      'processor',
      { PROCESSOR_HANDLER: HANDLER, TEST_URL: ofFrozen.url },
      'frozen',
    );
    const taker = await stack.add(
      'processor',
      { PROCESSOR_HANDLER: HANDLER, TEST_URL: ofTaker.url },
      'taker',
    );
    await Promise.all([acceptor.start(), frozen.start()]);

    for (const end of ['succeed', 'fail'] as const) {
      const number = ofFrozen.all.length + 1;
      const key = await outside.issue();
      const versionId = await outside.put(key, content);
      const call = await ofFrozen.call(number);
      frozen.signal('SIGSTOP');
      // The response for the frozen handler is ready: the handler reads it first when it wakes up.
      if (end === 'succeed') call.succeed();
      else call.fail('the frozen one has failed');
      await taker.start();
      const taken = await ofTaker.call(number);
      t.match(taken.given, { attempt: 2 });
      t.match(await outside.uploads.get(key), { state: 'PROCESSING', attempt: 2 });

      const over = frozen.nextLine(({ msg = '' }) =>
        /^message may be handled elsewhere|finished too late/.test(msg),
      );
      frozen.signal('SIGCONT');
      await over;
      await frozen.stop();
      t.match(
        await outside.uploads.get(key),
        { state: 'PROCESSING', attempt: 2 },
        `the frozen one’s ${end} changed nothing`,
      );
      taken.succeed();
      const done = await uploadOf(outside, key, ({ state }) => state === 'PROCESSED');
      t.match(done, { attempt: 2 });
      t.equal(done.failureReason, undefined);
      await untilQuiet({ stack, outside });
      t.strictSame(await brokenPromisesOf(outside, { key, versions: [{ versionId, content }] }), []);
      t.equal(await outside.depthOf(stack.queues.acceptedEventsDeadLetter), 0);
      await taker.stop();
      await frozen.start();
    }
    t.equal(frozen.total('UploadsProcessed') + taker.total('UploadsProcessed'), 2, 'each was counted once');
    t.equal(frozen.total('ProcessingFailed'), 0);
  },
);

/** A version that came by a presigned PUT is left where it is, so that there is something to copy late. */
const LATE_COPIES = [
  { method: 'post', isMovedAway: false, when: '' },
  { method: 'put', isMovedAway: false, when: ', though its source is still there' },
  { method: 'put', isMovedAway: true, when: ', though its user had moved the object away' },
] as const;

for (const { method, isMovedAway, when } of LATE_COPIES) {
  t.test(
    `P1: a copy that an acceptor began before it was frozen is never accepted beside another's${when}`,
    async (t) => {
      const { stack, outside } = await startStack(t);
      const frozen = await stack.add('acceptor', {}, 'frozen');
      const taker = await stack.add('acceptor', {}, 'taker');
      const processor = await stack.add('processor');
      await Promise.all([frozen.start(), processor.start()]);
      const copying = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      const copied = Promise.withResolvers<void>();
      frozen.proxy.judge(async ({ name }) => {
        if (name !== 's3 CopyObject') return PASS;
        copying.resolve();
        await release.promise;
        return { kind: 'pass', beforeResponse: () => copied.resolve() };
      });
      const key = await outside.issue(method);
      const versionId = await outside.put(key, content);
      await copying.promise;
      frozen.signal('SIGSTOP');
      await taker.start();
      const done = await uploadOf(outside, key, ({ state }) => state === 'PROCESSED');
      await untilQuiet({ stack, outside });
      const { acceptedVersionId = '' } = done;
      if (isMovedAway) await outside.removeVersion(acceptedKeyOf(key), acceptedVersionId);
      // The call from before the freeze is carried out now, and the process reads its response first when it wakes up.
      release.resolve();
      await copied.promise;
      const over = frozen.nextLine(({ msg = '' }) => msg.startsWith('message may be handled elsewhere'));
      frozen.signal('SIGCONT');
      await over;
      t.strictSame(await frozen.stop(), { code: 0, signal: null });
      await untilQuiet({ stack, outside });
      if (isMovedAway) {
        const [late = '', ...others] = await outside.versionsOf(acceptedKeyOf(key));
        t.strictSame(others, []);
        t.match(
          await outside.uploads.listObservedVersions(acceptedKeyOf(key)),
          [{ kind: 'orphan', versionId: late, reported: true }],
          'kept and reported: it can’t be distinguished from a restored file',
        );
      } else {
        t.strictSame(await outside.versionsOf(acceptedKeyOf(key)), [acceptedVersionId]);
      }
      if (method === 'post') {
        t.strictSame(await brokenPromisesOf(outside, { key, versions: [{ versionId, content }] }), []);
      }
      t.match(await outside.uploads.get(key), {
        state: 'PROCESSED',
        acceptedVersionId,
        attempt: done.attempt,
      });
      await Promise.all([taker.stop(), processor.stop()]);
      const services = [frozen, taker, processor];
      const total = (metric: string) => services.reduce((sum, service) => sum + service.total(metric), 0);
      t.equal(total('UploadsAccepted'), 1);
      t.equal(total('UploadsProcessed'), 1);
      t.equal(total('OrphanObjects'), isMovedAway ? 1 : 0);
    },
  );
}

/** A form upload whose body is in the test's hands, as far as `sizeBytes`. */
function beginUpload(form: UploadForm, sizeBytes: number) {
  const boundary = 'a-boundary-of-no-meaning';
  const fields = Object.entries(form.fields).map(
    ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = Buffer.from(
    `${fields.join('')}--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const sent = request(form.url, {
    method: 'POST',
    agent: false,
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': head.length + sizeBytes + tail.length,
    },
  });
  sent.write(head);
  return { sent, end: () => sent.end(tail) };
}

t.test('clients that take their time, and clients that leave', async (t) => {
  const { stack, outside } = await startStack(t);
  const issuer = await stack.add('url-issuer', { FORM_LIFETIME_SECONDS: '2' });
  const services = [issuer, await stack.add('acceptor'), await stack.add('processor')];
  const [issuerUrl = ''] = await Promise.all(services.map((service) => service.start()));
  const bytes = randomBytes(1024 * 1024);

  await t.test('P6: an upload that began in time may end long after its form', async (t) => {
    const form = await requestUpload({ issuerUrl, apiKey: stack.apiKey });
    const { sent, end } = beginUpload(form, bytes.length);
    const responded = once(sent, 'response');
    let at = 0;
    const step = 64 * 1024;
    for (; at < bytes.length - step; at += step) sent.write(bytes.subarray(at, at + step));
    // S3 alone says when a form has expired: a younger one is tried until it is refused.
    const younger = await requestUpload({ issuerUrl, apiKey: stack.apiKey });
    await waitFor(
      async () => (await fetch(younger.url, { method: 'POST', body: formWith(younger, 'late') })).status,
      (status) => status === 403,
      (status) => `S3 responds to an expired form with ${status}`,
    );
    sent.write(bytes.subarray(at));
    end();
    const [response] = await responded;
    t.equal(response.statusCode, 204);
    response.resume();
    const upload = await uploadOf(outside, form.key, ({ state }) => state === 'PROCESSED');
    const [acceptedVersionId = ''] = await outside.versionsOf(acceptedKeyOf(form.key));
    t.equal(acceptedVersionId, upload.acceptedVersionId);
    t.ok(upload.claimed && upload.claimed.storedAt > form.expiresAt, 'S3 had all of it after the form’s end');
    t.equal((await outside.read(acceptedKeyOf(form.key), acceptedVersionId)).md5, contentOf(bytes, '').md5);
  });

  await t.test(
    'P5: an upload that is cut in the middle leaves no object, no event, and its item as it was',
    async (t) => {
      const form = await requestUpload({ issuerUrl, apiKey: stack.apiKey });
      const before = await outside.uploads.get(form.key);
      const { sent } = beginUpload(form, bytes.length);
      sent.on('error', () => undefined);
      await new Promise((resolve) => sent.write(bytes.subarray(0, bytes.length / 2), resolve));
      sent.destroy();
      await new Promise((resolve) => sent.once('close', resolve));
      // S3 would send any event of it before the event of this one, which comes later in the same queue.
      const next = await outside.issue();
      await outside.put(next, content);
      await uploadOf(outside, next, ({ state }) => state === 'PROCESSED');
      await untilQuiet({ stack, outside });
      t.strictSame(await outside.versionsOf(form.key), []);
      t.strictSame(await outside.uploads.get(form.key), before);
      t.match(before, { state: 'ISSUED' });
      t.strictSame(await outside.uploads.listObservedVersions(form.key), []);
    },
  );
});

function formWith(form: UploadForm, text: string): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  body.append('file', new Blob([text]), 'f');
  return body;
}
