import type { Delivery } from '@upload-once/queue';
import { createLogger } from '@upload-once/runtime';
import t, { type Test } from 'tap';
import {
  type EcsAgent,
  errorResponse,
  failureResponse,
  startEcsAgent,
} from '../../../test/support/ecs-agent.ts';
import { Journal } from '../../../test/support/journal.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { protectLongWork } from '../src/long-work.ts';
import { createTaskProtection } from '../src/task-protection.ts';

const AFTER_MS = 100_000;
const ASK_EVERY_MS = 120_000;
/** How long a protection stands, in questions. */
const ASKS_PER_PROTECTION = 30;
/** How long the agent has to respond. */
const RESPONSE_MS = 10_000;
const ON = { ProtectionEnabled: true, ExpiresInMinutes: 60 };
const OFF = { ProtectionEnabled: false };

interface Line {
  readonly level: string;
  readonly msg: string;
}

async function prepare(t: Test, options: { readonly agentUri?: string } = {}) {
  const clock = new VirtualClock();
  const agent = await startEcsAgent(t);
  const lines = new Journal<Line>();
  const polling = new Journal<'pause' | 'resume'>();
  const works: PromiseWithResolvers<void>[] = [];
  const longWork = protectLongWork({
    protectAfterSeconds: AFTER_MS / 1000,
    task: createTaskProtection({ agentUri: agent.uri, clock, ...options }),
    polling: { pause: () => polling.add('pause'), resume: () => polling.add('resume') },
    log: createLogger({
      service: 'test',
      level: 'info',
      destination: { write: (line) => lines.add(JSON.parse(line)) },
    }),
    clock,
  });
  t.teardown(() => longWork.close());
  const handle = longWork.watch(async () => {
    const work = Promise.withResolvers<void>();
    works.push(work);
    await work.promise;
  });

  /** Begins work, and gives what ends it. */
  function begin() {
    const handled = handle({} as Delivery);
    const work = works.at(-1);
    const succeed = () => work?.resolve();
    const end = () => {
      succeed();
      return handled;
    };
    return { handled, succeed, end, fail: (error: Error) => work?.reject(error) };
  }

  /** Resolves when the so-many-th question had its response and the next one waits for its time. */
  const asks = (times: number) => clock.untilSet(ASK_EVERY_MS, times);

  return {
    clock,
    agent,
    lines,
    polling,
    longWork,
    begin,
    /** Begins work, and resolves when it is long and the first question about it had its response. */
    async beginLong() {
      const work = begin();
      clock.advance(AFTER_MS);
      await asks(1);
      return work;
    },
    asks,
    polls: (times: number) => polling.until(({ length }) => length >= times),
  };
}

const asked = (agent: EcsAgent) => agent.asked.entries;

t.test('work that ends in time is nothing that the agent hears of', async (t) => {
  const { clock, agent, polling, lines, begin } = await prepare(t);
  const done = begin();
  clock.advance(AFTER_MS - 1);
  await done.end();
  const failed = begin();
  clock.advance(AFTER_MS - 1);
  failed.fail(new Error('full'));
  await t.rejects(failed.handled, { message: 'full' }, 'what the handler says is handed on');
  clock.advance(AFTER_MS);
  t.equal(clock.pendingCount, 0);
  t.strictSame([asked(agent), polling.entries, lines.entries], [[], [], []]);
});

t.test('long work protects its task, which polls no more until the last of it has ended', async (t) => {
  const { clock, agent, polling, lines, begin, asks, polls } = await prepare(t);
  const first = begin();
  clock.advance(60_000);
  const second = begin();
  clock.advance(AFTER_MS - 60_000);
  await asks(1);
  t.strictSame(asked(agent), [ON]);
  t.strictSame(polling.entries, ['pause']);

  clock.advance(ASK_EVERY_MS);
  await asks(2);
  t.strictSame(
    asked(agent),
    [ON, ON],
    'renewed while it lasts; the second long work asks for nothing of its own',
  );
  await first.end();
  clock.advance(ASK_EVERY_MS);
  await asks(3);
  t.strictSame(asked(agent), [ON, ON, ON], 'one is still at work');
  t.notOk(polling.entries.includes('resume'));

  second.fail(new Error('full'));
  await t.rejects(second.handled, { message: 'full' });
  await polls(4);
  t.strictSame(asked(agent), [ON, ON, ON, OFF]);
  t.strictSame(polling.entries, ['pause', 'pause', 'pause', 'resume']);
  t.equal(clock.pendingCount, 0, 'nothing is asked any more');
  t.match(
    lines.entries.map(({ level, msg }) => `${level}: ${msg}`),
    [
      'info: long work is in flight: the task is protected, and does not poll until that has ended',
      'info: the long work has ended: the task is no longer protected, and polls',
    ],
  );
});

