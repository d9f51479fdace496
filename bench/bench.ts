import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openUploadStore } from '@upload-once/local-stack/outcome.ts';
import { type Stack, startStack } from '@upload-once/local-stack/stack.ts';
import { openBareChain } from './bare-chain.ts';
import { followHandledUploads } from './handled-uploads.ts';
import { measureLeadTimes } from './lead-times.ts';
import { followPeakMemory } from './peak-memory.ts';
import { type Figures, machineLine, report } from './report.ts';
import { readSettings, type Settings } from './settings.ts';
import { measureThreadHop } from './thread-hop.ts';
import { measureThroughput } from './throughput.ts';

/**
 * Lead time, throughput and memory of a stack on this machine, each beside a baseline from the same run. Exit code 0 also when an aim
 * is missed, which the report says; 1 when something breaks.
 */
const WARM_UP_ROUNDS = 2;
const say = (line: string) => process.stdout.write(`${line}\n`);

const settings = settingsOrExit();
const logFolder = await mkdtemp(join(tmpdir(), 'upload-once-bench-'));
let isEnding = false;
const starting = startStack({ logFolder, keyRate: 1000 });
process.once('SIGINT', () => void end(130)).once('SIGTERM', () => void end(143));

try {
  say(machineLine(new Date()));
  const stack = await starting;
  const broken = stack.failed.then((how) => Promise.reject(new Error(how)));
  const figures = await Promise.race([measure(stack), broken]);
  say(`\n${report(figures, settings)}`);
  await end(0);
} catch (error) {
  // Calls in progress during the shutdown fail too. Their errors mean nothing.
  if (!isEnding) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.stderr.write(`The benchmark broke off. The processes' logs: ${logFolder}\n`);
    await end(1);
  }
}

async function measure(stack: Stack): Promise<Figures> {
  const { uploads: count, concurrency, bigMib } = settings;
  const processor = stack.processes.find(({ name }) => name === 'processor');
  if (!processor) throw new Error('the stack has no processor');
  const handled = followHandledUploads(processor);
  const memory = followPeakMemory(stack.processes);
  const bareChain = await openBareChain(stack);
  const common = { stack, uploads: openUploadStore(stack), handled };

  const warmUp = WARM_UP_ROUNDS * concurrency;
  say(`${warmUp} small uploads to warm up, then ${count} that count …`);
  await measureLeadTimes({ ...common, bareChain, concurrency, count: warmUp });
  const leadTimes = await measureLeadTimes({ ...common, bareChain, concurrency, count });
  const peaksOfSmallUploads = await memory.read();

  say(`One upload of ${bigMib} MiB …`);
  const throughput = await measureThroughput({
    ...common,
    plainBucket: bareChain.bucket,
    sizeMib: bigMib,
  });
  const peaksOfAll = await memory.read();

  await memory.stop();
  await bareChain.close();
  say('Runs of a handler that does nothing …');
  const threadHop = await measureThreadHop();
  return {
    leadTimes,
    throughput,
    threadHop,
    memoryMethod: memory.method,
    peaksOfSmallUploads,
    peaksOfAll,
  };
}

function settingsOrExit(): Settings {
  try {
    return readSettings(process.env);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}

async function end(exitCode: number): Promise<void> {
  isEnding = true;
  const stack = await starting.catch(() => undefined);
  await stack?.stop();
  if (exitCode !== 1) await rm(logFolder, { recursive: true, force: true });
  process.exit(exitCode);
}
