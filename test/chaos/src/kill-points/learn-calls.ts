import { brokenPromisesOf } from '../broken-promises.ts';
import { PASS } from '../proxy/call-outcome.ts';
import type { CallPlace } from './kill-point.ts';
import { messagesOf, type Scenario, type Worker } from './scenario.ts';
import { sendUploads } from './send.ts';
import { untilCounted, untilSettled } from './settled.ts';
import { RECEIVE } from './turnstile.ts';

const DELETE = 'sqs DeleteMessageBatch';
const HEARTBEAT = 'sqs ChangeMessageVisibility';
const DAYS = 5;
/** What a processor does with each heartbeat before it extends the visibility: it renews its lease. */
const RENEWAL = 'dynamodb UpdateItem';

/**
 * The calls from the receive of the first message to the deletion of the last, on a day on which nothing happens. On a machine
 * so busy that a message is lost and comes again, the day is another one.
 */
export async function learnCalls(worker: Worker, scenario: Scenario): Promise<CallPlace[]> {
  const messages = messagesOf(worker, scenario);
  for (let day = 1; day <= DAYS; day += 1) {
    const names = await callsOfOneDay(worker, scenario);
    if (names.filter((name) => name === RECEIVE).length === messages) {
      return placesOf(withHeartbeats(names, scenario.heartbeats ?? 0));
    }
  }
  throw new Error(
    `in ${DAYS} attempts the ${messages} messages were never received once each: is the machine busy?`,
  );
}

async function callsOfOneDay(worker: Worker, scenario: Scenario): Promise<string[]> {
  const { killed, turnstile, outside, counts } = worker;
  if (!killed.isRunning) await killed.start();
  const { sent, release, releaseOthers } = await sendUploads(worker, scenario);
  const names: string[] = [];
  turnstile.judge((call) => {
    scenario.onCall?.(worker, call);
    names.push(call.name);
    return PASS;
  });
  await release();
  await untilSettled(worker);
  await releaseOthers();
  await untilSettled(worker);
  turnstile.judge();
  counts.add(sent, undefined);
  await untilCounted(worker);
  const broken = await brokenPromisesOf(outside, sent);
  if (broken.length > 0) throw new Error(`without any fault: ${broken.join('; ')}`);
  if (names[0] !== RECEIVE) throw new Error(`the work began with ${names[0]}, not with ${RECEIVE}`);
  return names.slice(0, names.lastIndexOf(DELETE) + 1);
}

/** Leaves the heartbeats out that came only because the machine was slow. */
function withHeartbeats(names: readonly string[], kept: number): string[] {
  const left: string[] = [];
  let seen = 0;
  for (const name of names) {
    if (name === HEARTBEAT) seen += 1;
    if (name !== HEARTBEAT || seen <= kept) left.push(name);
    else if (kept > 0 && left.at(-1) === RENEWAL) left.pop();
  }
  return left;
}

function placesOf(names: readonly string[]): CallPlace[] {
  const met = new Map<string, number>();
  return names.map((name) => {
    const occurrence = (met.get(name) ?? 0) + 1;
    met.set(name, occurrence);
    return { name, occurrence };
  });
}
