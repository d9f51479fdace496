import { PassThrough, Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { createLogger } from '@upload-once/runtime';
import type { OpenedObject } from '@upload-once/uploads';
import t from 'tap';
import { createCallHandler } from '../src/call-handler.ts';
import type { AcceptedUpload, Handler } from '../src/handler.ts';
import { work } from './support/thread-of-handlers.ts';

/** A store where the test decides when an object is opened. */
function createOpenings() {
  const openings: {
    readonly signal: AbortSignal;
    readonly body: Readable;
    readonly respond: () => void;
    readonly respondGone: () => void;
    readonly fail: (error: Error) => void;
  }[] = [];
  return {
    openings,
    objects: {
      open(_key: string, _versionId: string, signal = new AbortController().signal) {
        const { promise, resolve, reject } = Promise.withResolvers<OpenedObject | undefined>();
        // As Node's own response, which stays as it is when it has been read.
        const body = new Readable({ read: () => undefined, autoDestroy: false });
        openings.push({
          signal,
          body,
          respond: () => resolve({ body, sizeBytes: 5, contentType: 'text/plain', metadata: {} }),
          respondGone: () => resolve(undefined),
          fail: reject,
        });
        return promise;
      },
    },
  };
}

const log = createLogger({ service: 'processor', level: 'silent', destination: { write() {} } });

function call(handler: Handler, signal = new AbortController().signal) {
  const { openings, objects } = createOpenings();
  return { openings, ended: createCallHandler({ handler, objects, log })(work('any'), signal) };
}

t.test('what a handler has opened and not read is closed when it has ended', async (t) => {
  const { openings, ended } = call(async (upload) => {
    await upload.open();
  });
  openings[0]?.respond();
  await ended;
  t.equal(openings[0]?.body.destroyed, true);
});

t.test('P8: after its end a handler opens nothing, and the error says why', async (t) => {
  const given = Promise.withResolvers<AcceptedUpload>();
  const { openings, ended } = call(async (upload) => given.resolve(upload));
  await ended;
  await t.rejects((await given.promise).open(), {
    code: 'HandlerHasEnded',
    message: /"accepted\/any" .+ its handler has ended/,
  });
  t.equal(openings.length, 0);
});

for (const how of ['ended', 'aborted'] as const) {
  t.test(`P8: what is still being opened when a handler is ${how} leaves no stream open`, async (t) => {
    let opening: Promise<unknown> = Promise.resolve();
    const aborting = new AbortController();
    const goOn = Promise.withResolvers<void>();
    const { openings, ended } = call(async (upload) => {
      opening = upload.open();
      if (how === 'aborted') await goOn.promise;
    }, aborting.signal);
    if (how === 'aborted') aborting.abort(new Error('too slow'));
    else await ended;
    await setImmediate();
    t.equal(openings[0]?.signal.aborted, true, 'the call is broken off');
    // The response is here before the call was broken off.
    openings[0]?.respond();
    await t.rejects(opening, how === 'aborted' ? { message: 'too slow' } : { code: 'HandlerHasEnded' });
    t.equal(openings[0]?.body.destroyed, true);
    goOn.resolve();
    await ended;
  });
}

t.test('an object that is gone is named in the error', async (t) => {
  const { openings, ended } = call(async (upload) => void (await upload.open()));
  openings[0]?.respondGone();
  await t.rejects(ended, {
    code: 'AcceptedObjectGone',
    message: 'accepted/any has no version v1 any more',
  });
});

t.test('an object that can’t be opened fails with the error of S3', async (t) => {
  const { openings, ended } = call(async (upload) => void (await upload.open()));
  openings[0]?.fail(new Error('SlowDown'));
  await t.rejects(ended, { message: 'SlowDown' });
});

t.test('a call to S3 that the signal breaks off fails with the signal’s reason', async (t) => {
  const aborting = new AbortController();
  const { openings, ended } = call(async (upload) => void (await upload.open()), aborting.signal);
  aborting.abort(new Error('too slow'));
  openings[0]?.fail(new Error('the request was aborted'));
  await t.rejects(ended, { message: 'too slow' });
});

t.test('a handler learns which attempt at which upload it is, and its log lines say so', async (t) => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const { signal } = new AbortController();
  const { objects } = createOpenings();
  const callHandler = createCallHandler({
    handler: async (_upload, context) => {
      t.match(context, { idempotencyKey: 'any', attempt: 3, signal });
      context.log.info({}, 'begun');
    },
    objects,
    log: createLogger({ service: 'processor', level: 'info', destination }),
  });
  await callHandler(work('any'), signal);
  const [line = '{}'] = lines;
  t.match(JSON.parse(line), {
    msg: 'begun',
    uploadId: 'any',
    attempt: 3,
    traceId: '0af7651916cd43dd8448eb211c80319c',
  });
});

t.test('a stream ends with the reason of the signal', async (t) => {
  const aborting = new AbortController();
  const { openings, ended } = call(async (upload) => {
    const { body } = await upload.open();
    aborting.abort(new Error('too slow'));
    await t.rejects(body.toArray(), { message: 'too slow' });
  }, aborting.signal);
  openings[0]?.respond();
  await ended;
});

t.test('a handler that rejects with nothing rejects with an error that says so', async (t) => {
  const { ended } = call(() => Promise.reject());
  await t.rejects(ended, new Error('the handler failed with undefined, which gives no reason'));
});

t.test('P3: a handler that returns what has yet to be read has not done its work', async (t) => {
  const returned = [
    Readable.from([]),
    new PassThrough(),
    new Writable(),
    new WritableStream(),
    (async function* () {})(),
    (function* () {})(),
  ];
  for (const result of returned) {
    await t.rejects(call((() => result) as unknown as Handler).ended, {
      message: /^the handler returned a stream or a generator, /,
    });
  }
  for (const result of [undefined, null, [], { statusCode: 200, write: 3 }, 'text'])
    await call((async () => result) as unknown as Handler).ended;
});

t.test('P8: a handler has four streams open at most, and one more for each that is closed', async (t) => {
  const { openings, ended } = call(async (upload) => {
    const opened = Array.from({ length: 4 }, () => upload.open());
    await t.rejects(upload.open(), { code: 'TooManyStreams', message: /^accepted\/any is open 4 times: / });
    for (const { respond } of openings) respond();
    const [first] = await Promise.all(opened);
    first?.body.destroy();
    const again = upload.open();
    openings[4]?.respond();
    await again;
    await t.rejects(upload.open(), { code: 'TooManyStreams' });
    const second = openings[1]?.body;
    second?.push(null);
    await second?.resume().toArray();
    const third = upload.open();
    openings[5]?.respond();
    await third;
  });
  await ended;
  t.equal(openings.length, 6);
});
