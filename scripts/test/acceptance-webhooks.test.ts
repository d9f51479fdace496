import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const SUITE = fileURLToPath(new URL('../../test/acceptance/webhooks.test.ts', import.meta.url));

/** A deployment that nothing is asked of. */
const NOWHERE = {
  UPLOAD_ONCE_URL: 'http://127.0.0.1:1',
  UPLOAD_ONCE_ACCESS_TABLE: 'none',
  UPLOAD_ONCE_API_KEY: 'none',
  BUCKET: 'none',
  UPLOADS_TABLE: 'none',
  UPLOAD_QUEUE_URL: 'none',
  UPLOAD_DEAD_LETTER_QUEUE_URL: 'none',
  AWS_REGION: 'eu-central-1',
};

function run(env: Record<string, string>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SUITE], {
    env: { PATH: process.env.PATH ?? '', ...NOWHERE, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

t.test(
  'the acceptance of webhooks fails where no receiver is known, and is left out only if that is said',
  async (t) => {
    const failed = run({});
    t.not(failed.status, 0);
    t.match(failed.stderr, 'WEBHOOK_RECEIVER_URL is not set');
    const skipped = run({ ACCEPTANCE_WITHOUT_WEBHOOKS: 'true' });
    t.equal(skipped.status, 0, skipped.stderr);
    t.match(skipped.stdout, /# SKIP the deployment has no webhooks/);
  },
);
