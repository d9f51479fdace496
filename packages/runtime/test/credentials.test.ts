import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { NO_CREDENTIALS, startServiceProcess } from '../../../test/support/service-process.ts';

const FIXTURE = fileURLToPath(new URL('fixtures/aws-service.ts', import.meta.url));

function start(t: Test, env: Record<string, string>) {
  return startServiceProcess(t, FIXTURE, { AWS_REGION: 'eu-central-1', ...NO_CREDENTIALS, ...env });
}

/** What a task asks for the credentials of its role; responds with this status. */
async function startTaskRole(t: Test, status: number): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        AccessKeyId: 'EXAMPLEACCESSKEYID00',
        SecretAccessKey: 'example-secret',
        Token: 'example-token',
        Expiration: '2090-01-01T00:00:00Z',
      }),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

t.test('with credentials of the environment or of a task role it starts', async (t) => {
  for (const env of [
    { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' },
    { AWS_CONTAINER_CREDENTIALS_FULL_URI: await startTaskRole(t, 200) },
  ]) {
    const service = start(t, env);
    await service.logged('fixture started');
    t.strictSame(await service.stop(), { code: 0, stderr: '' });
  }
});

t.test('without any it names what is missing: one line, exit 78, nothing started', async (t) => {
  for (const env of [
    {},
    { AWS_ACCESS_KEY_ID: 'id' },
    { AWS_CONTAINER_CREDENTIALS_FULL_URI: await startTaskRole(t, 403) },
  ]) {
    const service = start(t, env);
    const { code, stderr } = await service.ended();
    t.equal(code, 78);
    t.match(
      stderr,
      /^AWS_ACCESS_KEY_ID: expected credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile \(AWS_PROFILE\), or on AWS a task role; the AWS SDK says: [^\n]+\n$/,
    );
    t.strictSame(service.lines, []);
  }
});
