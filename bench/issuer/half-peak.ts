import { textTable } from '@upload-once/local-stack/text-table.ts';
import { percentile } from '../percentile.ts';
import { serviceProgram } from '../profile/service-program.ts';
import { machineLine } from '../report.ts';
import { writeResults } from '../write-results.ts';
import { askForForm } from './ask.ts';
import { closedLoad } from './closed-load.ts';
import { openLoad } from './open-load.ts';
import { BARE_FASTIFY, type HalfPeakFigure, halfPeakRows, PLAIN_ISSUER, URL_ISSUER } from './report.ts';
import { type Contender, roundsOf, SECONDS } from './rounds.ts';
import { ownProgram, type Program, startIssuerStage } from './stage.ts';

/** How long a form takes at half of the rate that the same server reached just before, beside two baselines at half of theirs. */

/** More, and the load falls behind: it shares its core with what stands in for DynamoDB. Only bare Fastify could take more. */
const MOST_PER_SECOND = 3_000;

// Before the cores are divided.
const machine = machineLine(new Date());
const stage = await startIssuerStage();
const results = await roundsOf(
  [
    await contender(BARE_FASTIFY, ownProgram('bare-fastify.ts')),
    await contender(PLAIN_ISSUER, ownProgram('plain-issuer.ts')),
    await contender(URL_ISSUER, serviceProgram('url-issuer')),
  ],
  atHalfPeak,
);
await stage.stop();
process.stdout.write(`${machine}\n\n${textTable(halfPeakRows({ machine, results }))}\n`);
await writeResults('issuer-half-peak', { machine, results });

async function contender(name: string, program: Program): Promise<Contender> {
  return { issuer: await stage.start(name, program), ask: askForForm(name, stage.apiKey) };
}

async function atHalfPeak({ issuer, ask }: Contender): Promise<Record<HalfPeakFigure, number>> {
  const peak = await closedLoad(issuer, ask, SECONDS);
  const latencies = await openLoad(issuer, ask, {
    perSecond: Math.min(peak.perSecond / 2, MOST_PER_SECOND),
    seconds: SECONDS,
  });
  return {
    perSecond: latencies.length / SECONDS,
    p50Ms: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
  };
}
