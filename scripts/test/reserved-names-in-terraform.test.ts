import { readFileSync } from 'node:fs';
import { drainFields, logFields } from '@upload-once/runtime';
import t from 'tap';
import { configFields } from '../../services/processor/src/config.ts';

/** What a user gives beside the processor's own variables, in the image or here. */
const OF_THE_HANDLER = ['PROCESSOR_HANDLER'];
/** What the AWS SDK reads beside the variables that the schema names: credentials of its own, for the processor too. */
const OF_THE_SDK = ['AWS_PROFILE', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];
/** Refused by their beginning, whatever service they name. */
const ENDPOINTS = 'AWS_ENDPOINT_URL';

t.test('Terraform keeps the handler from every variable of the processor’s, and from no other', async (t) => {
  const file = readFileSync(new URL('../../terraform/modules/settings/main.tf', import.meta.url), 'utf8');
  const list = /^ {2}reserved_names = \[\n(?<names>.*?)^ {2}\]/ms.exec(file)?.groups?.['names'] ?? '';
  const reserved = [...list.matchAll(/"(\w+)"/g)].map(([, name]) => name);
  const variables = Object.keys({ ...configFields, ...logFields, ...drainFields }).filter(
    (name) => !name.startsWith(ENDPOINTS) && !OF_THE_HANDLER.includes(name),
  );
  t.strictSame(reserved.sort(), [...variables, ...OF_THE_SDK].sort());
});
