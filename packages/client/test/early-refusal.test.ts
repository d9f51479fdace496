import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { makeCertificate } from '../../../test/support/certificate.ts';
import { EXPIRES_AT } from '../../../test/support/form-servers.ts';
import { uploadFile } from '../src/index.ts';

const SERVER = fileURLToPath(new URL('early-refusal-server.ts', import.meta.url));
const MIB = 1024 * 1024;
const UPLOADS = 10;

async function startServer(t: Test, files: readonly string[]): Promise<string> {
  const server = spawn(process.execPath, [SERVER, ...files], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(async () => {
    server.kill();
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  });
  const [port] = await once(server.stdout, 'data');
  return String(port).trim();
}

async function* zeros() {
  for (let made = 0; made < 16; made++) yield Buffer.alloc(MIB);
}

for (const kind of ['http', 'https'] as const) {
  t.test(`a refusal is read, though the connection is closed behind it: ${kind}`, async (t) => {
    const { key, cert } = makeCertificate(t.testdir({}));
    const port = await startServer(t, kind === 'https' ? [key, cert] : []);
    const url = `${kind}://localhost:${port}/bucket`;
    const form = { url, fields: { key: 'uploads/a', policy: 'p' }, key: 'uploads/a', expiresAt: EXPIRES_AT };
    const agent = kind === 'https' ? new https.Agent({ ca: readFileSync(cert) }) : undefined;
    const seen: string[] = [];
    for (let at = 0; at < UPLOADS; at++) {
      const file = { stream: zeros(), name: 'zeros', sizeBytes: 16 * MIB };
      seen.push(
        await uploadFile({ form, file, agent }).then(String, ({ code, s3Code }) => `${code} ${s3Code}`),
      );
    }
    t.strictSame(seen, Array(UPLOADS).fill('UploadRefused AccessDenied'));
  });
}
