import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sum } from '../metered/counts.ts';
import type { Metered } from '../metered/start-metered.ts';
import { cpuSeconds, keepOnCore } from '../process-cpu.ts';
import { machineLine } from '../report.ts';
import { wholeNumber } from '../settings.ts';
import { writeResults } from '../write-results.ts';
import { figuresOf } from './figures-of.ts';
import { startMeteredStack } from './metered-stack.ts';
import { report } from './report.ts';
import type { ByService, Round, UploadKind, UploadResults } from './results.ts';
import { type Batch, byService, createRunBatch } from './run-batch.ts';

/**
 * What an upload costs each service: calls of AWS, units of DynamoDB, log and CPU, for a form and for a presigned PUT. local-aws stands
 * in for AWS, with its latencies before it.
 */
const ROUNDS = wholeNumber(process.env, 'ROUNDS', 3, 100);
/** Of each kind in a round: after the first, V8 has optimized what a service of hours runs on. */
const UPLOADS = wholeNumber(process.env, 'UPLOADS', 300, 10_000);
const IDLE_UPLOADS = wholeNumber(process.env, 'IDLE_UPLOADS', 10, 1_000);
const SIZE_BYTES = 4_096;
/** Twice in a round; by default about as many calls as the acceptor makes, so that V8 knows both alike. */
const PUT_ITEMS = wholeNumber(process.env, 'PUT_ITEMS', 1_500, 100_000);
const KINDS: readonly UploadKind[] = ['form', 'put'];

// Before the cores are divided.
const machine = machineLine(new Date());
keepOnCore(process.pid, 1);
const logFolder = await mkdtemp(join(tmpdir(), 'upload-once-bench-'));
const stack = await startMeteredStack(logFolder);
try {
  const results = await measure();
  process.stdout.write(`${machine}\n\n${report(results)}\n`);
  await writeResults('uploads', results);
} finally {
  await stack.stop();
}
await rm(logFolder, { recursive: true });

async function measure(): Promise<UploadResults> {
  const { runBatch, close } = await createRunBatch(stack, SIZE_BYTES);
  const busy: Record<UploadKind, Batch[]> = { form: [], put: [] };
  const idle: Record<UploadKind, Batch[]> = { form: [], put: [] };
  const rounds: Round[] = [];

  // One round to warm up, which does not count.
  for (let round = 0; round <= ROUNDS; round += 1) {
    // Before and after, so that a machine that grows slower does so for both.
    const before = await putItemCpu(stack.putItems);
    const form = await runBatch('form', UPLOADS);
    const put = await runBatch('put', UPLOADS);
    const after = await putItemCpu(stack.putItems);
    if (round === 0) continue;
    const putItemCpuMicroseconds = Math.round((before + after) / 2);
    busy.form.push(form);
    busy.put.push(put);
    rounds.push({ putItemCpuMicroseconds, form: form.times, put: put.times });
  }
  for (const kind of KINDS) {
    for (let count = 0; count < IDLE_UPLOADS; count += 1) idle[kind].push(await runBatch(kind, 1));
  }
  close();
  const byLoad = (kind: UploadKind) => ({ busy: together(busy[kind]), idle: together(idle[kind]) });
  return { machine, sizeBytes: SIZE_BYTES, form: byLoad('form'), put: byLoad('put'), rounds };
}

async function putItemCpu({ process, url }: Metered): Promise<number> {
  const before = cpuSeconds(process.pid);
  const response = await fetch(`${url}/?calls=${PUT_ITEMS}`);
  if (!response.ok) throw new Error(`PutItem failed: ${response.status}`);
  await response.body?.cancel();
  return ((cpuSeconds(process.pid) - before) * 1e6) / PUT_ITEMS;
}

function together(batches: readonly Batch[]): ByService {
  const uploads = batches.reduce((total, batch) => total + batch.uploads, 0);
  const services = byService((name) => figuresOf(sum(batches.map(({ counts }) => counts[name])), uploads));
  return { uploads, ...services };
}
