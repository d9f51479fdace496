// `status` and `revoke` in this process, against every kind of answer, held to their messages.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { watchMessages } from '../../../test/support/command-messages.ts';
import { runCommand } from './command-stage.ts';

const STATUS = {
  id: 'a',
  state: 'ISSUED',
  method: 'post',
  minBytes: 0,
  maxBytes: 1,
  metadata: {},
  issuedAt: '2030-01-01T00:00:00.000Z',
  expiresAt: '2030-01-01T00:00:30.000Z',
  duplicates: 0,
  refused: 0,
  duplicatesRemoved: 0,
  refusedRemoved: 0,
};

t.test('they say what they are to say, and nothing else', async (t) => {
  const messages = watchMessages();
  let [status, body]: [number, unknown] = [200, STATUS];
  let interrupt: AbortController | undefined;
  const server = createServer(({ method }, answer) => {
    interrupt?.abort();
    if (interrupt) return;
    if (method === 'DELETE' && status === 200) {
      answer.writeHead(204).end();
      return;
    }
    answer.writeHead(status, { 'content-type': 'application/json' });
    answer.end(body === undefined ? undefined : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = async (command: 'status' | 'revoke', answer: [number, unknown], issuer = url) => {
    [status, body] = answer;
    const { code, stdout, stderr } = await runCommand([command, 'a'], {
      env: { UPLOAD_ONCE_URL: issuer, UPLOAD_ONCE_API_KEY: 'k' },
      interruptSignal: () => interrupt?.signal ?? new AbortController().signal,
    });
    messages.record([command], { code, text: stdout + stderr });
    if (code !== 0) t.equal(stdout, '');
    return code;
  };
  const refusal = (code: string) => ({ code, message: `about ${code}` });
  const closed = 'http://127.0.0.1:9';
  t.equal(await ask('status', [200, STATUS]), 0);
  t.equal(await ask('status', [404, refusal('UploadNotFound')]), 1);
  t.equal(await ask('status', [403, refusal('Forbidden')]), 1);
  t.equal(await ask('status', [200, STATUS], closed), 1);
  t.equal(await ask('revoke', [200, { ...STATUS, state: 'REVOKED' }]), 0);
  t.equal(await ask('revoke', [204, undefined]), 1, 'any service can answer 204');
  for (const other of [{}, { state: 'CLAIMED' }, { state: 'REVOKED', id: 'b' }, { state: 'new' }])
    t.equal(await ask('revoke', [200, { ...STATUS, ...other }]), 1, JSON.stringify(other));
  t.equal(await ask('revoke', [409, refusal('AlreadyClaimed')]), 1);
  t.equal(await ask('revoke', [404, refusal('UploadNotFound')]), 1);
  t.equal(await ask('revoke', [200, STATUS], closed), 1);
  for (const command of ['status', 'revoke'] as const) {
    interrupt = new AbortController();
    t.equal(await ask(command, [200, STATUS]), 130);
  }
  messages.assertKnown(t, 'status', 'revoke');
});
