import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import t from 'tap';
import { fieldParts } from './support/form-body.ts';
import { BUCKET, type FormBucket, startFormBucket } from './support/form-bucket.ts';

interface Received {
  readonly eventName: string;
  readonly key: string;
  readonly versionId: string;
  readonly sequencer: string;
}

/** The next messages of a queue, as many as asked for, in the order they are received. */
async function receive({ sqs }: FormBucket, queueUrl: string, count: number): Promise<unknown[]> {
  const bodies: unknown[] = [];
  while (bodies.length < count) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages: 1 }),
    );
    for (const { Body } of Messages) bodies.push(JSON.parse(Body ?? ''));
  }
  return bodies;
}

function summary(message: unknown): Received {
  const [record] = (message as { Records: [{ eventName: string; s3: { object: Received } }] }).Records;
  const { key, versionId, sequencer } = record.s3.object;
  return { eventName: record.eventName, key, versionId, sequencer };
}

t.test('each way in makes its own event, for the queue that asks for its prefix', async (t) => {
  const bucket = await startFormBucket(t);
  const { s3, localAws, provisioned } = bucket;
  const { uploadEvents, acceptedEvents } = provisioned.queues;
  t.match(await receive(bucket, uploadEvents, 1), [
    { Event: 's3:TestEvent', Bucket: BUCKET, Service: 'Amazon S3' },
  ]);
  t.match(await receive(bucket, acceptedEvents, 1), [{ Event: 's3:TestEvent' }]);
  localAws.events.gate.release();

  const form = await createPresignedPost(s3, { Bucket: BUCKET, Key: 'uploads/a b+c' });
  await bucket.post([...fieldParts(form.fields), { name: 'file', fileName: 'x', content: 'posted' }]);
  const put = await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'uploads/put', Body: 'put' }));
  const object = { Bucket: BUCKET, Key: 'uploads/parts' };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(object));
  const part = await s3.send(new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: 'part' }));
  await s3.send(
    new CompleteMultipartUploadCommand({
      ...object,
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag }] },
    }),
  );
  await s3.send(
    new CopyObjectCommand({ Bucket: BUCKET, Key: 'accepted/put', CopySource: `${BUCKET}/uploads/put` }),
  );
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'elsewhere', Body: 'no rule matches' }));
  await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'uploads/put' }));
  await localAws.events.outbox.settled();

  const uploads = (await receive(bucket, uploadEvents, 3)).map(summary);
  t.same(
    uploads.map(({ eventName, key }) => [eventName, key]),
    [
      ['ObjectCreated:Post', 'uploads/a+b%2Bc'],
      ['ObjectCreated:Put', 'uploads/put'],
      ['ObjectCreated:CompleteMultipartUpload', 'uploads/parts'],
    ],
  );
  t.equal(uploads[1]?.versionId, put.VersionId);
  const sequencers = uploads.map(({ sequencer }) => sequencer);
  t.same([...sequencers].sort(), sequencers);
  const accepted = (await receive(bucket, acceptedEvents, 1)).map(summary);
  t.match(accepted, [{ eventName: 'ObjectCreated:Copy', key: 'accepted/put' }]);
});

t.test('a configuration that names a queue which is not there is refused', async (t) => {
  const { s3 } = await startFormBucket(t);
  await t.rejects(
    s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: BUCKET,
        NotificationConfiguration: {
          QueueConfigurations: [
            { QueueArn: 'arn:aws:sqs:us-east-1:000000000000:nowhere', Events: ['s3:ObjectCreated:*'] },
          ],
        },
      }),
    ),
    { name: 'InvalidArgument', $metadata: { httpStatusCode: 400 } },
  );
});

t.test('held events reach the queue in another order, and more than once', async (t) => {
  const bucket = await startFormBucket(t);
  const { uploadEvents } = bucket.provisioned.queues;
  await receive(bucket, uploadEvents, 1);
  for (const key of ['uploads/1', 'uploads/2']) {
    await bucket.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: key }));
  }
  bucket.localAws.events.gate.release({ reversed: true, copies: 2 });
  const keys = (await receive(bucket, uploadEvents, 4)).map((message) => summary(message).key);
  t.same(keys, ['uploads/2', 'uploads/2', 'uploads/1', 'uploads/1']);
});
