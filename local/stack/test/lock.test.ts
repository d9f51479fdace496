import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { holdLock } from '../lock.ts';

const module = new URL('../lock.ts', import.meta.url).href;

async function lockPath(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'upload-once-lock-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return join(folder, 'lock');
}

t.test('one at a time; who comes after it was given back has it', async (t) => {
  const path = await lockPath(t);
  const first = await holdLock(path);
  await t.rejects(holdLock(path), {
    code: 'LockHeld',
    message: new RegExp(`another run is at work .*, process ${process.pid}:`),
  });
  await first[Symbol.asyncDispose]();
  const second = await holdLock(path);
  await t.rejects(holdLock(path), { code: 'LockHeld' });
  await second[Symbol.asyncDispose]();
});

t.test('the lock of a process that was killed is taken over', async (t) => {
  const path = await lockPath(t);
  const script = `const { holdLock } = await import(${JSON.stringify(module)});
    await holdLock(${JSON.stringify(path)});
    process.stdout.write('held');
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(owner.stdout, 'data');
  await t.rejects(holdLock(path), { code: 'LockHeld', message: new RegExp(`, process ${owner.pid}:`) });
  owner.kill('SIGKILL');
  await once(owner, 'close');
  const lock = await holdLock(path);
  await t.rejects(holdLock(path), { code: 'LockHeld' });
  await lock[Symbol.asyncDispose]();
});
