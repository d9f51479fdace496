// Over 250 lines, and one thing: the commands that a history is made of, each with how it is drawn, run and shown.
import { ACCEPTED_PREFIX, UPLOADS_PREFIX } from '@upload-once/uploads';
import fc, { type Arbitrary, type AsyncCommand } from 'fast-check';
import type { HandlerPlan } from './facts.ts';
import { type Harness, LATEST_BEGIN_MS, type PlantPlan, type VersionPlan } from './harness.ts';
import { AT_ONCE, type EventPlan } from './simulation/bucket-events.ts';
import { CallOutcome, type PlannedOutcome, REFUSALS } from './simulation/call-outcome.ts';

/** How much of a history has happened: which keys there are. */
export interface Course {
  readonly keys: string[];
}
export type HistoryCommand = AsyncCommand<Course, Harness>;

const HOUR_MS = 3_600_000;

/** Something that a client, a user, an operator or misfortune does. `needs`: only once a form was given away. */
function command(
  description: string,
  run: (harness: Harness, course: Course) => unknown,
  needs: 'a key' | 'nothing' = 'nothing',
): HistoryCommand {
  return {
    check: (course) => needs === 'nothing' || course.keys.length > 0,
    async run(course, harness) {
      await run(harness, course);
      if (harness.rules.broken) throw harness.rules.broken;
    },
    toString: () => description,
  };
}

function keyOf(course: Course, index: number): string {
  return course.keys[index % course.keys.length] ?? '';
}

const keyIndex = fc.nat({ max: 2 });
const workerIndex = fc.nat({ max: 3 });
const delayMs = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 300 }) },
  { weight: 1, arbitrary: fc.constantFrom(5_000, 40_000, HOUR_MS) },
);

const eventPlan: Arbitrary<EventPlan> = fc.record({
  delaysMs: fc.oneof(
    { weight: 4, arbitrary: fc.tuple(delayMs) },
    { weight: 1, arbitrary: fc.array(delayMs, { minLength: 2, maxLength: 3 }) },
  ),
  isBatched: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.boolean() }),
  sequencer: fc.constantFrom('rising', 'constant', 'none'),
});

const versionPlan: Arbitrary<VersionPlan> = fc.record({
  beginsAfterMs: fc.nat({ max: LATEST_BEGIN_MS }),
  takesMs: fc.oneof(
    { weight: 4, arbitrary: fc.nat({ max: 300 }) },
    { weight: 1, arbitrary: fc.constant(60_000) },
  ),
  sizeBytes: fc.nat({ max: 3 }),
  isOthersForm: fc.oneof(
    { weight: 4, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.boolean() },
  ),
  event: fc.oneof({ weight: 9, arbitrary: eventPlan }, { weight: 1, arbitrary: fc.constant(undefined) }),
});

const ONE_BYTE: VersionPlan = {
  beginsAfterMs: 0,
  takesMs: 0,
  sizeBytes: 1,
  isOthersForm: false,
  event: AT_ONCE,
};

const stallSeconds = fc.constantFrom(1, 20, 31, 45, 100, 600);

const CALLS = {
  acceptor: [
    ...['get', 'getSome', 'putIfAbsent', 'update', 'oldestVersion', 'copyIfAbsent', 'head', 'haveSameBytes'],
    ...['deleteVersions', 'sendReport'],
  ],
  processor: ['get', 'putIfAbsent', 'update', 'open', 'sendReport', 'sendUploadEvent'],
};
const SQS_CALLS = [
  'ReceiveMessage',
  'DeleteMessageBatch',
  'ChangeMessageVisibility',
  'SendMessageBatch',
] as const;

const plannedOutcome: Arbitrary<PlannedOutcome> = fc
  .constantFrom('acceptor' as const, 'processor' as const)
  .chain((service) =>
    fc.record({
      service: fc.constant(service),
      operation: fc.constantFrom('any', ...CALLS[service], 'update', ...SQS_CALLS),
      skip: fc.nat({ max: 4 }),
      outcome: fc.constantFrom(...Object.values(CallOutcome)),
      seconds: stallSeconds,
      error: fc.constantFrom(...REFUSALS),
    }),
  );

