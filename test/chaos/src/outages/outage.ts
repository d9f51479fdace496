import { setTimeout as delay } from 'node:timers/promises';
import type { UploadForm } from '@upload-once/client';
import { below, type Random } from '@upload-once/simulation/src/simulation/random.ts';
import type { AwsCall, AwsService } from '../proxy/aws-call.ts';
import type { OutputLine, ServiceUnderFaults } from '../service-under-faults.ts';
import { type Ledger, type Post, PostOutcome } from '../soak/ledger.ts';
import { comeToRest } from '../soak/rest.ts';
import type { StackUnderSoak } from '../soak/stack-under-soak.ts';
import type { Uploading } from '../soak/uploading.ts';
import { type Observed, outageFindings, unseen } from './outage-findings.ts';
import { beginOutage, type OutageKind } from './outage-kind.ts';
import { type Probing, startProbing } from './probes.ts';

/** Files come in with these while no form is to be had: as many as it takes to see that they do not all come back at once. */
const FORMS_BEFORE = 24;
const BETWEEN_UPLOADS_MS = 400;
const FILE_MAX_BYTES = 16 * 1024;
const DOUBLED_SHARE = 0.1;
/** How long a service may take to see that what it needs is back: a check every half second, and a client's own waits. */
const READY_LIMIT_MS = 60_000;
/** How much longer than asked for an outage lasts on a busy machine, where what must be seen in it has not been seen yet. */
const UNSEEN_LIMIT_MS = 60_000;

export interface OutageOptions {
  readonly service: AwsService;
  readonly kind: OutageKind;
  readonly seconds: number;
  readonly under: StackUnderSoak;
  readonly uploading: Uploading;
  readonly ledger: Ledger;
  readonly random: Random;
  /** Never the same twice: contents are made from it. */
  readonly nextNumber: () => number;
}

/** What an outage came to. */
export interface OutageResult {
  readonly findings: readonly string[];
  readonly observed: Observed;
  /** From its end until everything was at rest. */
  readonly restSeconds: number;
}

/** One outage of one service, with uploads going on as far as they can; afterwards everything comes to rest. */
export async function runOutage(options: OutageOptions): Promise<OutageResult> {
  const { under, uploading, ledger } = options;
  const services = [under.issuer, ...under.steadyWorkers];
  const pids = services.map(({ pid }) => pid);
  const entriesBefore = ledger.entries.size;
  const findingsBefore = uploading.findings.length;
  const probing = startProbing(services, () => performance.now());
  try {
    const during = await failAndUpload(options, services, probing);
    const { endedAtMs } = during;
    const ended = whoEnded(services, pids);
    // Nothing would come to rest any more.
    if (ended.length > 0) return { findings: ended, observed: during.observed([]), restSeconds: 0 };
    const isReadyAgain = await comesTrue(probing, () => areReadySince(endedAtMs, services, probing));
    await during.uploaded();
    const rest = await comeToRest(under, new Map());
    const restSeconds = (performance.now() - endedAtMs) / 1000;

    const posts = [...ledger.entries.values()].slice(entriesBefore).flatMap((entry) => entry.posts);
    const observed = during.observed(posts);
    const findings = [
      ...outageFindings(observed),
      ...uploading.findings.slice(findingsBefore),
      ...rest.findings,
      ...rest.deadLetters.map((letter) => `P3: it was given up in the outage: ${letter}`),
      ...whoEnded(services, pids),
    ];
    if (!isReadyAgain)
      findings.push(`/readyz did not respond with 200 again within ${READY_LIMIT_MS / 1000} s`);
    return { findings, observed, restSeconds };
  } finally {
    await probing.stop();
  }
}

