import { textTable } from '@upload-once/local-stack/text-table.ts';
import { machineLine } from '../report.ts';
import { wholeNumber } from '../settings.ts';
import { writeResults } from '../write-results.ts';
import { arrivals } from './arrivals.ts';
import {
  type FloodResults,
  FORMS_USED_ONCE,
  floodRows,
  type LeadTimes,
  leadTimesOf,
  ONE_FORM,
} from './report.ts';
import { type Stage, startStage } from './stage.ts';

/**
 * What others notice while one form is used again and again: the time from S3's storing of their uploads to ACCEPTED, against the same
 * load of forms that are used once. Both arrive at half of what one acceptor can do, which is measured first.
 */
const ROUNDS = wholeNumber(process.env, 'ROUNDS', 3, 20);
/** Of all rounds together; fewer where the acceptor is too slow for them. */
const DUPLICATES = wholeNumber(process.env, 'DUPLICATES', 1_000, 100_000);
const MAX_SECONDS = 9;
const CAPACITY_UPLOADS = 200;
const OF_CAPACITY = 0.5;
/** Of that load. */
const OTHERS = 0.25;
const SIZE_BYTES = 4_096;

const machine = machineLine(new Date());
const stage = await startStage();
try {
  await stage.startAcceptor();
  // Once to warm up.
  await capacityOf(stage);
  const capacity = await capacityOf(stage);
  const perSecond = { others: capacity * OF_CAPACITY * OTHERS, flood: capacity * OF_CAPACITY * (1 - OTHERS) };
  const seconds = Math.min(MAX_SECONDS, DUPLICATES / perSecond.flood / ROUNDS);
  const duplicates = ROUNDS * Math.floor(perSecond.flood * seconds);
  const compared = await measure(stage, perSecond, seconds);
  const results: FloodResults = { machine, capacity, perSecond, duplicates, results: compared };
  process.stdout.write(
    `${machine}\n\n${textTable(floodRows(results))}\n\n` +
      `  Lead time of others. One acceptor accepts ${capacity.toFixed(0)} uploads a second. Others: ${perSecond.others.toFixed(1)} a second; beside\n` +
      `  them ${perSecond.flood.toFixed(1)} a second, each with a form of its own, or all ${duplicates} with one form.\n`,
  );
  await writeResults('flood', results);
} finally {
  await stage.stop();
}

/** Uploads a second, with a backlog. */
async function capacityOf(stage: Stage): Promise<number> {
  const keys = await stage.issue(CAPACITY_UPLOADS);
  const events = keys.map((key) => ({ key, version: stage.s3.store(key, SIZE_BYTES) }));
  const before = stage.accepted();
  const startedAtMs = performance.now();
  await Promise.all([stage.send(events), stage.whenAccepted(before + CAPACITY_UPLOADS)]);
  const seconds = (performance.now() - startedAtMs) / 1_000;
  await stage.whenIdle();
  return CAPACITY_UPLOADS / seconds;
}

async function measure(
  stage: Stage,
  perSecond: { readonly others: number; readonly flood: number },
  seconds: number,
): Promise<FloodResults['results']> {
  const [flooded = ''] = await stage.issue(1);
  await stage.leadTimeMs(flooded, SIZE_BYTES);

  async function othersBeside(keyOf: () => string): Promise<LeadTimes> {
    const others = await stage.issue(Math.floor(perSecond.others * seconds));
    const [times] = await Promise.all([
      arrivals(perSecond.others, seconds, () => stage.leadTimeMs(others.pop() ?? '', SIZE_BYTES)),
      arrivals(perSecond.flood, seconds, () => {
        const key = keyOf();
        return stage.send([{ key, version: stage.s3.store(key, SIZE_BYTES) }]);
      }),
    ]);
    await stage.whenIdle();
    return leadTimesOf(times);
  }

  const usedOnce: LeadTimes[] = [];
  const oneForm: LeadTimes[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const keys = await stage.issue(Math.floor(perSecond.flood * seconds));
    usedOnce.push(await othersBeside(() => keys.pop() ?? ''));
    oneForm.push(await othersBeside(() => flooded));
  }
  return [
    { name: FORMS_USED_ONCE, rounds: usedOnce },
    { name: ONE_FORM, rounds: oneForm },
  ];
}