const handlerPlan: Arbitrary<HandlerPlan> = fc.record({
  seconds: fc.constantFrom(0, 1, 20, 40, 100, 150),
  blocks: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  outcome: fc.constantFrom('done', 'fails', 'times out', 'ends its thread', 'takes the object away'),
  onSignal: fc.constantFrom('rejects', 'returns', 'goes on', 'goes on'),
});

const versions = fc.array(versionPlan, { minLength: 1, maxLength: 5, size: 'small' });

function send(harness: Harness, key: string, plans: readonly VersionPlan[]): void {
  for (const plan of plans) harness.upload(key, plan);
}

const issue = fc
  .tuple(
    fc.constantFrom('post' as const, 'post' as const, 'put' as const),
    fc.constantFrom(30, 7_200),
    fc.boolean(),
    versions,
  )
  .map(([method, formSeconds, isLink, plans]) =>
    command(
      `issue(${isLink ? 'link, ' : ''}${method} for ${formSeconds} s), upload(${fc.stringify(plans)})`,
      async (harness, course) => {
        const key = await harness.issue(method, formSeconds, isLink);
        course.keys.push(key);
        send(harness, key, plans);
      },
    ),
  );

const upload = fc
  .tuple(keyIndex, versions)
  .map(([index, plans]) =>
    command(
      `upload(${index}, ${fc.stringify(plans)})`,
      (harness, course) => send(harness, keyOf(course, index), plans),
      'a key',
    ),
  );

const pass = fc
  .oneof(
    { weight: 3, arbitrary: fc.constantFrom(0.01, 0.05, 0.1, 0.2, 0.5) },
    { weight: 2, arbitrary: fc.constantFrom(1, 5, 20, 31, 61, 400, 3_600) },
  )
  .map((seconds) => command(`pass(${seconds} s)`, (harness) => harness.time.pass(seconds * 1000)));

const fault = plannedOutcome.map((planned) =>
  command(`outcome(${fc.stringify(planned)})`, (harness) => harness.outcomes.add(planned)),
);

const handlerRun = handlerPlan.map((plan) =>
  command(`handler(${fc.stringify(plan)})`, (harness) => harness.handlerPlans.push(plan)),
);

const copyEvent = eventPlan.map((plan) =>
  command(`copyEvent(${fc.stringify(plan)})`, (harness) => harness.copyEvents.push(plan)),
);

const revoke = fc
  .tuple(keyIndex, fc.nat({ max: 500 }))
  .map(([index, afterMs]) =>
    command(
      `revoke(${index}, after ${afterMs} ms)`,
      (harness, course) => harness.revoke(keyOf(course, index), afterMs),
      'a key',
    ),
  );

const expire = fc.constant(command('expire()', (harness) => harness.time.pass(30_000)));

const orphan = fc
  .tuple(fc.constantFrom(UPLOADS_PREFIX, ACCEPTED_PREFIX), fc.integer({ min: 1, max: 5 }), eventPlan)
  .map(([prefix, count, plan]) =>
    command(`orphan(${prefix}, ${count} times, ${fc.stringify(plan)})`, (harness) =>
      harness.orphan(prefix, count, plan),
    ),
  );

/** One form that is used again and again: enough for the count to be reported. */
const flood = fc.tuple(keyIndex, fc.integer({ min: 12, max: 30 }), eventPlan).map(([index, count, event]) =>
  command(
    `flood(${index}, ${count} times, ${fc.stringify(event)})`,
    (harness, course) => {
      const version = { ...ONE_BYTE, event };
      send(harness, keyOf(course, index), Array(count).fill(version));
    },
    'a key',
  ),
);

const take = fc
  .tuple(keyIndex, fc.boolean())
  .map(([index, forGood]) =>
    command(
      `take(${index}, ${forGood ? 'for good' : 'by a delete marker'})`,
      (harness, course) => harness.take(keyOf(course, index), forGood),
      'a key',
    ),
  );

const takeSoon = fc
  .record({ afterMs: fc.nat({ max: 200 }), forGood: fc.boolean() })
  .map((taker) => command(`takeNextCopy(${fc.stringify(taker)})`, (harness) => harness.takers.push(taker)));

