import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import { cpuSeconds, keepOnCore } from '../process-cpu.ts';
import { machineLine } from '../report.ts';
import { wholeNumber } from '../settings.ts';
import { type MeteredStack, startMeteredStack } from '../uploads/metered-stack.ts';
import type { ServiceName } from '../uploads/results.ts';
import { createRunBatch } from '../uploads/run-batch.ts';
import { writeResults } from '../write-results.ts';
import { NO_TRACES, type TraceFigure, type TraceResults, traceRows } from './report.ts';

/**
 * What traces cost: CPU of an upload with none, with all and with 5 % of them, in turns. Each has services of its own over the same kind of
 * stack, so that all of them are warm. The export of spans is counted, although no upload waits for it.
 */
const ROUNDS = wholeNumber(process.env, 'ROUNDS', 5, 100);
const UPLOADS = wholeNumber(process.env, 'UPLOADS', 300, 10_000);
const SIZE_BYTES = 4_096;
/** Longer than spans wait for their batch. */
const EXPORT_MS = 2_500;
const SERVICES: Readonly<Record<ServiceName, TraceFigure>> = {
  'url-issuer': 'issuer',
  acceptor: 'acceptor',
  processor: 'processor',
};

/** Takes whatever it is sent: a collector beside the task. */
const collector = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
});
await once(collector.listen(0, '127.0.0.1'), 'listening');
const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
const CASES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [NO_TRACES]: {},
  'all traces': { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
  '5 % of traces': { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: '0.05' },
};

// Before the cores are divided.
const machine = machineLine(new Date());
keepOnCore(process.pid, 1);
const folders: string[] = [];
const stacks: MeteredStack[] = [];
try {
  const results: TraceResults = { machine, results: await measure() };
  process.stdout.write(`${machine}\n\n${textTable(traceRows(results))}\n`);
  await writeResults('traces', results);
} finally {
  for (const stack of stacks) await stack.stop();
  collector.close().closeAllConnections();
}
for (const folder of folders) await rm(folder, { recursive: true });

async function measure() {
  const results: { name: string; rounds: Record<TraceFigure, number>[] }[] = [];
  const measured: (() => Promise<Record<TraceFigure, number>>)[] = [];
  for (const [name, env] of Object.entries(CASES)) {
    const folder = await mkdtemp(join(tmpdir(), 'upload-once-bench-'));
    const stack = await startMeteredStack(folder, env);
    folders.push(folder);
    stacks.push(stack);
    const { runBatch } = await createRunBatch(stack, SIZE_BYTES);
    results.push({ name, rounds: [] });
    measured.push(() => cpuOf(stack, () => runBatch('form', UPLOADS)));
  }
  // Two rounds to warm up, which do not count.
  for (let round = -1; round <= ROUNDS; round += 1) {
    for (const [at, measureOnce] of measured.entries()) {
      const figures = await measureOnce();
      if (round > 0) results[at]?.rounds.push(figures);
    }
  }
  return results;
}

async function cpuOf(
  stack: MeteredStack,
  work: () => Promise<unknown>,
): Promise<Record<TraceFigure, number>> {
  const seconds = () =>
    Object.keys(SERVICES).map((name) => cpuSeconds(stack.services[name as ServiceName].process.pid));
  const before = seconds();
  await work();
  await delay(EXPORT_MS);
  const [issuer = 0, acceptor = 0, processor = 0] = seconds().map((after, at) =>
    Math.round(((after - (before[at] ?? 0)) * 1e6) / UPLOADS),
  );
  return { issuer, acceptor, processor, all: issuer + acceptor + processor };
}