t.test('work that becomes long while protection is taken back is protected again', async (t) => {
  const { clock, agent, polling, begin, asks, polls } = await prepare(t);
  const first = begin();
  clock.advance(RESPONSE_MS / 2);
  const second = begin();
  clock.advance(AFTER_MS - RESPONSE_MS / 2);
  await asks(1);
  first.succeed();
  await agent.asked.until(({ length }) => length === 2);
  clock.advance(RESPONSE_MS / 2);
  await asks(2);
  t.strictSame(asked(agent), [ON, OFF, ON]);
  await second.end();
  await polls(4);
  t.strictSame(asked(agent), [ON, OFF, ON, OFF]);
  t.strictSame(polling.entries, ['pause', 'resume', 'pause', 'resume']);
  t.equal(clock.pendingCount, 0);
});

t.test('refused, work and polling go on; that is reported once, and asked again', async (t) => {
  const { clock, agent, polling, lines, asks, polls, beginLong } = await prepare(t);
  agent.refuse(failureResponse('DEPLOYMENT_BLOCKED'));
  const work = await beginLong();
  clock.advance(ASK_EVERY_MS);
  await asks(2);
  t.strictSame(asked(agent), [ON, ON]);
  t.notOk(polling.entries.includes('pause'));
  t.match(lines.entries, [
    { level: 'warn', msg: /^long work goes on unprotected, .+: DEPLOYMENT_BLOCKED: no more/ },
  ]);
  t.equal(lines.entries.length, 1);

  agent.refuse(undefined);
  clock.advance(ASK_EVERY_MS);
  await asks(3);
  t.equal(polling.entries.at(-1), 'pause');
  t.match(lines.entries.at(-1), { level: 'info', msg: /the task is protected/ });
  await work.end();
  await polls(4);
  t.strictSame(asked(agent).at(-1), OFF);
});

t.test('refused to the end: there is nothing to take back', async (t) => {
  const { agent, lines, polls, beginLong } = await prepare(t);
  agent.refuse(errorResponse(400, 'AccessDeniedException', 'not authorized'));
  const work = await beginLong();
  await work.end();
  await polls(2);
  t.strictSame(asked(agent), [ON]);
  t.match(lines.entries, [{ level: 'warn', msg: /AccessDeniedException: not authorized$/ }]);
});

t.test('a renewal that fails costs nothing while the protection stands; then polling goes on', async (t) => {
  const { clock, agent, polling, lines, asks, polls, beginLong } = await prepare(t);
  const work = await beginLong();
  agent.refuse(errorResponse(400, 'ThrottlingException', 'Rate exceeded'));
  for (let times = 2; times <= ASKS_PER_PROTECTION; times += 1) {
    clock.advance(ASK_EVERY_MS);
    await asks(times);
  }
  t.notOk(polling.entries.includes('resume'));
  t.equal(lines.entries.length, 1, 'nothing to tell: it is protected still');
  clock.advance(ASK_EVERY_MS);
  await asks(ASKS_PER_PROTECTION + 1);
  t.equal(polling.entries.at(-1), 'resume');

  agent.refuse(undefined);
  clock.advance(ASK_EVERY_MS);
  await asks(ASKS_PER_PROTECTION + 2);
  t.equal(polling.entries.at(-1), 'pause');
  await work.end();
  await lines.until(({ length }) => length === 4);
  await polls(ASKS_PER_PROTECTION + 3);
  t.strictSame(asked(agent).at(-1), OFF);
  t.match(lines.entries, [
    { level: 'info', msg: /the task is protected/ },
    { level: 'warn', msg: /unprotected, .+Rate exceeded/ },
    { level: 'info', msg: /the task is protected/ },
    { level: 'info', msg: /no longer protected/ },
  ]);
});

t.test('an agent that hangs does no harm: what it may have granted is taken back', async (t) => {
  const { clock, agent, polling, lines, begin, asks, polls } = await prepare(t);
  agent.refuse('hang');
  const work = begin();
  clock.advance(AFTER_MS);
  await agent.asked.until(({ length }) => length === 1);
  t.strictSame(polling.entries, []);
  clock.advance(RESPONSE_MS);
  await asks(1);
  t.strictSame(polling.entries, ['resume']);
  t.match(lines.entries, [{ level: 'warn', msg: /the ECS agent gives no response within/ }]);
  agent.refuse(undefined);
  await work.end();
  await polls(2);
  t.strictSame(asked(agent), [ON, OFF]);
});