/** Two acceptors at one upload: the second finds the first one's copy, which a user takes before anything of it is on record. */
const takenUnrecorded = fc
  .record({ secondEventMs: fc.nat(120), takenAfterMs: fc.nat(120), forGood: fc.boolean() })
  .map((plan) =>
    command(`takenUnrecorded(${fc.stringify(plan)})`, async (harness, course) => {
      const key = await harness.issue('post', 30);
      course.keys.push(key);
      harness.copyEvents.push({ ...AT_ONCE, delaysMs: [HOUR_MS] });
      harness.takers.push({ afterMs: plan.takenAfterMs, forGood: plan.forGood });
      const slow = { outcome: CallOutcome.slow, seconds: 20, error: 'none' };
      // The first update is the claim, the second records the acceptance.
      harness.outcomes.add({ ...slow, service: 'acceptor', operation: 'update', skip: 1 });
      const event = { ...AT_ONCE, delaysMs: [0, plan.secondEventMs] };
      harness.upload(key, { ...ONE_BYTE, event });
      await harness.time.pass(1_000);
    }),
  );

/** The table refuses what a processor at work writes, while a second event of the same copy waits for its lease. */
const tableAway = fc
  .record({ refusals: fc.integer({ min: 1, max: 6 }), secondEventMs: fc.nat(300) })
  .map((plan) =>
    command(`tableAway(${fc.stringify(plan)})`, async (harness, course) => {
      const key = await harness.issue('post', 30);
      course.keys.push(key);
      harness.copyEvents.push({ ...AT_ONCE, delaysMs: [0, plan.secondEventMs] });
      harness.handlerPlans.push({ seconds: 100, blocks: false, outcome: 'done', onSignal: 'rejects' });
      harness.upload(key, ONE_BYTE);
      await harness.time.pass(10_000);
      const refused = { outcome: CallOutcome.refused, seconds: 0, error: 'ThrottlingException' };
      for (let count = 0; count < plan.refusals; count += 1)
        harness.outcomes.add({ ...refused, service: 'processor', operation: 'update', skip: 0 });
      await harness.time.pass(30_000);
    }),
  );

/** A handler that takes longer than its limit, or has one of its own, runs beside one that blocks their thread meanwhile. */
const besideABlock = fc
  .record({
    outcome: fc.constantFrom('done' as const, 'times out' as const),
    onSignal: fc.constantFrom('rejects' as const, 'returns' as const, 'goes on' as const),
    blocksSeconds: fc.constantFrom(1, 20, 100, 150),
    beginsAfterSeconds: fc.constantFrom(0, 5, 60, 110),
  })
  .map((plan) =>
    command(`besideABlock(${fc.stringify(plan)})`, async (harness, course) => {
      const { outcome, onSignal, blocksSeconds } = plan;
      harness.handlerPlans.push({ seconds: outcome === 'done' ? 150 : 40, blocks: false, outcome, onSignal });
      harness.handlerPlans.push({ seconds: blocksSeconds, blocks: true, outcome: 'done', onSignal });
      for (const seconds of [plan.beginsAfterSeconds, 30]) {
        const key = await harness.issue('post', 30);
        course.keys.push(key);
        harness.upload(key, ONE_BYTE);
        await harness.time.pass(seconds * 1_000);
      }
    }),
  );

const plantPlan: Arbitrary<PlantPlan> = fc.record({
  content: fc.constantFrom('same', 'other'),
  madeBy: fc.constantFrom('Copy', 'Put'),
  event: eventPlan,
});

const plant = fc
  .tuple(keyIndex, plantPlan)
  .map(([index, plan]) =>
    command(
      `plant(${index}, ${fc.stringify(plan)})`,
      (harness, course) => harness.plant(keyOf(course, index), plan),
      'a key',
    ),
  );

