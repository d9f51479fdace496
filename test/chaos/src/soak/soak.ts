import type { ServiceUnderFaults } from '../service-under-faults.ts';
import { type Account, accountFor } from './account.ts';
import { type Counters, counterFindings, sumCounters } from './counters.ts';
import { followWorkers } from './follow-workers.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Load, putUnderLoad } from './load.ts';
import { comeToRest } from './rest.ts';
import { type Sampling, startSampling } from './samples.ts';
import type { Settings } from './settings.ts';
import { startSettling } from './settling.ts';
import { type StackUnderSoak, startStackUnderSoak } from './stack-under-soak.ts';

/**
 * Of each service. Where there is much memory V8 leaves garbage lie for minutes, and takes up to 96 MiB for what is young, step by step:
 * that looks like a leak. With little it collects all the while, has soon all that it takes, and what leaks ends the process. To begin
 * takes up to 47 MiB, where nothing is in Node's compile cache.
 */
const NODE_OPTIONS = '--max-old-space-size=64 --max-semi-space-size=4';

/** What a soak came to. */
export interface SoakResult {
  /** Promises that were broken; growth of a process is the report's to judge. */
  readonly findings: readonly string[];
  readonly ledger: Ledger;
  readonly load: Load;
  readonly account: Account;
  readonly counters: Counters;
  readonly sampling: Sampling;
  /** What had been given up before its last chance, each with why. */
  readonly deadLetters: readonly string[];
}

/**
 * Runs everything under load and faults for a time, or until `ending` is aborted; then lets it come to rest and accounts for
 * every upload.
 * @throws Error where it could not be run to its end; a broken promise is a finding
 */
export async function soak(options: {
  readonly settings: Settings;
  readonly logFolder: string;
  readonly ending: AbortSignal;
  readonly say: (line: string) => void;
}): Promise<SoakResult> {
  const { settings, logFolder, ending, say } = options;
  const ledger = createLedger();
  // Ctrl-C ends the uploads; what was uploaded still has to be brought to its end.
  const under = await startStackUnderSoak(logFolder, {
    withMortals: true,
    ownGroup: true,
    settings: { NODE_OPTIONS },
  });
  const settling = startSettling(under.outside);
  const deaths = followDeaths(under);
  const workers = [...under.steadyWorkers, ...under.mortalWorkers];
  const deadLetterReasons = followWorkers(workers, ledger);
  const sampling = startSampling(longLived(under), () => performance.now());

  try {
    const load = await putUnderLoad({ settings, under, ledger, settling, ending, say });
    await sampling.stop();
    say('No more uploads, kills and faults. Waiting until everything is at rest …');
    const rest = await comeToRest(under, deadLetterReasons);
    await settling.stop();
    say('Accounting for every upload …');
    const account = await accountFor(ledger, under);
    const stops = await stopAll([under.issuer, ...workers], deaths);
    const counters = sumCounters([under.issuer, ...workers]);
    const findings = [
      ...load.findings,
      ...rest.findings,
      ...account.findings,
      ...stops,
      ...counterFindings(counters, ledger.entries.size, account),
    ];
    return { findings, ledger, load, account, counters, sampling, deadLetters: rest.deadLetters };
  } finally {
    await Promise.allSettled([sampling.stop(), settling.stop()]);
    await under.stop();
  }
}

/** Those whose memory can be followed: they live from the beginning to the end. */
function longLived({ stack, issuer, steadyWorkers }: StackUnderSoak) {
  return [
    ...[issuer, ...steadyWorkers, stack.localAws].map(({ name, pid }) => ({ name, pid })),
    { name: 'soak itself', pid: process.pid },
  ];
}

/** The services that ended although the soak did not end them. */
function followDeaths({ issuer, steadyWorkers }: StackUnderSoak): readonly string[] {
  const deaths: string[] = [];
  for (const service of [issuer, ...steadyWorkers]) {
    void service.ended().then(({ code, signal }) => {
      deaths.push(`P3: ${service.name} ended by itself, with ${signal ?? `exit code ${code}`}`);
    });
  }
  return deaths;
}

async function stopAll(
  services: readonly ServiceUnderFaults[],
  deaths: readonly string[],
): Promise<readonly string[]> {
  const findings = [...deaths];
  for (const service of services) {
    if (!service.isRunning) continue;
    const { code, signal } = await service.stop();
    if (code === 0) continue;
    findings.push(`P3: ${service.name} was stopped, and ended with ${signal ?? `exit code ${code}`}`);
  }
  return findings;
}
