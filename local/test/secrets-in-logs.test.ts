import { createHash } from 'node:crypto';
import t from 'tap';
import { findSecrets } from '../secrets-in-logs.ts';

const KEY = 'uo_example_of no/key';

t.test('what must not stand in a log is found, whoever made it, and not repeated', async (t) => {
  const policy = Buffer.from('{"expiration":"2030-01-01T00:00:00Z","conditions":[]}').toString('base64');
  const folder = t.testdir({
    'url-issuer.log': [
      '{"msg":"listening"}',
      `{"msg":"key ${KEY}"}`,
      `{"path":"/?x-api-key=${encodeURIComponent(KEY)}"}`,
      `{"hash":"${createHash('sha256').update(KEY).digest('hex')}"}`,
      `{"policy":"${policy}"}`,
    ].join('\n'),
    'acceptor.log': `{"url":"https://x/?X-Amz-Signature=${'0a'.repeat(32)}&b=c"}`,
    'local-aws.log': `{"secret":"${KEY}"}`,
  });
  const found = await findSecrets(folder, { 'the key': KEY });
  t.strictSame(found.map(({ file, line, what }) => `${file}:${line} ${what}`).sort(), [
    'acceptor.log:1 a signature',
    'url-issuer.log:2 the key',
    'url-issuer.log:3 the key',
    'url-issuer.log:4 the key, as SHA-256',
    'url-issuer.log:5 a policy',
  ]);
  t.notOk(JSON.stringify(found).includes(KEY));
});

t.test('a clean log has none, and no logs at all are not taken for clean ones', async (t) => {
  const line =
    '{"path":"/v1/uploads","apiKeyId":"0123456789abcdef","traceId":"0af7651916cd43dd8448eb211c80319c"}';
  t.strictSame(await findSecrets(t.testdir({ 'acceptor.log': line }), { 'the key': KEY }), []);
  await t.rejects(findSecrets(t.testdir({}), {}), /there are no logs/);
});