t.test('an agent that is not there is reported once, also when the work has ended', async (t) => {
  const { lines, asks, polls, beginLong } = await prepare(t, { agentUri: 'http://127.0.0.1:1/api/x' });
  const work = await beginLong();
  await work.end();
  await polls(2);
  await asks(2);
  t.match(lines.entries, [{ level: 'warn', msg: /can't be reached/ }]);
  t.equal(lines.entries.length, 1);
});

t.test('protection that can not be taken back: it polls, says so once, and tries again', async (t) => {
  const { clock, agent, polling, lines, asks, polls, beginLong } = await prepare(t);
  const work = await beginLong();
  agent.refuse(errorResponse(500, 'ServerException', 'Unexpected error occurred'));
  await work.end();
  await asks(2);
  clock.advance(ASK_EVERY_MS);
  await asks(3);
  t.strictSame(asked(agent), [ON, OFF, OFF]);
  t.strictSame(polling.entries, ['pause', 'resume', 'resume']);
  agent.refuse(undefined);
  clock.advance(ASK_EVERY_MS);
  await polls(4);
  t.strictSame(asked(agent), [ON, OFF, OFF, OFF]);
  t.match(lines.entries, [
    { level: 'info', msg: /the task is protected/ },
    { level: 'warn', msg: /could not be taken back yet .+ up to 60 minutes: .+ServerException/ },
    { level: 'info', msg: /no longer protected/ },
  ]);
  t.equal(clock.pendingCount, 0);
});

t.test('what can not be taken back is left alone when it has run out by itself', async (t) => {
  const { clock, agent, asks, beginLong } = await prepare(t);
  const work = await beginLong();
  agent.refuse(errorResponse(500, 'ServerException', 'Unexpected error occurred'));
  await work.end();
  await asks(2);
  clock.advance(ASKS_PER_PROTECTION * ASK_EVERY_MS);
  await new Promise(setImmediate);
  t.strictSame(asked(agent), [ON, OFF]);
  t.equal(clock.pendingCount, 0);
});

t.test('work that becomes long before the old protection was taken back is protected at once', async (t) => {
  const { clock, agent, polling, begin, asks } = await prepare(t);
  const first = begin();
  clock.advance(ASK_EVERY_MS / 2);
  const second = begin();
  clock.advance(AFTER_MS - ASK_EVERY_MS / 2);
  await asks(1);
  agent.refuse(errorResponse(500, 'ServerException', 'Unexpected error occurred'));
  await first.end();
  await asks(2);
  agent.refuse(undefined);
  clock.advance(ASK_EVERY_MS / 2);
  await asks(3);
  t.strictSame(asked(agent), [ON, OFF, ON], 'it does not wait for the next try to take the old one back');
  t.equal(polling.entries.at(-1), 'pause');
  await second.end();
});

t.test('a protection that was taken back counts for nothing with the next long work', async (t) => {
  const { clock, agent, polling, lines, begin, asks, polls, beginLong } = await prepare(t);
  const first = await beginLong();
  first.succeed();
  await polls(2);
  agent.refuse(failureResponse('DEPLOYMENT_BLOCKED'));
  const second = begin();
  clock.advance(AFTER_MS);
  await asks(2);
  t.strictSame(polling.entries, ['pause', 'resume', 'resume']);
  t.match(lines.entries.at(-1), { level: 'warn', msg: /unprotected/ });
  await second.end();
});

t.test('a task that stops has nothing to say of a question that is under way', async (t) => {
  for (const asking of ['for protection', 'to take it back']) {
    const { clock, agent, polling, lines, longWork, begin, asks } = await prepare(t);
    const work = begin();
    if (asking === 'for protection') agent.refuse('hang');
    clock.advance(AFTER_MS);
    if (asking === 'to take it back') {
      await asks(1);
      agent.refuse('hang');
      work.succeed();
    }
    await agent.asked.until((all) => all.length === (asking === 'for protection' ? 1 : 2));
    const before = [polling.entries.length, lines.entries.length];
    longWork.close();
    clock.advance(RESPONSE_MS);
    await work.end();
    await agent.givenUp();
    await new Promise(setImmediate);
    t.strictSame([polling.entries.length, lines.entries.length], before, asking);
    t.equal(clock.pendingCount, 0);
  }
});

t.test('a task that stops asks for nothing more', async (t) => {
  const { clock, agent, polling, longWork, begin, beginLong } = await prepare(t);
  const first = begin();
  const second = await beginLong();
  const late = begin();
  longWork.close();
  first.succeed();
  second.succeed();
  await Promise.all([first.handled, second.handled]);
  clock.advance(AFTER_MS + ASK_EVERY_MS);
  await late.end();
  await new Promise(setImmediate);
  t.strictSame(asked(agent), [ON]);
  t.strictSame(polling.entries, ['pause']);
  t.equal(clock.pendingCount, 0);
});
