import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineLine } from '@upload-once/bench/report.ts';
import { report } from './report.ts';
import { readSettings, type Settings } from './settings.ts';
import { soak } from './soak.ts';

/**
 * Exit code 0: every upload is accounted for, and no service grew. 1: a finding, or it could not be run to its end. 2: wrong use.
 * Ctrl-C ends the uploads, and the run then finishes normally. A second Ctrl-C ends the run at once.
 */
const SHOWN_FINDINGS = 50;
/** The exit code that a shell reports for a program that SIGINT ended. */
const BROKEN_OFF = 130;
const say = (line: string) => process.stdout.write(`${line}\n`);

const settings = settingsOrExit();
const logFolder = await mkdtemp(join(tmpdir(), 'upload-once-soak-'));
const ending = new AbortController();
process.on('SIGINT', end).on('SIGTERM', end);
say(machineLine(new Date()));
say(
  `${settings.minutes} minutes, ${settings.concurrency} uploads at once, SEED=${settings.seed}; logs: ${logFolder}`,
);

try {
  const result = await soak({ settings, logFolder, ending: ending.signal, say });
  const { text, findings: growth } = report(result);
  const findings = [...result.findings, ...growth];
  say(`\n${text}\n`);
  if (findings.length === 0) {
    say('Nothing lost, nothing doubled, nothing misrecorded.');
    await rm(logFolder, { recursive: true, force: true });
    process.exit(0);
  }
  for (const finding of findings.slice(0, SHOWN_FINDINGS)) say(finding);
  say(`${findings.length} findings. SEED=${settings.seed}; the processes' logs: ${logFolder}`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.stderr.write(`The soak broke off. The processes' logs: ${logFolder}\n`);
}
process.exit(1);

function end(): void {
  if (ending.signal.aborted) process.exit(BROKEN_OFF);
  say('Ends early: what was done is accounted for. Once more breaks off.');
  ending.abort();
}

function settingsOrExit(): Settings {
  try {
    return readSettings(process.env, 1 + (Date.now() % 999_999_999));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return process.exit(2);
  }
}
