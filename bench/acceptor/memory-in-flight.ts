import { setTimeout as delay } from 'node:timers/promises';
import { residentMib } from '../resident-memory.ts';
import type { GrowthResults } from './report.ts';
import type { Stage } from './stage.ts';

const FEW = 16;
/** The most that CONCURRENCY allows. */
const MANY = 256;
const SIZE_BYTES = 4_096;
const BETWEEN_LOOKS_MS = 10;

/** Each round with an acceptor of its own, whose copies are held in S3 until all messages are in flight. */
export async function measureMemory(stage: Stage, rounds: number): Promise<GrowthResults['memory']> {
  const few: number[] = [];
  const many: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const acceptor = await stage.startAcceptor({ CONCURRENCY: String(MANY) });
    await sendUploads(stage, FEW);
    await stage.whenIdle();
    stage.s3.holdCopies();
    const mibWith = async (inFlight: number) => {
      await sendUploads(stage, inFlight - stage.s3.heldCopies());
      while (stage.s3.heldCopies() < inFlight) await delay(BETWEEN_LOOKS_MS);
      return residentMib(acceptor.process.pid);
    };
    few.push(await mibWith(FEW));
    many.push(await mibWith(MANY));
    stage.s3.releaseCopies();
    await stage.whenIdle();
    await acceptor.stop();
  }
  return [
    { inFlight: FEW, mib: few },
    { inFlight: MANY, mib: many },
  ];
}

async function sendUploads(stage: Stage, count: number): Promise<void> {
  const keys = await stage.issue(count);
  await stage.send(keys.map((key) => ({ key, version: stage.s3.store(key, SIZE_BYTES) })));
}
