import { randomUUID } from 'node:crypto';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import { serviceProgram } from '../profile/service-program.ts';
import { machineLine } from '../report.ts';
import { writeResults } from '../write-results.ts';
import { type Ask, askForForm } from './ask.ts';
import { formsRows, PLAIN_ISSUER, URL_ISSUER } from './report.ts';
import { runRounds } from './rounds.ts';
import { ownProgram, startIssuerStage } from './stage.ts';

/**
 * The same for `POST /v1/uploads`, without and with an Idempotency-Key that no other request has: it takes two writes of its own, each with
 * a condition, which cannot be gathered.
 */

// Before the cores are divided.
const machine = machineLine(new Date());
const stage = await startIssuerStage();
const { apiKey } = stage;
const plain = await stage.start(PLAIN_ISSUER, ownProgram('plain-issuer.ts'));
const issuer = await stage.start(URL_ISSUER, serviceProgram('url-issuer'));
const post: Ask = {
  name: 'POST /v1/uploads',
  path: '/v1/uploads',
  method: 'POST',
  headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
  body: JSON.stringify({
    contentType: 'application/pdf',
    maxBytes: 10_000_000,
    metadata: { customer: '42' },
  }),
};
const results = await runRounds([
  { issuer: plain, ask: askForForm(PLAIN_ISSUER, apiKey) },
  { issuer, ask: askForForm('GET /getpresignedurl', apiKey) },
  { issuer, ask: post },
  {
    issuer,
    ask: {
      ...post,
      name: 'POST /v1/uploads, Idempotency-Key',
      ownHeaders: () => ({ 'idempotency-key': randomUUID() }),
    },
  },
]);
await stage.stop();
process.stdout.write(`${machine}\n\n${textTable(formsRows({ machine, results }))}\n`);
await writeResults('issuer-idempotency', { machine, results });
