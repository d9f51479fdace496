import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startServers } from '../../../test/support/form-servers.ts';

const MIB = 1024 * 1024;
const SCRIPT = fileURLToPath(new URL('upload-peak-memory.ts', import.meta.url));

t.test('a file of 300 MiB takes no more memory than a small one', async (t) => {
  const servers = await startServers();
  t.teardown(() => servers.close());
  const directory = t.testdir({});
  const small = join(directory, 'small');
  const large = join(directory, 'large');
  for (const [path, sizeBytes] of [
    [small, 8 * MIB],
    [large, 300 * MIB],
  ] as const) {
    writeFileSync(path, '');
    truncateSync(path, sizeBytes);
  }
  const args = [SCRIPT, JSON.stringify(servers.form()), small, large];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  t.equal(code, 0, stderr);
  const [smallKiB = 0, largeKiB = 0] = JSON.parse(stdout);
  t.match(servers.received, [{ sizeBytes: 8 * MIB }, { sizeBytes: 300 * MIB }]);
  t.ok(smallKiB > 0);
  t.ok((largeKiB - smallKiB) / 1024 < 64, `it grew by ${Math.round((largeKiB - smallKiB) / 1024)} MiB`);
});
