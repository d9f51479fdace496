import { readFile, rm, writeFile } from 'node:fs/promises';

export class LockHeld extends Error {
  readonly code = 'LockHeld';
  override readonly name = 'LockHeld';
}

/**
 * Keeps a second run out while one is at work. The lock of a process that has ended is taken over.
 * @throws LockHeld when a process that lives has it
 */
export async function holdLock(file: string, pid: number): Promise<AsyncDisposable> {
  const owner = await ownerOf(file);
  if (owner !== undefined && owner !== pid) {
    if (isAlive(owner)) {
      throw new LockHeld(
        `process ${owner} is at work on the same: wait for it, or end it; if it is another program, remove ${file}`,
      );
    }
    await rm(file, { force: true });
  }
  await writeFile(file, String(pid), { flag: 'wx' });
  return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
}

async function ownerOf(file: string): Promise<number | undefined> {
  try {
    return Number(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Signal 0 asks only. EPERM: it lives, and is another user's. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