/** Before the form is used, while its upload is on its way, and right behind the copy: whenever it does the most harm. */
const plantSoon = fc
  .tuple(plantPlan, fc.constantFrom(-50, 0, 20, 60, 120, 300), fc.nat({ max: 3 }))
  .map(([plan, afterMs, sizeBytes]) =>
    command(`plantSoon(${fc.stringify(plan)}, after ${afterMs} ms)`, async (harness, course) => {
      const key = await harness.issue('post', 30);
      course.keys.push(key);
      if (afterMs < 0) harness.plant(key, plan);
      harness.upload(key, { ...ONE_BYTE, sizeBytes });
      if (afterMs >= 0) harness.time.after(afterMs, () => harness.plant(key, plan));
      await harness.time.pass(1_000);
    }),
  );

const replace = fc
  .tuple(keyIndex, plantPlan)
  .map(([index, plan]) =>
    command(
      `replace(${index}, ${fc.stringify(plan)})`,
      (harness, course) => harness.replace(keyOf(course, index), plan),
      'a key',
    ),
  );

const strike = fc
  .tuple(workerIndex, fc.constantFrom('crash' as const, 'freeze' as const, 'deploy' as const), stallSeconds)
  .map(([index, what, seconds]) =>
    command(`${what}(worker ${index}${what === 'freeze' ? `, ${seconds} s` : ''})`, (harness) =>
      harness.strike(index, what, seconds),
    ),
  );

const queue = fc
  .tuple(fc.constantFrom('acceptor' as const, 'processor' as const), fc.constantFrom('giveAgain', 'redrive'))
  .map(([service, what]) =>
    command(`${what}(${service}'s queue)`, (harness) => {
      if (what === 'redrive') harness.queues[service].redrive();
      else harness.giveAgain(service);
    }),
  );

/** An operator changes a queue while the services run. */
const receiveLimit = fc
  .tuple(fc.constantFrom('acceptor' as const, 'processor' as const), fc.integer({ min: 2, max: 5 }))
  .map(([service, count]) =>
    command(`maxReceiveCount(${service}'s queue, ${count})`, (harness) => {
      harness.queues[service].maxReceiveCount = count;
    }),
  );

/** A presigned PUT is sent again after another hand has made place for it, while no event of the first version has come. */
const putAgain = fc
  .record({
    forGood: fc.boolean(),
    firstEvent: fc.oneof(eventPlan, fc.constant(undefined)),
    second: versionPlan,
    formSeconds: fc.constantFrom(30, 7_200),
    isLink: fc.boolean(),
  })
  .map(({ forGood, firstEvent, second, formSeconds, isLink }) =>
    command(
      `putAgain(${fc.stringify({ forGood, firstEvent, second, formSeconds, isLink })})`,
      async (harness, course) => {
        const key = await harness.issue('put', formSeconds, isLink);
        course.keys.push(key);
        const delaysMs = firstEvent?.delaysMs.map((ms) => ms + 1);
        harness.upload(key, {
          ...ONE_BYTE,
          event: firstEvent && delaysMs && { ...firstEvent, delaysMs },
        });
        await harness.time.pass(0);
        await harness.clear(key, forGood);
        harness.upload(key, second);
      },
    ),
  );

/** Any of the things that can happen; the weights make histories in which something comes of it. */
export const anyCommand: Arbitrary<HistoryCommand> = fc.oneof(
  { weight: 4, arbitrary: issue },
  { weight: 2, arbitrary: upload },
  { weight: 5, arbitrary: pass },
  { weight: 8, arbitrary: fault },
  { weight: 2, arbitrary: handlerRun },
  { weight: 1, arbitrary: copyEvent },
  { weight: 1, arbitrary: revoke },
  { weight: 1, arbitrary: expire },
  { weight: 1, arbitrary: orphan },
  { weight: 1, arbitrary: flood },
  { weight: 1, arbitrary: take },
  { weight: 1, arbitrary: takeSoon },
  { weight: 1, arbitrary: takenUnrecorded },
  { weight: 1, arbitrary: tableAway },
  { weight: 1, arbitrary: besideABlock },
  { weight: 1, arbitrary: plant },
  { weight: 1, arbitrary: plantSoon },
  { weight: 1, arbitrary: replace },
  { weight: 2, arbitrary: strike },
  { weight: 1, arbitrary: queue },
  { weight: 1, arbitrary: receiveLimit },
  { weight: 1, arbitrary: putAgain },
);
