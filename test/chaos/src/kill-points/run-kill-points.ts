import { acceptedKeyOf } from '@upload-once/uploads';
import { brokenPromisesOf } from '../broken-promises.ts';
import { PASS } from '../proxy/call-outcome.ts';
import { faultAt } from './fault-at.ts';
import { describePoint, type KillPoint, type KillSignal } from './kill-point.ts';
import { learnCalls } from './learn-calls.ts';
import { lossesSaidBy } from './losses.ts';
import { messagesOf, type Scenario, type Worker } from './scenario.ts';
import { sendUploads } from './send.ts';
import { untilCounted, untilSettled } from './settled.ts';
import { RECEIVE } from './turnstile.ts';

export interface KillReport {
  readonly points: readonly KillPoint[];
  /** What did not hold, a line each; a point that was not reached is one of them. */
  readonly findings: readonly string[];
}

/**
 * Learns which calls a scenario makes. Then it runs the scenario again for each call and each side of it, ends the process there,
 * and verifies the outcome. The workers share the points among them.
 */
export async function runKillPoints(options: {
  readonly workers: readonly Worker[];
  readonly signals: readonly KillSignal[];
  readonly scenario: Scenario;
}): Promise<KillReport> {
  const { workers, signals, scenario } = options;
  const [first] = workers;
  if (!first) throw new Error('kill points need a worker to be run in');
  const places = await learnCalls(first, scenario);
  const points = places.flatMap((place) =>
    signals.flatMap((signal) => [
      { signal, side: 'before' as const, ...place },
      { signal, side: 'after' as const, ...place },
    ]),
  );
  const left = points.values();
  const findings: string[] = [];
  await Promise.all(
    workers.map(async (worker) => {
      for (const point of left) {
        const found = await runKillPoint(worker, scenario, point).catch((error) => [String(error)]);
        findings.push(...found.map((what) => `${describePoint(point)}: ${what}`));
      }
    }),
  );
  return { points, findings };
}

async function runKillPoint(worker: Worker, scenario: Scenario, point: KillPoint): Promise<string[]> {
  const { killed, turnstile, outside, stack, counts, queueUrl } = worker;
  const findings: string[] = [];
  if (!killed.isRunning) await killed.start();
  const { sent, release, releaseOthers } = await sendUploads(worker, scenario);
  const lossesBefore = lossesSaidBy(killed);
  let received = 0;
  const fault = faultAt(killed, point, (call) => {
    // What a poll brings to a process that stops is given back.
    if (call.name === RECEIVE && fault.reachedAfter === undefined) received += 1;
    scenario.onCall?.(worker, call);
  });
  turnstile.judge(fault.judge);
  await release();
  await untilSettled(worker, () => fault.reachedAfter !== undefined);
  if (!fault.reachedAfter) return ['it was never reached'];

  const { code, signal } = await killed.ended();
  const isExpectedEnd = point.signal === 'SIGKILL' ? signal === 'SIGKILL' : code === 0;
  if (!isExpectedEnd) findings.push(`the process ended with ${signal ?? `exit code ${code}`}`);
  turnstile.judge((call) => {
    scenario.onCall?.(worker, call);
    return PASS;
  });
  const left = await outside.depthOf(queueUrl);
  if (point.signal === 'SIGTERM' && lossesSaidBy(killed) === lossesBefore) {
    // It has finished its messages in flight. It leaves the messages of the call at which it got the signal.
    const inFlight = received - (point.name === RECEIVE ? 1 : 0);
    const most = messagesOf(worker, scenario) - inFlight;
    if (left > most)
      findings.push(`P3: ${left} messages are left behind, not ${most}: work was not finished`);
  }
  if (left > 0) await killed.start();
  await untilSettled(worker);
  await releaseOthers();
  await untilSettled(worker);

  findings.push(...(await brokenPromisesOf(outside, sent)));
  for (const queue of ['uploadEventsDeadLetter', 'acceptedEventsDeadLetter'] as const) {
    const depth = await outside.depthOf(stack.queues[queue]);
    if (depth > 0) findings.push(`P3: ${depth} messages in the queue ${queue}`);
  }
  const round = { worker, sent, point, after: fault.reachedAfter };
  counts.add(sent, round);
  await untilCounted(worker);
  findings.push(...((await scenario.verify?.(round)) ?? []));
  await clearAway(worker, sent.key);
  return findings;
}

/** Dozens of large objects would fill a small disk. */
async function clearAway({ outside }: Worker, uploadKey: string): Promise<void> {
  for (const key of [uploadKey, acceptedKeyOf(uploadKey)]) {
    for (const versionId of await outside.versionsOf(key)) await outside.removeVersion(key, versionId);
  }
}
