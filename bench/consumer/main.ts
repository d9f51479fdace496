import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '@upload-once/clock';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import { createConsumer } from '@upload-once/queue';
import { consumerFields } from '@upload-once/worker';
import { Consumer } from 'sqs-consumer';
import { machineLine } from '../report.ts';
import { wholeNumber } from '../settings.ts';
import { writeResults } from '../write-results.ts';
import { createFakeSqs, type FakeSqs } from './fake-sqs.ts';
import { type ConsumerFigure, consumerRows, SQS_CONSUMER } from './report.ts';

/**
 * How many messages a second the consumer handles, and how many calls of SQS a message costs, beside sqs-consumer on the same fake
 * queue, which is never empty. Of twenty messages one takes fifty times as long as the others.
 */
const ROUNDS = wholeNumber(process.env, 'ROUNDS', 3, 1_000);
const SECONDS = wholeNumber(process.env, 'SECONDS', 8, 60);
const SHORT_MS = 20;
const LONG_MS = 1_000;
const LONG_ONE_OF = 20;
const byDefault = consumerFields.CONCURRENCY.default ?? 0;
const queueUrl = 'http://127.0.0.1/queue';

type Round = Record<ConsumerFigure, number>;

interface Running {
  stop(): Promise<void>;
}

type Start = (sqs: FakeSqs, handle: () => Promise<void>) => Promise<Running>;

const contenders: Readonly<Record<string, Start>> = {
  [SQS_CONSUMER]: async ({ client }, handle) => {
    const consumer = Consumer.create({
      queueUrl,
      sqs: client,
      batchSize: 10,
      handleMessage: async () => {
        await handle();
        return undefined;
      },
    });
    consumer.start();
    return { stop: async () => consumer.stop({ abort: true }) };
  },
  'upload-once, 10 in flight': ours(10),
  [`upload-once, ${byDefault} in flight (the default)`]: ours(byDefault),
  'upload-once, 64 in flight': ours(64),
};

function ours(concurrency: number): Start {
  return async ({ client }, handle) => {
    const consumer = createConsumer({
      sqs: client,
      queueUrl,
      concurrency,
      visibilitySeconds: 60,
      handle,
      observe: {
        retried() {},
        postponed() {},
        deadLettered() {},
        givenBack() {},
        visibilityLost() {},
        requestFailed() {},
        received() {},
        pollFailed() {},
        limitUnread() {},
      },
      random: Math.random,
      clock: systemClock,
    });
    await consumer.start();
    return { stop: () => consumer.stop(2) };
  };
}

async function run(start: Start): Promise<Round> {
  const sqs = createFakeSqs();
  let begun = 0;
  let handled = 0;
  const running = await start(sqs, async () => {
    begun += 1;
    await pause(begun % LONG_ONE_OF === 0 ? LONG_MS : SHORT_MS);
    handled += 1;
  });
  await pause(SECONDS * 1_000);
  const round = { perSecond: handled / SECONDS, callsPerMessage: sqs.calls() / handled };
  await running.stop();
  return round;
}

const results = Object.keys(contenders).map((name) => ({ name, rounds: [] as Round[] }));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const { name, rounds } of results) rounds.push(await run(contenders[name] as Start));
}

const machine = machineLine(new Date());
process.stdout.write(`${machine}\n\n${textTable(consumerRows({ machine, results }))}\n`);
await writeResults('consumer', { machine, results });
