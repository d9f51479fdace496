import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import type { LocalCloud } from '../../../../test/support/local-cloud.ts';

const BIN = fileURLToPath(new URL('../../../../packages/cli/bin/upload-once.mjs', import.meta.url));

/** `upload-once` as a process of its own, on a cloud of this machine. */
export function startCommand(
  t: Test,
  cloud: LocalCloud,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const child = spawn(process.execPath, [BIN, ...args], {
    env: {
      ...cloud.envFor(''),
      UPLOAD_EVENTS_QUEUE_URL: cloud.queues.uploadEvents,
      ACCEPTED_EVENTS_QUEUE_URL: cloud.queues.acceptedEvents,
      RECORD_RETENTION_DAYS: '113',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr, [code, signal]]) => ({ stdout, stderr, code, signal }),
  );
  return { kill: () => child.kill('SIGKILL'), ended };
}

/** Runs it to its end. */
export function runCommand(t: Test, cloud: LocalCloud, ...args: string[]) {
  return startCommand(t, cloud, args).ended;
}
