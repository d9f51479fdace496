// `status` and `revoke` in this process, against every kind of response, held to their messages.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
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
  const server = createServer(({ method }, response) => {
    interrupt?.abort();
    if (interrupt) return;
    if (method === 'DELETE' && status === 200) {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const file = join(t.testdir({ 'a.txt': 'hello' }), 'a.txt');
  const ask = async (
    command: 'status' | 'revoke',
    response: [number, unknown],
    issuer = url,
    args: readonly string[] = [],
  ) => {
    [status, body] = response;
    const { code, stdout, stderr } = await runCommand([command, 'a', ...args], {
      env: { UPLOAD_ONCE_URL: issuer, UPLOAD_ONCE_API_KEY: 'k' },
      interruptSignal: () => interrupt?.signal ?? new AbortController().signal,
    });
    messages.record([command], { code, text: stdout + stderr });
    if (code !== 0) t.equal(stdout, '');
    t.notMatch(stderr, /md5|eTag.*compare/i);
    said = stderr;
    return code;
  };
  let said = '';
  const advice = async (state: object, ...args: string[]) => {
    t.equal(await ask('status', [200, { ...STATUS, ...state }], url, args), 0);
    return said;
  };
  const refusal = (code: string) => ({ code, message: `about ${code}` });
  const closed = 'http://127.0.0.1:9';
  t.equal(await ask('status', [200, STATUS]), 0);
  t.match(
    said,
    /^ISSUED: .*\nIf no file was sent, .*\n.*\n1\. Run revoke\. You need not wait:\n {5}upload-once revoke a\n2\. See what revoke says:\n(?: {3}- .*\n){3}$/,
  );
  for (const state of ['CLAIMED', 'ACCEPTED', 'PROCESSING', 'PROCESSED', 'FAILED']) {
    const sent = { state, sizeBytes: 5 };
    t.match(await advice(sent), `${state}: a file of 5 bytes was received with this form`);
    t.match(said, /\nDo not upload .* is yours\. To compare them:\n {2}upload-once status a --file FILE\n$/);
    const isFailed = state === 'FAILED';
    t.equal(/Tell the people who run the service, with the id a\./.test(said), isFailed);
    t.match(
      await advice({ ...sent, sizeBytes: 6 }, '--file', file),
      /\n\S+ has 5 bytes\. If it has not changed since you sent it, the received file is not yours, .* Someone else used your form:\n1\. .* Have the key rotated now, .*\n2\. Upload your file again\. .*\n3\. Tell .* that a is not your file\. .*\nIf \S+ has changed since then, compare a copy from the time that you sent it\. .*\n$/,
    );
    const sha256 = createHash('sha256').update('hello').digest('hex');
    // The eTag of a bucket that encrypts with KMS.
    const unknown = await advice({ ...sent, eTag: 'f'.repeat(32) }, '--file', file);
    t.match(
      unknown,
      /a\.txt has the same size\. .* Do not upload \S+ again\.\nIf the command upload made the form, or only you had it, it is your file\. This does not hold if you sent it once and S3 responded 412\.\nIf someone else may have had the form, .*\n {2}[0-9a-f]{64}\nIf it has another SHA-256, .* Someone else used your form:\n1\. .*\n2\. Upload your file again\./,
    );
    t.ok(unknown.includes(`  ${sha256}\n`));
    t.match(
      await advice({ ...sent, sha256 }, '--file', file),
      /\nIt is your file: .* Do not upload it again\.\n$/,
    );
    t.match(
      await advice({ ...sent, sha256: 'f'.repeat(64) }, '--file', file),
      /\n\S+ has another SHA-256\. If it has not changed since .*:\n1\. .*\n2\. Upload your file again\. /,
    );
  }
  t.match(
    await advice({ state: 'REVOKED' }, '--file', file),
    /^REVOKED: no file .* counts\.\n1\. If you sent one, upload it again\. It gets a new form\.\n2\. If you did not revoke it, ask the people .* who did\. If that is unknown, have the key rotated, .*\n$/,
  );
  t.match(
    await advice({ state: 'NEW' }),
    /^NEW: there is no such state\. .* for 15 minutes, ask the people .* the id a, and wait for their response\.\n$/,
  );
  t.equal(await ask('status', [200, { ...STATUS, id: 'b' }]), 1);
  t.equal(await ask('status', [200, STATUS], url, ['--file', `${file}-missing`]), 1);
  t.equal(await ask('status', [404, refusal('UploadNotFound')]), 1);
  t.equal(await ask('status', [403, refusal('Forbidden')]), 1);
  t.equal(await ask('status', [200, STATUS], closed), 1);
  t.match(
    said,
    /Nothing is known of a\. Do not upload the file\. Run status again in a minute\. .* 15 minutes, ask the people who run the service, with the id a, and wait for their response\n$/,
  );
  t.equal(await ask('revoke', [200, { ...STATUS, state: 'REVOKED' }]), 0);
  t.equal(await ask('revoke', [204, undefined]), 1, 'any service can respond with 204');
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
