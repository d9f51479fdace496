// A line that is fast at first, so that large pieces are written, and then slows down in the middle of one.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createServer, connect as openSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, connect as openTlsSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { makeCertificate } from '../../../test/support/certificate.ts';
import { EXPIRES_AT } from '../../../test/support/form-servers.ts';
import { uploadFile } from '../src/index.ts';

const MIB = 1024 * 1024;
/** A large piece takes 3 s so: several times as long as the line may stand still. */
const SLOW_BYTES = 4 * MIB;
const STEP_BYTES = 32 * 1024;
const STEP_MS = 25;
const IDLE_SECONDS = 0.75;

/** A Unix domain socket, because the kernel holds little of what is written to one. */
async function listen(t: Test, secure: boolean, fastBytes: number, slowBytes: number) {
  // Its path may have no more than 107 bytes.
  const directory = mkdtempSync(join(tmpdir(), 'slow-line-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'socket');
  const { key, cert } = makeCertificate(directory);
  const seen = { readBytes: 0, stoodStill: false };
  const sockets: Socket[] = [];
  const read = (socket: Socket) => {
    sockets.push(socket);
    let stepBytes = 0;
    socket.on('error', () => {});
    socket.on('data', ({ length }) => {
      seen.readBytes += length;
      stepBytes += length;
      if (seen.readBytes < fastBytes || stepBytes < STEP_BYTES) return;
      stepBytes = 0;
      socket.pause();
      seen.stoodStill = seen.readBytes >= fastBytes + slowBytes;
      if (!seen.stoodStill) setTimeout(() => socket.resume(), STEP_MS);
    });
  };
  const server = secure
    ? createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, read)
    : createServer(read);
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const agent = secure ? new https.Agent() : new http.Agent();
  agent.createConnection = () =>
    secure ? openTlsSocket({ path, ca: readFileSync(cert), servername: 'localhost' }) : openSocket(path);
  return { agent, seen };
}

async function* zeros(sizeBytes: number) {
  const chunk = Buffer.alloc(4 * MIB);
  for (let made = 0; made < sizeBytes; made += chunk.length) yield chunk;
}

for (const kind of ['http', 'https'] as const) {
  t.test(
    `a line that slows down ends the upload when it stands still, and not before: ${kind}`,
    async (t) => {
      const { agent, seen } = await listen(t, kind === 'https', 20 * MIB, SLOW_BYTES);
      const url = `${kind}://localhost/bucket`;
      const sizeBytes = 64 * MIB;
      const upload = uploadFile({
        form: { url, fields: { key: 'uploads/a', policy: 'p' }, key: 'uploads/a', expiresAt: EXPIRES_AT },
        file: { stream: zeros(sizeBytes), name: 'zeros', sizeBytes },
        agent,
        timeouts: { idleSeconds: IDLE_SECONDS },
      });
      await t.rejects(upload, {
        code: 'UploadIncomplete',
        message: `the connection broke (it took less than 64 KiB in ${IDLE_SECONDS} s)`,
      });
      t.equal(seen.stoodStill, true, `${seen.readBytes} bytes had come`);
    },
  );
}

t.test('a PUT that stands still before its last piece is known not to be stored', async (t) => {
  const { agent } = await listen(t, false, 0, 0);
  const sizeBytes = 448 * 1024;
  const upload = uploadFile({
    form: {
      url: 'http://localhost/bucket/a',
      headers: { 'content-length': String(sizeBytes) },
      key: 'uploads/a',
      expiresAt: EXPIRES_AT,
    },
    file: { blob: new Blob([Buffer.alloc(sizeBytes)]), name: 'zeros' },
    agent,
    timeouts: { idleSeconds: 0.05 },
  });
  await t.rejects(upload, { code: 'UploadIncomplete' });
});
