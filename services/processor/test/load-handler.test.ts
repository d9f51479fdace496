import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '@upload-once/clock';
import t from 'tap';
import { checkHandler } from '../src/check-handler.ts';
import { handleUpload as doNothing } from '../src/handlers/no-work.ts';
import { loadHandler } from '../src/load-handler.ts';
import { startHandlerThread } from '../src/start-handler-thread.ts';

const END_LIMIT_SECONDS = 30;
const here = dirname(fileURLToPath(import.meta.url));

t.test('a module that exports handleUpload is a handler', async (t) => {
  const handler = await loadHandler('../src/handlers/no-work.ts', here);
  t.equal(handler, doNothing);
});

t.test('what is no handler is refused, with what was found', async (t) => {
  const refused = [
    ['./fixtures/none.mjs', /^can't load ".\/fixtures\/none.mjs": Cannot find module/],
    ['./fixtures/no-handler.mjs', /^expected a module .* exports handle$/],
    ['./fixtures/old-name.mjs', /exports process; rename "process" to "handleUpload"$/],
    ['./fixtures/empty.mjs', /exports nothing/],
    ['./fixtures/generator.mjs', /is a generator function, which nothing runs/],
    ['no-such-package-here', /Cannot find package/],
  ] as const;
  for (const [name, message] of refused) {
    await t.rejects(loadHandler(name, here), { code: 'HandlerNotLoaded', message });
  }
});

/** What is wrong with a handler, found in a thread that only loads it. */
function check(handlerName: string, clock: Pick<Clock, 'after'> = systemClock) {
  return checkHandler(handlerName, (onStuck) =>
    startHandlerThread({
      settings: { handlerName, workingDirectory: here, run: undefined },
      onOutput: (_output, written) => written(),
      endLimitSeconds: END_LIMIT_SECONDS,
      onEndLimit: onStuck,
      clock,
    }),
  );
}

t.test('as a check it says what is wrong, and a handler that is not named is no fault', async (t) => {
  t.equal(await check(''), undefined);
  t.equal(await check('../src/handlers/no-work.ts'), undefined);
  t.match(await check('no-such-package-here'), /^can't load "no-such-package-here": Cannot find/);
  t.match(
    await check('./fixtures/exits.mjs'),
    'can\'t load "./fixtures/exits.mjs": the handler ended its thread by process.exit(3)',
  );
  t.match(
    await check('./fixtures/awaits-for-ever.mjs'),
    'can\'t load "./fixtures/awaits-for-ever.mjs": the handler ended its thread by process.exit(13), or its top-level await never ends',
  );
});

t.test('a handler that is never loaded is reported after a while', async (t) => {
  const clock: Pick<Clock, 'after'> = {
    after: (delayMs, callback) =>
      systemClock.after(delayMs === END_LIMIT_SECONDS * 1000 ? delayMs : 0, callback),
  };
  t.equal(
    await check('./fixtures/never-loads.mjs', clock),
    'can\'t load "./fixtures/never-loads.mjs": that takes longer than 60 seconds',
  );
});

t.test('a handler whose thread can not be ended is reported as well', async (t) => {
  const clock: Pick<Clock, 'after'> = { after: (_delayMs, callback) => systemClock.after(0, callback) };
  t.equal(
    await check('./fixtures/blocks-at-load.mjs', clock),
    'can\'t load "./fixtures/blocks-at-load.mjs": that takes longer than 60 seconds',
  );
  const finding = await checkHandler('./handler.mjs', (onStuck) => {
    const thread = startHandlerThread({
      settings: { handlerName: './fixtures/marks-its-thread.mjs', workingDirectory: here, run: undefined },
      onOutput: (_output, written) => written(),
      endLimitSeconds: END_LIMIT_SECONDS,
      onEndLimit: onStuck,
      clock: systemClock,
    });
    // A thread can begin to wait when it is loaded.
    onStuck();
    return thread;
  });
  t.equal(
    finding,
    '"./handler.mjs" can be loaded, but its thread can\'t be ended: does it wait for a child process?',
  );
});

t.test('a check leaves nothing of the module in the main thread', async (t) => {
  t.equal(await check('./fixtures/marks-its-thread.mjs'), undefined);
  t.notOk('handlerWasLoadedHere' in globalThis);
});
