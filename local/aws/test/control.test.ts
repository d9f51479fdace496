import { CopyObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import t from 'tap';
import { BUCKET, startFormBucket } from './support/form-bucket.ts';

const bucket = await startFormBucket(t);
const { s3, sqs, localAws, provisioned } = bucket;
const control = localAws.endpoints.control;

async function get(
  path: string,
): Promise<{ status: number; body: Record<string, never> & { held: Record<string, string>[] } }> {
  const response = await fetch(control + path);
  return { status: response.status, body: (await response.json()) as never };
}

async function order(path: string, body?: unknown): Promise<{ status: number; text: string }> {
  const response = await fetch(control + path, {
    method: 'POST',
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

function put(key: string): Promise<unknown> {
  return s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: key }));
}

t.test('events are held, shown, sent and released', async (t) => {
  t.equal((await order('/events/release')).status, 204);
  t.equal((await order('/events/hold', { keyPrefix: 'uploads/' })).status, 204);
  const waiting = get('/events/held?atLeast=2&keyPrefix=uploads/');
  await put('uploads/1');
  await put('uploads/2');
  const { status, body } = await waiting;
  t.equal(status, 200);
  t.match(body.held, [{ key: 'uploads/1', eventName: 'ObjectCreated:Put' }, { key: 'uploads/2' }]);
  t.equal((await order('/events/send', { ids: [body.held[1]?.id], keep: true, copies: 2 })).status, 204);
  t.equal((await get('/events/held')).body.held.length, 2);
  await order('/events/release', { reversed: true });
  t.match((await get('/events/settled')).body, { held: [], unsent: 0 });
});

t.test('dropped events never arrive, and from now on each arrives twice', async (t) => {
  const arrived = async () => {
    await get('/events/settled');
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: provisioned.queues.uploadEvents,
        AttributeNames: ['ApproximateNumberOfMessages'],
      }),
    );
    return Number(Attributes?.ApproximateNumberOfMessages);
  };
  const before = await arrived();
  await order('/events/hold');
  await put('uploads/3');
  t.equal((await order('/events/drop')).status, 204);
  t.same((await get('/events/held')).body.held, []);
  t.equal(await arrived(), before);
  t.equal((await order('/events/copies', { copies: 2 })).status, 204);
  await put('uploads/4');
  t.equal(await arrived(), before + 2);
  await order('/events/copies', { copies: 1 });
});

t.test('one copy is held back while the others go on', async (t) => {
  await put('uploads/slow');
  await put('uploads/fast');
  await order('/calls/hold', { operation: 'CopyObject', keyPrefix: 'accepted/slow', count: 1 });
  const copy = (name: string) =>
    s3.send(
      new CopyObjectCommand({
        Bucket: BUCKET,
        Key: `accepted/${name}`,
        CopySource: `${BUCKET}/uploads/${name}`,
      }),
    );
  const slow = copy('slow');
  const { body } = await get('/calls/held?atLeast=1&operation=CopyObject');
  t.match(body.held, [{ operation: 'CopyObject', bucket: BUCKET, key: 'accepted/slow' }]);
  await copy('fast');
  await t.rejects(s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'accepted/slow' })), {
    name: 'NotFound',
  });
  t.equal((await order('/calls/release', { ids: [body.held[0]?.id] })).status, 204);
  await slow;
  await copy('slow');
  t.equal((await order('/calls/release')).status, 204);
});

t.test('an order that cannot be followed says what was expected', async (t) => {
  const bad: [string, unknown, RegExp][] = [
    ['/events/hold', { prefix: 'a' }, /\\"prefix\\" is not taken here; taken are: keyPrefix, queueArn/],
    ['/events/hold', '{', /JSON object, or empty/],
    ['/events/hold', '[]', /JSON object, or empty/],
    ['/events/copies', { copies: -1 }, /copies is a whole number of at least 0, not -1/],
    ['/events/release', { reversed: 'yes' }, /reversed is true or false/],
    ['/events/send', { ids: ['nothing'] }, /UnknownId.*nothing is held/],
    ['/events/send', { ids: 'a' }, /ids is a list of strings/],
    ['/events/drop', { ids: [] }, /taken are: none/],
    ['/calls/hold', { operation: 1 }, /operation is a string/],
  ];
  for (const [path, body, message] of bad) {
    const { status, text } = await order(path, body);
    t.equal(status, 400, path);
    t.match(text, message);
  }
  t.equal((await get('/calls/held?atLeast=x')).status, 400);
  const unknown = await order('/event/hold');
  t.equal(unknown.status, 404);
  t.match(unknown.text, /there is no POST \/event\/hold; there are .*POST \/events\/hold/);
});
