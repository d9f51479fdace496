import { PutObjectCommand } from '@aws-sdk/client-s3';
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import t from 'tap';
import { deployment, s3, sqs } from './support/deployment.ts';
import { postForm, requestForm } from './support/forms.ts';
import { acceptedKey, listVersions } from './support/objects.ts';
import {
  processed,
  readObservedVersions,
  readUpload,
  reportedObservedVersions,
  type UploadRecord,
} from './support/records.ts';

async function send(body: string): Promise<void> {
  await sqs.send(new SendMessageCommand({ QueueUrl: deployment.uploadQueueUrl, MessageBody: body }));
}

/** Takes messages off the dead-letter queue until those with the given bodies have all been there. */
async function deadLettered(bodies: readonly string[]): Promise<void> {
  const QueueUrl = deployment.uploadDeadLetterQueueUrl;
  const expected = new Set(bodies);
  while (expected.size > 0) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages: 10 }),
    );
    for (const { Body = '', ReceiptHandle } of Messages) {
      if (!expected.delete(Body)) continue;
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}

function eventOf(upload: UploadRecord) {
  return {
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        eventName: 'ObjectCreated:Post',
        eventTime: upload.storedAt,
        s3: {
          bucket: { name: deployment.bucket },
          object: {
            key: encodeURIComponent(upload.FullFilename).replaceAll('%20', '+').replaceAll('%2F', '/'),
            size: upload.sizeBytes,
            eTag: 'd41d8cd98f00b204e9800998ecf8427e',
            versionId: upload.versionId,
            sequencer: '0',
          },
        },
      },
    ],
  };
}

t.test('P3: messages that are no S3 event end in the dead-letter queue, and hold nothing up', async (t) => {
  const garbage = [
    'no JSON at all',
    '{"Records": "not a list"}',
    JSON.stringify({
      Records: [{ eventVersion: '3.0', eventSource: 'aws:s3', eventName: 'ObjectCreated:Put' }],
    }),
  ];
  for (const body of garbage) await send(body);
  const form = await requestForm();
  await postForm(form, 'not held up');
  await processed(form.key);
  await t.resolves(deadLettered(garbage));
});

t.test('the test event of a new notification is taken off without a word', async (t) => {
  await send(JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: deployment.bucket }));
  const form = await requestForm();
  await postForm(form, 'after it');
  t.match(await processed(form.key), { state: 'PROCESSED' });
});

t.test('P4: an event that is delivered again, once all is over, is no duplicate', async (t) => {
  const form = await requestForm();
  await postForm(form, 'once');
  const upload = await processed(form.key);
  for (let again = 0; again < 3; again += 1) await send(JSON.stringify(eventOf(upload)));
  await postForm(form, 'twice');
  const observedVersions = await reportedObservedVersions(form.key, 1);
  t.equal(observedVersions.length, 1);
  t.not(observedVersions[0]?.versionId, upload.versionId);
  t.strictSame({ ...(await readUpload(form.key)), deleteAt: 0 }, { ...upload, deleteAt: 0 });
  t.equal((await listVersions(acceptedKey(form.key))).length, 1);
});

t.test('P5: an object that no form was issued for is an orphan, and never accepted', async (t) => {
  const Key = `uploads/orphan-${process.pid}-${Date.now()}`;
  await s3.send(new PutObjectCommand({ Bucket: deployment.bucket, Key, Body: 'planted' }));
  const [observedVersion] = await reportedObservedVersions(Key, 1);
  t.match(observedVersion?.item, /^orphan#/);
  t.strictSame(await listVersions(acceptedKey(Key)), []);
  t.equal((await listVersions(Key)).length, 1, 'it is kept as evidence');
  t.equal((await readObservedVersions(Key)).length, 1);
});
