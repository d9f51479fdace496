import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { pathWith } from '../../../test/support/fake-programs.ts';
import { createCompose, saveServiceLogs } from '../../localstack/compose.ts';

import { findSecrets, reportSecrets } from '../secrets-in-logs.ts';

const KEY = 'uo_example_of no/key';
/** A key that is not on the list, in the format of the keys that are made here. */
const MADE_KEY = `uo_0123456789abcdef_${'0a'.repeat(24)}`;
const POLICY = Buffer.from('{"expiration":"2030-01-01T00:00:00Z","conditions":[]}').toString('base64');
const FACTS = `{"endpoints":{"s3":"http://127.0.0.1:1"},"credentials":{"secretAccessKey":"${KEY}"}}`;

const placesOf = (found: Awaited<ReturnType<typeof findSecrets>>) =>
  found.map(({ file, line, what }) => `${file}:${line} ${what}`).sort();

t.test('a secret in a log is found, whatever made it, and is not repeated', async (t) => {
  const folder = t.testdir({
    'url-issuer.log': [
      '{"msg":"listening"}',
      `{"msg":"key ${KEY}"}`,
      `{"path":"/?x-api-key=${encodeURIComponent(KEY)}"}`,
      `{"hash":"${createHash('sha256').update(KEY).digest('hex')}"}`,
      `{"policy":"${POLICY}"}`,
      `{"msg":"no key: ${MADE_KEY}"}`,
    ].join('\n'),
    'acceptor.log': `{"url":"https://x/?X-Amz-Signature=${'0a'.repeat(32)}&b=c"}`,
    'webhook-sender.log': [
      `{"got":"whsec_${Buffer.alloc(24, 1).toString('base64')}"}`,
      `{"headers":{"webhook-signature":"v1,${Buffer.alloc(32, 1).toString('base64')}"}}`,
    ].join('\n'),
  });
  const found = await findSecrets(folder, { 'the key': KEY });
  t.strictSame(placesOf(found), [
    'acceptor.log:1 a signature',
    'url-issuer.log:2 the key',
    'url-issuer.log:3 the key',
    'url-issuer.log:4 the key, as SHA-256',
    'url-issuer.log:5 a policy',
    'url-issuer.log:6 an API key',
    'webhook-sender.log:1 a secret of webhooks',
    'webhook-sender.log:2 a signature of a webhook',
  ]);
  t.notOk(JSON.stringify(found).includes(KEY));
  const said: string[] = [];
  t.equal(await reportSecrets(folder, { 'the key': KEY }, (line) => said.push(line)), true);
  t.equal(said.length, found.length);
  t.ok(said.includes(`a policy stands in a log: ${join(folder, 'url-issuer.log')}, line 5`));
  t.notOk(said.some((line) => line.includes(KEY) || line.includes(MADE_KEY)));
});

t.test('of local-aws its line of facts is left out, once, and of others none', async (t) => {
  const lines = ['starting', FACTS, FACTS, `{"policy":"${POLICY}"}`, `S3 failed: ${MADE_KEY}`].join('\n');
  const folder = t.testdir({ 'local-aws.log': lines, 'processor.log': FACTS });
  t.strictSame(placesOf(await findSecrets(folder, { 'the key': KEY })), [
    'local-aws.log:3 the key',
    'local-aws.log:4 a policy',
    'local-aws.log:5 an API key',
    'processor.log:1 the key',
  ]);
});

t.test('a clean log has none; no logs at all, and empty ones, are not taken for clean ones', async (t) => {
  const line =
    '{"path":"/v1/uploads","apiKeyId":"0123456789abcdef","traceId":"0af7651916cd43dd8448eb211c80319c"}';
  const unheard = () => t.fail('nothing is said of it');
  t.strictSame(await findSecrets(t.testdir({ 'acceptor.log': line }), { 'the key': KEY }), []);
  t.equal(await reportSecrets(t.testdir({ 'acceptor.log': line }), { 'the key': KEY }, unheard), false);
  await t.rejects(findSecrets(t.testdir({}), {}), /there are no logs/);
  await t.rejects(
    findSecrets(t.testdir({ 'a.log': line, 'b.log': '\n' }), {}),
    /there is nothing in .*b\.log/,
  );
});

t.test('the logs of containers are looked through one by one, and LocalStack’s own is not', async (t) => {
  const own = t.testdir({ logs: {}, commands: {} });
  const folder = join(own, 'logs');
  const docker = `case "$*" in *" logs --no-color "*) for service; do :; done; echo "$service | ${MADE_KEY}";; esac`;
  const compose = createCompose({
    project: 'upload-once-unit',
    forAcceptance: true,
    env: { PATH: await pathWith(t, { docker }) },
    logFile: join(own, 'commands', 'commands.log'),
  });
  await saveServiceLogs(compose, folder);
  t.equal(await readFile(join(folder, 'acceptor.log'), 'utf8'), `acceptor | ${MADE_KEY}\n`);
  t.strictSame(placesOf(await findSecrets(folder, {})), [
    'acceptor.log:1 an API key',
    'processor.log:1 an API key',
    'url-issuer-short-lived.log:1 an API key',
    'url-issuer.log:1 an API key',
    'webhook-sender.log:1 an API key',
  ]);
});
