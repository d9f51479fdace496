// The dead letters of webhooks: shown with the others where their queue is given, and sent as if they were new.
import { type UploadEvent, UploadEventType, writeReport, writeUploadEvent } from '@upload-once/uploads';
import t, { type Test } from 'tap';
import {
  deleteAtOf,
  operate,
  quietCloud,
  RECORD_RETENTION_SECONDS,
} from '../../../test/support/operator-stage.ts';

const at = new Date('2026-11-28T10:00:00.000Z');
const eventOf = (key: string): UploadEvent => ({
  type: UploadEventType.processed,
  key,
  acceptedVersionId: 'copy',
  at,
});

/** An event whose attempts have all failed, the report of a duplicate, and what the webhook-sender can't handle. */
async function threeDeadLetters(t: Test) {
  const cloud = await quietCloud(t);
  const key = await cloud.issue();
  const event = writeUploadEvent(eventOf(key));
  const retry = { schemaVersion: 1, event: JSON.parse(event), attempt: 10, nextAttemptAt: at };
  const report = writeReport({
    observedVersion: {
      key,
      kind: 'duplicate',
      versionId: 'second',
      eTag: 'e',
      sizeBytes: 1,
      storedAt: at,
      recordedAt: at,
      reported: false,
    },
  });
  for (const body of [JSON.stringify(retry), report, '{"schemaVersion":1,"type":"orphan"}'])
    await cloud.send(cloud.queues.webhooksDeadLetter, body);
  const env = { WEBHOOK_QUEUE_URL: cloud.queues.webhooks };
  return { cloud, key, event, report, env };
}

t.test('they are shown with the others, and moved with a schedule that begins anew', async (t) => {
  const { cloud, key, event, report, env } = await threeDeadLetters(t);
  const shown = await operate(cloud, ['redrive'], { env });
  t.match(
    shown.stdout,
    /^upload-events-dead-letter .*\naccepted-events-dead-letter .*\nwebhooks-dead-letter has about 3 /,
  );
  t.match(shown.stdout, new RegExp(`\\n  upload\\.processed +1 × +\\S+ s +– +ISSUED +${key} copy\\n`));
  t.match(shown.stdout, new RegExp(`\\n  upload\\.duplicate +1 × +\\S+ s +– +ISSUED +${key} second\\n`));
  t.match(shown.stdout, /\n {4}it is neither an event of an upload nor the report of a duplicate\n/);
  t.match(shown.stderr, /Then --yes moves 2; 1 unknown stays/);

  const nextWeek = new Date(Date.now() + 7 * 86_400_000);
  const moved = await operate(cloud, ['redrive', '--yes'], { env, now: () => nextWeek });
  t.equal(moved.code, 0);
  t.match(moved.stdout, /\n2 moved to webhooks, 1 unknown stays \(--delete-unknown FILE removes it\)\n$/);
  await cloud.depthIs(cloud.queues.webhooks, 2);
  await cloud.depthIs(cloud.queues.webhooksDeadLetter, 1);
  const bodies = new Set<string | undefined>();
  while (bodies.size < 2) bodies.add((await cloud.peek(cloud.queues.webhooks)).Body);
  t.strictSame([...bodies].sort(), [event, report].sort());
  const renewed = Math.ceil(nextWeek.getTime() / 1000) + RECORD_RETENTION_SECONDS;
  t.equal(await deleteAtOf(cloud, key), renewed, 'the upload outlasts the message');
});

t.test('alone, by name or URL; and not without their queue', async (t) => {
  const { cloud, env } = await threeDeadLetters(t);
  t.notMatch((await operate(cloud, ['redrive'])).stdout, 'webhooks');
  for (const queue of ['webhooks', cloud.queues.webhooks]) {
    const { stdout } = await operate(cloud, ['redrive', '--queue', queue], { env });
    t.match(stdout, /^webhooks-dead-letter has about 3 /);
    t.notMatch(stdout, 'upload-events-dead-letter');
  }
  const option = ['--webhooks-queue', cloud.queues.webhooks];
  t.match((await operate(cloud, ['redrive', '--queue', 'webhooks', ...option])).code, 0);
  t.match(await operate(cloud, ['redrive', '--queue', 'webhooks']), {
    code: 2,
    stderr: /--webhooks-queue \(or WEBHOOK_QUEUE_URL\) is missing/,
  });
});
