import { availableParallelism, cpus, loadavg } from 'node:os';
import { arch, platform, version } from 'node:process';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import { type LeadTimes, SMALL_BYTES } from './lead-times.ts';
import { percentile } from './percentile.ts';
import type { Settings } from './settings.ts';
import type { ThreadHop } from './thread-hop.ts';
import type { Throughput } from './throughput.ts';

const MEDIAN_AIM_MS = 300;
const SERVICE_AIM_MIB = 250;
const LOCAL_AWS_AIM_MIB = 300;
/** With its handlers' threads. */
const PROCESSOR_AIM_MIB = 350;

const AIMS_MIB: Readonly<Record<string, number>> = {
  'local-aws': LOCAL_AWS_AIM_MIB,
  processor: PROCESSOR_AIM_MIB,
};

export interface Figures {
  readonly leadTimes: LeadTimes;
  readonly throughput: Throughput;
  readonly threadHop: ThreadHop;
  readonly memoryMethod: string;
  /** In MiB, by the process's name. */
  readonly peaksOfSmallUploads: ReadonlyMap<string, number>;
  readonly peaksOfAll: ReadonlyMap<string, number>;
}

export function machineLine(now: Date): string {
  const model = cpus()[0]?.model.trim();
  const cores = [`${availableParallelism()} cores`, model && `(${model})`].filter(Boolean).join(' ');
  const load = `load average ${loadavg()[0]?.toFixed(1)}`;
  return `${cores}, ${platform} ${arch}, Node ${version}, ${load}, ${now.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function report(figures: Figures, { uploads, concurrency, bigMib }: Settings): string {
  return [
    textTable(speedRows(figures, bigMib)),
    '',
    `  lead time: processedAt − storedAt of ${uploads} uploads of ${SMALL_BYTES / 1024} KiB, ${concurrency} at once; bare: an object of the`,
    '  same size put into the same S3, until its event is received from a queue of its own, in turn with the uploads.',
    '  throughput: the client library; bare: a presigned PUT by node:http to the same S3, once before and once after.',
    '  a handler that does nothing: one run in a thread of its own; bare: in the thread of the caller.',
    '',
    textTable(memoryRows(figures)),
    '',
    `  by ${figures.memoryMethod}. local-aws carries the bare runs too.`,
  ].join('\n');
}

function speedRows({ leadTimes, throughput, threadHop }: Figures, bigMib: number): string[][] {
  const leadTime = (percent: number) => {
    const ours = percentile(leadTimes.uploadOnce, percent);
    const bare = percentile(leadTimes.bareChain, percent);
    return { ours, cells: [`${ours} ms`, `${bare} ms`, `${(ours / bare).toFixed(1)} ×`] };
  };
  const median = leadTime(50);
  const { uploadOnceMibPerSecond, plainPutMibPerSecond, secondsToProcessed } = throughput;
  return [
    ['', 'upload-once', 'bare', 'ratio', 'aim'],
    ['lead time, median', ...median.cells, aim(median.ours, MEDIAN_AIM_MS, 'ms')],
    ['lead time, p99', ...leadTime(99).cells],
    [
      `${bigMib} MiB, throughput`,
      `${Math.round(uploadOnceMibPerSecond)} MiB/s`,
      `${Math.round(plainPutMibPerSecond)} MiB/s`,
      `${(uploadOnceMibPerSecond / plainPutMibPerSecond).toFixed(2)} ×`,
    ],
    [`${bigMib} MiB, from its 204 to PROCESSED`, `${secondsToProcessed.toFixed(2)} s`],
    [
      'a handler that does nothing, median',
      `${threadHop.inThreadMs.toFixed(3)} ms`,
      `${threadHop.inSameThreadMs.toFixed(3)} ms`,
      `${(threadHop.inThreadMs / threadHop.inSameThreadMs).toFixed(1)} ×`,
    ],
  ];
}

function memoryRows({ peaksOfSmallUploads, peaksOfAll, threadHop }: Figures): string[][] {
  const rows = [...peaksOfAll].map(([name, peakMib]) => [
    name,
    `${Math.round(peaksOfSmallUploads.get(name) ?? 0)} MiB`,
    `${Math.round(peakMib)} MiB`,
    aim(peakMib, AIMS_MIB[name] ?? SERVICE_AIM_MIB, 'MiB'),
  ]);
  const thread = ['each thread of handlers, idle', '', `${Math.round(threadHop.mibPerThread)} MiB`];
  return [['peak memory', 'small uploads', 'whole run', 'aim'], ...rows, thread];
}

/** Judged as it is shown, in whole units. */
function aim(value: number, limit: number, unit: string): string {
  return `under ${limit} ${unit}: ${Math.round(value) < limit ? 'met' : 'MISSED'}`;
}