/** The outage itself, and all that was to be seen while it lasted. */
async function failAndUpload(
  options: OutageOptions,
  services: readonly ServiceUnderFaults[],
  probing: Probing,
) {
  const { service, kind, seconds, uploading, random, nextNumber } = options;
  const forms = service === 'dynamodb' ? await formsBefore(uploading, options.under.issuer) : [];
  const uploads: Promise<void>[] = [];
  let requests = 0;
  let formsGiven = 0;
  let storedDuring = 0;
  const refusedBefore = uploading.formsRefused;

  async function upload(form: UploadForm | undefined): Promise<void> {
    const first = below(FILE_MAX_BYTES, random);
    const sizesBytes = random() < DOUBLED_SHARE ? [first, first + 1] : [first];
    const entry = await uploading.upload({ number: nextNumber(), sizesBytes, isOverlapping: false }, form);
    if (!entry) return;
    if (!form) formsGiven += 1;
    storedDuring += storedOf(entry.posts);
  }

  const witness = watch(services);
  const end = await beginOutage(
    service,
    kind,
    services.map(({ proxy }) => proxy),
    random,
    witness.onCall,
  );
  const beganAtMs = performance.now();
  /** What was seen up to now. @param messages how many were there to be handled */
  function observe(messages: number): Observed {
    const nowMs = performance.now();
    const probes = probing.probes.filter((probe) => probe.beganAtMs > beganAtMs && probe.endedAtMs <= nowMs);
    const rounds = probes.filter(({ path }) => path === '/readyz').length / services.length;
    return {
      service,
      kind,
      // Of a round of probes that is not over, the calls were made.
      work: { seconds: (nowMs - beganAtMs) / 1000, messages, probes: Math.ceil(rounds) + 2, requests },
      probes,
      calls: witness.calls,
      attempts: witness.attempts,
      lines: witness.lines,
      formsGiven,
      formsRefused: uploading.formsRefused - refusedBefore,
      storedDuring,
    };
  }

  const leastEndMs = beganAtMs + seconds * 1000;
  const mostEndMs = leastEndMs + UNSEEN_LIMIT_MS;
  while (services.every(({ isRunning }) => isRunning)) {
    const leftMs = leastEndMs - performance.now();
    if (leftMs <= 0 && (unseen(observe(0)).length === 0 || performance.now() > mostEndMs)) break;
    requests += 1;
    uploads.push(upload(undefined));
    const prepared = forms.pop();
    if (prepared) uploads.push(upload(prepared));
    await delay(leftMs > 0 ? Math.min(leftMs, BETWEEN_UPLOADS_MS) : BETWEEN_UPLOADS_MS);
  }
  witness.stop();
  const atEnd = observe(0);
  const endedAtMs = performance.now();
  await end();

  return {
    endedAtMs,
    async uploaded(): Promise<void> {
      await Promise.all([...uploads, ...forms.map(upload)]);
    },
    observed(posts: readonly Post[]): Observed {
      return { ...atEnd, work: { ...atEnd.work, messages: storedOf(posts) } };
    },
  };
}

function storedOf(posts: readonly Post[]): number {
  return posts.filter(({ outcome }) => outcome === PostOutcome.stored).length;
}

/** Resolves when the issuer has written its lines of them as well, which would count for the outage otherwise. */
async function formsBefore(
  uploading: Uploading,
  issuer: Pick<ServiceUnderFaults, 'onLine'>,
): Promise<UploadForm[]> {
  const written = Promise.withResolvers<void>();
  let lines = 0;
  const stopListening = issuer.onLine(({ msg }) => {
    if (msg === 'request') lines += 1;
    if (lines === FORMS_BEFORE) written.resolve();
  });
  const asked = await Promise.all(Array.from({ length: FORMS_BEFORE }, () => uploading.askForForm()));
  await written.promise;
  stopListening();
  return asked.filter((form) => form !== undefined);
}

/** Counts calls and collects log lines of each process, until `stop`. */
function watch(services: readonly ServiceUnderFaults[]) {
  const calls = new Map<string, number>(services.map(({ name }) => [name, 0]));
  const attempts = new Map<string, number>();
  const lines = new Map<string, OutputLine[]>(services.map(({ name }) => [name, []]));
  const nameOf = new Map(services.map(({ proxy, name }) => [proxy, name]));
  let isOver = false;
  const listening = services.map(({ name, onLine }) =>
    onLine((line) => {
      if (!('_aws' in line)) lines.get(name)?.push(line);
    }),
  );
  return {
    calls,
    attempts,
    lines,
    onCall({ attempt }: AwsCall, proxy: ServiceUnderFaults['proxy']): void {
      const name = nameOf.get(proxy);
      if (name === undefined || isOver) return;
      calls.set(name, (calls.get(name) ?? 0) + 1);
      attempts.set(name, Math.max(attempt, attempts.get(name) ?? 1));
    },
    stop(): void {
      isOver = true;
      for (const stopListening of listening) stopListening();
    },
  };
}

function areReadySince(
  endedAtMs: number,
  services: readonly ServiceUnderFaults[],
  { probes }: Probing,
): boolean {
  return services.every(({ name }) =>
    probes.some(
      ({ service, path, status, beganAtMs }) =>
        service === name && path === '/readyz' && status === 200 && beganAtMs > endedAtMs,
    ),
  );
}

async function comesTrue(probing: Probing, holds: () => boolean): Promise<boolean> {
  const limit = delay(READY_LIMIT_MS, false, { ref: false });
  return Promise.race([probing.when(holds).then(() => true), limit]);
}

function whoEnded(services: readonly ServiceUnderFaults[], pids: readonly number[]): string[] {
  return services
    .filter((service, at) => !service.isRunning || service.pid !== pids[at])
    .map(({ name }) => `P3: ${name} has ended`);
}
