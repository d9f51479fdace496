import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineLine } from '@upload-once/bench/report.ts';
import { casesOf } from './cases.ts';
import { OutageKind } from './outage-kind.ts';
import { runOutages } from './outages.ts';
import { outageTable } from './report.ts';

/** Exit code 0: every outage was got over as it should be. 1: a finding, or it could not be run to its end. 2: wrong use. */
const DEFAULT_SECONDS = 60;
const MAX_SECONDS = 3600;
/** The exit code that a shell reports for a program that SIGINT ended. */
const BROKEN_OFF = 130;
const say = (line: string) => process.stdout.write(`${line}\n`);

const seconds = secondsOrExit(process.env.SECONDS || String(DEFAULT_SECONDS));
const logFolder = await mkdtemp(join(tmpdir(), 'upload-once-outages-'));
// With it end the processes that it has started.
process.once('SIGINT', () => process.exit(BROKEN_OFF)).once('SIGTERM', () => process.exit(BROKEN_OFF));
say(machineLine(new Date()));
say(`S3, SQS and DynamoDB are away, slow and throttling, ${seconds} s each; logs: ${logFolder}`);

try {
  const cases = [OutageKind.away, OutageKind.slow, OutageKind.throttled].flatMap((kind) =>
    casesOf(kind, seconds),
  );
  const { results, findings, files } = await runOutages({
    cases,
    seed: 1,
    logFolder,
    ownGroup: true,
    onResult({ observed: { service, kind }, findings: found, restSeconds }) {
      const verdict = found.length === 0 ? 'got over' : `${found.length} findings`;
      say(`  ${service} ${kind}: ${verdict}, everything at rest after ${restSeconds.toFixed(0)} s`);
    },
  });
  say(`\n${outageTable(results)}\n`);
  const all = [
    ...results.flatMap(({ observed: { service, kind }, findings: found }) =>
      found.map((finding) => `${service} ${kind}: ${finding}`),
    ),
    ...findings,
  ];
  if (all.length === 0) {
    say(`${files} files are accounted for: nothing lost, nothing doubled, nothing misrecorded.`);
    await rm(logFolder, { recursive: true, force: true });
    process.exit(0);
  }
  for (const finding of all) say(finding);
  say(`${all.length} findings; the processes' logs: ${logFolder}`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.stderr.write(`The outages broke off. The processes' logs: ${logFolder}\n`);
}
process.exit(1);

function secondsOrExit(text: string): number {
  const given = /^\d+$/.test(text) ? Number(text) : 0;
  if (given >= 1 && given <= MAX_SECONDS) return given;
  process.stderr.write(`SECONDS is a whole number from 1 to ${MAX_SECONDS}, not ${JSON.stringify(text)}\n`);
  return process.exit(2);
}
