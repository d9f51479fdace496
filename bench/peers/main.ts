import { fileURLToPath } from 'node:url';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import { type Ask, askForForm } from '../issuer/ask.ts';
import { PLAIN_ISSUER, URL_ISSUER } from '../issuer/report.ts';
import { runRounds } from '../issuer/rounds.ts';
import { ownProgram, type Program, startIssuerStage } from '../issuer/stage.ts';
import { serviceProgram } from '../profile/service-program.ts';
import { machineLine } from '../report.ts';
import { writeResults } from '../write-results.ts';
import manifest from './package.json' with { type: 'json' };
import { peersRows } from './report.ts';

/** The url-issuer beside libraries that sign forms or URLs of S3, each as its documentation shows it. They record no upload. */

const { devDependencies: versions } = manifest;
// Before the cores are divided.
const machine = machineLine(new Date());
const stage = await startIssuerStage();
const { apiKey } = stage;
const results = await runRounds([
  await contender(ownProgram('plain-issuer.ts'), askForForm(PLAIN_ISSUER, apiKey)),
  await contender(peer('better-upload.mjs'), {
    name: `better-upload ${versions['better-upload']}`,
    path: '/upload',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      route: 'upload',
      files: [{ name: 'contract.pdf', size: 1_000, type: 'application/pdf' }],
    }),
  }),
  await contender(peer('companion.mjs'), {
    name: `Uppy Companion ${versions['@uppy/companion']}`,
    path: '/s3/params?filename=contract.pdf&type=application/pdf',
    headers: {},
  }),
  await contender(serviceProgram('url-issuer'), askForForm(URL_ISSUER, apiKey)),
]);
await stage.stop();
process.stdout.write(`${machine}\n\n${textTable(peersRows({ machine, results }))}\n`);
await writeResults('peers', { machine, results });

function peer(file: string): Program {
  return { program: fileURLToPath(new URL(file, import.meta.url)) };
}

async function contender(program: Program, ask: Ask) {
  return { issuer: await stage.start(ask.name, program), ask };
}
