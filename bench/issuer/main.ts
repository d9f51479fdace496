import { textTable } from '@upload-once/local-stack/text-table.ts';
import { serviceProgram } from '../profile/service-program.ts';
import { machineLine } from '../report.ts';
import { writeResults } from '../write-results.ts';
import { askForForm } from './ask.ts';
import { closedLoad } from './closed-load.ts';
import { BARE_FASTIFY, issuerRows, PLAIN_ISSUER, URL_ISSUER } from './report.ts';
import { type Contender, roundsOf, SECONDS } from './rounds.ts';
import { ownProgram, startIssuerStage } from './stage.ts';

/**
 * How many forms a second the url-issuer gives on one core, with all that it has in production, beside two baselines in the same
 * rounds. The load and what stands in for DynamoDB have the other core.
 */

// Before the cores are divided.
const machine = machineLine(new Date());
const stage = await startIssuerStage();
const contenders = [
  await contender(BARE_FASTIFY, ownProgram('bare-fastify.ts')),
  await contender(PLAIN_ISSUER, ownProgram('plain-issuer.ts')),
  await contender(URL_ISSUER, serviceProgram('url-issuer')),
];
const results = await roundsOf(contenders, measure);
await stage.stop();
process.stdout.write(`${machine}\n\n${textTable(issuerRows({ machine, results }))}\n`);
await writeResults('issuer', { machine, results });

async function contender(name: string, program: ReturnType<typeof ownProgram>) {
  return { issuer: await stage.start(name, program), ask: askForForm(name, stage.apiKey) };
}

async function measure({ issuer, ask }: Contender) {
  const callsBefore = stage.calls();
  const load = await closedLoad(issuer, ask, SECONDS);
  return { ...load, callsPerForm: (stage.calls() - callsBefore) / (load.perSecond * SECONDS) };
}
