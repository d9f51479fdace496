import { fileURLToPath } from 'node:url';
import type { UploadState } from '@upload-once/uploads';
import type { Test } from 'tap';
import type { LocalCloud } from '../../../../test/support/local-cloud.ts';
import { startServiceProcess } from '../../../../test/support/service-process.ts';
import { runCommand } from './command-process.ts';

/** A file of a service. */
export const pathOf = (name: string) =>
  fileURLToPath(new URL(`../../../../services/${name}`, import.meta.url));
export const isIn = (state: UploadState) => (upload: { state: UploadState }) => upload.state === state;

/** What two deliveries of one upload wait for each other: a minute by default. */
const VISIBILITY_SECONDS = '10';

export function startAcceptor(t: Test, cloud: LocalCloud) {
  const env = { ...cloud.envFor(cloud.queues.uploadEvents), VISIBILITY_SECONDS };
  return startServiceProcess(t, pathOf('acceptor/src/main.ts'), env);
}

export function startProcessor(t: Test, cloud: LocalCloud, settings: Record<string, string> = {}) {
  const env = { ...cloud.envFor(cloud.queues.acceptedEvents), VISIBILITY_SECONDS, ...settings };
  return startServiceProcess(t, pathOf('processor/src/main.ts'), env);
}

/** What an audit without timeout names. */
export async function audit(t: Test, cloud: LocalCloud, ...args: string[]) {
  const { stdout, stderr, code } = await runCommand(
    t,
    cloud,
    'audit',
    '--older-than',
    '0',
    '--json',
    ...args,
  );
  const findings = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return { code, stderr, findings };
}

export async function assertAllIsWell(t: Test, cloud: LocalCloud) {
  t.match(await audit(t, cloud), { code: 0, findings: { length: 0 } });
}
