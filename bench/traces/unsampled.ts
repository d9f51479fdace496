import type { ObjectCreated } from '@upload-once/queue';
import {
  acceptedKeyOf,
  type ObjectStore,
  type Upload,
  UploadState,
  type UploadStore,
} from '@upload-once/uploads';
import { createMessageTraces } from '@upload-once/worker';
import { traceAcceptor } from '../../services/acceptor/src/trace-acceptor.ts';
import { keepOnCore } from '../process-cpu.ts';
import { machineLine } from '../report.ts';
import { wholeNumber } from '../settings.ts';
import { writeResults } from '../write-results.ts';
import type { UnsampledResults, UnsampledRound } from './report.ts';

/**
 * The CPU of what watches the acceptor's work on one message, where the upload is not sampled. Its ports return at once, so that nothing but
 * the watch makes the difference: beside whole services it is too small to be seen.
 */
const ROUNDS = wholeNumber(process.env, 'ROUNDS', 9, 100);
const MESSAGES = 20_000;
const KEY = 'uploads/bench-20260101_000000-aaaaaaaaaaaaaaaaaaaaaaaaaa';
const VERSION = { versionId: 'v1', eTag: 'e1', sizeBytes: 4_096, storedAt: new Date() };
/** Its last byte says that it is not sampled. */
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';

const machine = machineLine(new Date());
keepOnCore(process.pid, 0);
const results: UnsampledResults = { machine, rounds: await measure() };
await writeResults('unsampled', results);

async function measure(): Promise<UnsampledRound[]> {
  const ports = portsOf({
    key: KEY,
    state: UploadState.accepted,
    traceparent: TRACEPARENT,
    claimed: VERSION,
    issuedAt: new Date(),
  });
  const traces = createMessageTraces(
    { record() {} },
    'https://sqs.eu-central-1.amazonaws.com/123456789012/queue',
  );
  if (!traces) throw new Error('there are no traces');
  const { watch, ...watchedPorts } = traceAcceptor(ports, traces);
  const watched = watch(() => accept(watchedPorts));
  const event = { key: KEY, ...VERSION } as unknown as ObjectCreated;
  const measured: UnsampledRound[] = [];
  // One round to warm up, which does not count.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const unwatchedMicroseconds = await cpuOf(() => accept(ports));
    const watchedMicroseconds = await cpuOf(() => watched(event, { messageId: 'm1' }));
    if (round > 0) measured.push({ unwatchedMicroseconds, watchedMicroseconds });
  }
  return measured;
}

/** The acceptor's calls for an upload by a form. */
async function accept({ uploads, objects }: ReturnType<typeof portsOf>): Promise<void> {
  await uploads.get(KEY);
  await objects.oldestVersion(KEY);
  await uploads.claim(KEY, VERSION);
  await objects.copyIfAbsent(
    { from: { key: KEY, ...VERSION }, to: acceptedKeyOf(KEY) } as never,
    new AbortController().signal,
  );
  await uploads.accept(KEY, {} as never);
}

function portsOf(fields: object) {
  const upload = fields as Upload;
  const uploads = {
    get: async () => upload,
    claim: async () => ({ applied: true, upload }),
    accept: async () => ({ applied: true, upload }),
  } as unknown as UploadStore;
  const objects = {
    oldestVersion: async () => VERSION,
    copyIfAbsent: async () => ({ outcome: 'copied' }),
  } as unknown as ObjectStore;
  return { uploads, objects };
}

async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  for (let count = 0; count < MESSAGES; count += 1) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / MESSAGES;
}
