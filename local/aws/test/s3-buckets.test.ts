import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteBucketCorsCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type QueueConfiguration,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import t from 'tap';
import { S3Error } from '../src/s3-error.ts';
import { send, sign } from './support/raw-request.ts';
import { BUCKET as Bucket, refusalOf, startS3 } from './support/s3-server.ts';

const NONE = 'no-such-bucket';
const NO_BUCKET = { code: 'NoSuchBucket', status: 404 };

t.test('buckets', async (t) => {
  const { client } = await startS3(t);
  const created = await client.send(new CreateBucketCommand({ Bucket: 'another.bucket-1' }));
  t.equal(created.Location, '/another.bucket-1');
  t.match(await refusalOf(client.send(new CreateBucketCommand({ Bucket }))), {
    code: 'BucketAlreadyOwnedByYou',
    status: 409,
  });
  for (const name of ['Upper', 'ab', '-abc', 'a..b', '192.168.0.1', '..%2Fx', 'a_b'])
    t.match(
      await refusalOf(client.send(new CreateBucketCommand({ Bucket: name }))),
      { code: 'InvalidBucketName', status: 400 },
      name,
    );
  const elsewhere = { CreateBucketConfiguration: { LocationConstraint: 'us-west-2' as const } };
  t.match(await refusalOf(client.send(new CreateBucketCommand({ Bucket: 'third', ...elsewhere }))), {
    code: 'IllegalLocationConstraintException',
    status: 400,
  });
  const list = await client.send(new ListBucketsCommand({}));
  t.match(list.Buckets, [{ Name: 'another.bucket-1', CreationDate: Date }, { Name: Bucket }]);
  t.match(await client.send(new HeadBucketCommand({ Bucket })), { BucketRegion: 'eu-central-1' });
  t.match(await refusalOf(client.send(new HeadBucketCommand({ Bucket: NONE }))), { status: 404 });
});

t.test('a bucket of one’s own is created again in us-east-1 alone', async (t) => {
  const s3 = await startS3(t, { region: 'us-east-1' });
  const client = s3.connect({ region: 'us-east-1' });
  t.equal((await client.send(new CreateBucketCommand({ Bucket }))).Location, `/${Bucket}`);
  t.equal(s3.storage.bucket(Bucket).versioning, 'Enabled', 'as it was');
});

t.test('a bucket is deleted once no version and no delete marker is left', async (t) => {
  const { client, storage, countFiles } = await startS3(t);
  const Key = 'k';
  const remove = () => client.send(new DeleteBucketCommand({ Bucket }));
  const notEmpty = { code: 'BucketNotEmpty', status: 409 };
  const { VersionId } = await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  t.match(await refusalOf(remove()), notEmpty);
  const marker = await client.send(new DeleteObjectCommand({ Bucket, Key }));
  await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  t.match(await refusalOf(remove()), notEmpty, 'a delete marker');
  await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId: marker.VersionId }));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'part' }));
  t.equal((await remove()).$metadata.httpStatusCode, 204, 'an unfinished upload in parts does not hinder');
  t.equal(await countFiles(), 0);
  t.match(await refusalOf(client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))), NO_BUCKET);
  t.match(await refusalOf(remove()), NO_BUCKET);
  await client.send(new CreateBucketCommand({ Bucket }));
  t.equal(storage.bucket(Bucket).versioning, 'Off', 'a new one');
  t.equal((await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads, undefined);
});

t.test('versioning', async (t) => {
  const { client } = await startS3(t);
  await client.send(new CreateBucketCommand({ Bucket: 'plain' }));
  const statusOf = async (name: string) =>
    (await client.send(new GetBucketVersioningCommand({ Bucket: name }))).Status;
  const set = (Status: string, more: object = {}) =>
    client.send(
      new PutBucketVersioningCommand({
        Bucket: 'plain',
        VersioningConfiguration: { Status: Status as 'Enabled', ...more },
      }),
    );
  t.equal(await statusOf('plain'), undefined);
  await set('Enabled');
  t.equal(await statusOf('plain'), 'Enabled');
  await set('Suspended');
  t.equal(await statusOf('plain'), 'Suspended');
  t.match(await refusalOf(set('Off')), { code: 'IllegalVersioningConfigurationException', status: 400 });
  t.match(await refusalOf(set('Enabled', { MFADelete: 'Enabled' })), { code: 'NotImplemented', status: 501 });
});

const queue = (name: string) => `arn:aws:sqs:eu-central-1:000000000000:${name}`;
const rule = (prefix: string, more: Partial<QueueConfiguration> = {}): QueueConfiguration => ({
  Id: `id-${prefix}`,
  QueueArn: queue('events'),
  Events: ['s3:ObjectCreated:*'],
  Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: prefix }] } },
  ...more,
});

t.test('notifications are kept as they were given, once their queues were tried', async (t) => {
  const tried: unknown[] = [];
  const { client, storage } = await startS3(t, {
    testDestinations: async (bucket, rules) => {
      if (rules.some(({ queueArn }) => queueArn.endsWith('missing'))) {
        throw new S3Error(
          'InvalidArgument',
          400,
          'Unable to validate the following destination configurations',
        );
      }
      tried.push([bucket, rules.map(({ queueArn }) => queueArn)]);
    },
  });
  const put = (QueueConfigurations: QueueConfiguration[], more: object = {}) =>
    client.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: { QueueConfigurations },
        ...more,
      }),
    );
  const both = [
    rule('uploads/ü &'),
    rule('accepted/', {
      Events: ['s3:ObjectCreated:Copy', 's3:ObjectCreated:CompleteMultipartUpload'],
      QueueArn: queue('other'),
    }),
  ];
  await put(both);
  t.same(tried, [[Bucket, [queue('events'), queue('other')]]]);
  const kept = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
  t.same(
    kept.QueueConfigurations,
    both.map((one) => ({
      ...one,
      Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value: one.Id?.slice(3) }] } },
    })),
  );
  t.match(storage.bucket(Bucket).queueRules, [
    { prefix: 'uploads/ü &', suffix: '' },
    { prefix: 'accepted/' },
  ]);

  t.match(await refusalOf(put([rule('x', { QueueArn: queue('missing') })])), {
    code: 'InvalidArgument',
    status: 400,
  });
  t.match(await refusalOf(put([rule('x', { QueueArn: 'events' })])), {
    code: 'InvalidArgument',
    status: 400,
  });
  t.match(await refusalOf(put([rule('x', { Events: ['s3:ObjectRemoved:*'] })])), {
    code: 'NotImplemented',
    status: 501,
  });
  t.match(await refusalOf(put([rule('a/'), rule('a/b', { Events: ['s3:ObjectCreated:Put'] })])), {
    code: 'InvalidArgument',
    error: { message: /overlapping/ },
  });
  const twice = {
    Filter: { Key: { FilterRules: ['a', 'b'].map((Value) => ({ Name: 'prefix' as const, Value })) } },
  };
  t.match(await refusalOf(put([rule('x', twice)])), { code: 'InvalidArgument' });
  t.match(await refusalOf(put([rule('x', { Events: [] })])), { code: 'MalformedXML' });
  const topic = {
    TopicConfigurations: [{ TopicArn: 'arn:aws:sns:x:0:t', Events: ['s3:ObjectCreated:*' as const] }],
  };
  t.match(
    await refusalOf(
      client.send(
        new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: topic }),
      ),
    ),
    { code: 'NotImplemented', status: 501 },
  );
  t.equal(storage.bucket(Bucket).queueRules.length, 2, 'a refused configuration changes nothing');

  const apart = ['.a', '.b'].map((Value) => ({
    Filter: { Key: { FilterRules: [{ Name: 'suffix' as const, Value }] } },
  }));
  await put(
    apart.map((filter) => rule('', { Id: undefined, ...filter })),
    { SkipDestinationValidation: true },
  );
  t.equal(tried.length, 1, 'skipped');
  t.match(storage.bucket(Bucket).queueRules, [{ suffix: '.a', id: /.+/ }, { suffix: '.b' }]);
  await put([]);
  t.same(storage.bucket(Bucket).queueRules, []);
});

t.test('cross-origin rules and the headers that browsers get', async (t) => {
  const { client, endpoint } = await startS3(t);
  const ask = (method: string, origin: string | undefined, headers = '') =>
    send(endpoint, {
      method: 'OPTIONS',
      path: `/${Bucket}`,
      headers: {
        ...(origin && { origin }),
        'access-control-request-method': method,
        ...(headers && { 'access-control-request-headers': headers }),
      },
    });
  const page = 'https://app.example.com';
  t.match(await ask('POST', page), {
    status: 403,
    code: 'AccessForbidden',
    body: /CORS is not enabled for this bucket/,
  });
  const CORSRules = [
    {
      ID: 'forms',
      AllowedOrigins: ['https://*.example.com'],
      AllowedMethods: ['POST', 'PUT'],
      AllowedHeaders: ['content-*', 'X-Amz-Date'],
      ExposeHeaders: ['ETag'],
      MaxAgeSeconds: 60,
    },
    { AllowedOrigins: ['*'], AllowedMethods: ['GET'] },
  ];
  const put = (rules: object[]) =>
    client.send(
      new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: rules as typeof CORSRules } }),
    );
  await put(CORSRules);
  t.match(await ask('POST', page, 'Content-Type, x-amz-date'), {
    status: 200,
    headers: {
      'access-control-allow-origin': page,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST, PUT',
      'access-control-allow-headers': 'content-type, x-amz-date',
      'access-control-expose-headers': 'ETag',
      'access-control-max-age': '60',
      vary: /Origin/,
    },
  });
  t.match(await ask('GET', 'http://other'), { status: 200, headers: { 'access-control-allow-origin': '*' } });
  t.match(await ask('POST', 'https://example.org'), { status: 403, code: 'AccessForbidden' });
  t.match(await ask('DELETE', page), { status: 403, code: 'AccessForbidden' });
  t.match(await ask('POST', page, 'x-other'), { status: 403, code: 'AccessForbidden' });
  t.match(await ask('POST', undefined), { status: 400, code: 'BadRequest' });

  const get = async (origin: string) =>
    send(endpoint, await sign(endpoint, { method: 'GET', path: `/${Bucket}/never`, headers: { origin } }));
  t.match(await get('http://other'), { status: 404, headers: { 'access-control-allow-origin': '*' } });
  const post = await send(endpoint, { method: 'POST', path: `/${Bucket}`, headers: { origin: page } });
  t.match(post, { status: 204, headers: { 'access-control-allow-origin': page } });
  const stranger = await send(endpoint, {
    method: 'POST',
    path: `/${Bucket}`,
    headers: { origin: 'http://other' },
  });
  t.equal(stranger.headers['access-control-allow-origin'], undefined);

  t.match(await refusalOf(put([{ AllowedOrigins: ['*'], AllowedMethods: ['PATCH'] }])), {
    code: 'InvalidRequest',
  });
  t.match(await refusalOf(put([{ AllowedOrigins: ['*.*'], AllowedMethods: ['GET'] }])), {
    code: 'InvalidRequest',
  });
  t.match(await refusalOf(put([{ AllowedOrigins: ['*'], AllowedMethods: [] }])), { code: 'MalformedXML' });
  t.match(await refusalOf(put([])), { code: 'MalformedXML' });
  for (let time = 1; time <= 2; time += 1) {
    const deleted = await client.send(new DeleteBucketCorsCommand({ Bucket }));
    t.equal(deleted.$metadata.httpStatusCode, 204);
    t.match(await ask('POST', page), { status: 403, body: /CORS is not enabled for this bucket/ });
  }
  t.match(await refusalOf(client.send(new DeleteBucketCorsCommand({ Bucket: NONE }))), NO_BUCKET);
});

t.test('a call that is not offered is refused by its name', async (t) => {
  const { client, endpoint } = await startS3(t);
  for (const [name, call] of [
    ['GetBucketLocation', new GetBucketLocationCommand({ Bucket })],
    ['ListObjects', new ListObjectsCommand({ Bucket })],
    ['GetObjectAcl', new GetObjectAclCommand({ Bucket, Key: 'k' })],
    [
      'PutBucketLifecycleConfiguration',
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [] } }),
    ],
  ] as const) {
    const { code, status, error } = await refusalOf(client.send(call as ListObjectsCommand));
    t.match(
      { code, status, message: error.message },
      { code: 'NotImplemented', status: 501, message: new RegExp(`^${name} `) },
    );
  }
  for (const [method, path, name] of [
    ['PUT', '/', 'PutService'],
    ['POST', `/${Bucket}/k`, 'POST'],
    ['PATCH', `/${Bucket}/k`, 'PATCH'],
    ['PUT', `/${Bucket}/k?retention`, 'PutObjectRetention'],
  ] as const) {
    const [bare = '', query] = path.split('?');
    const raw = { method, path: bare, ...(query && { query: { [query]: '' } }) };
    t.match(await send(endpoint, await sign(endpoint, raw)), {
      status: 501,
      body: new RegExp(`<Message>${name} `),
    });
  }
  t.match(await refusalOf(client.send(new GetObjectCommand({ Bucket, Key: 'k', PartNumber: 1 }))), {
    code: 'NoSuchKey',
  });
  await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
  t.match(await refusalOf(client.send(new GetObjectCommand({ Bucket, Key: 'k', PartNumber: 1 }))), {
    status: 501,
  });
});

t.test('bodies that are no document', async (t) => {
  const { endpoint } = await startS3(t);
  const put = async (body: string) =>
    send(
      endpoint,
      await sign(endpoint, { method: 'PUT', path: `/${Bucket}`, query: { versioning: '' }, body }),
    );
  for (const body of [
    '',
    'text',
    '<a',
    '<Other/>',
    '<VersioningConfiguration><__proto__>x</__proto__></VersioningConfiguration>',
    '<VersioningConfiguration><Status></VersioningConfiguration>',
  ]) {
    t.match(await put(body), { status: 400, code: 'MalformedXML' }, body);
  }
  const bomb = `<!DOCTYPE v [<!ENTITY a "aaaaaaaaaa">]><VersioningConfiguration><Status>&a;</Status></VersioningConfiguration>`;
  t.match(await put(bomb), { status: 400 }, 'no entities of its own');
  t.match(await put('x'.repeat(8 * 1024 * 1024 + 1)), { status: 400, code: 'MaxMessageLengthExceeded' });
  const unchecked = { method: 'POST', path: `/${Bucket}`, query: { delete: '' }, body: '<Delete/>' };
  t.match(await send(endpoint, await sign(endpoint, unchecked)), { status: 400, code: 'InvalidRequest' });
  const md5 = { 'content-md5': Buffer.alloc(16).toString('base64') };
  t.match(await send(endpoint, await sign(endpoint, { ...unchecked, headers: md5 })), {
    status: 400,
    code: 'BadDigest',
  });
});

t.test('a fault of the server is reported to its operator and not to the client', async (t) => {
  const s3 = await startS3(t);
  s3.storage.commit = async () => {
    throw new Error('the disk is full');
  };
  const refused = await refusalOf(s3.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' })));
  t.match(refused, { code: 'InternalError', status: 500 });
  t.notMatch(refused.error.message, /disk/);
  t.match(s3.faults, [{ message: 'the disk is full' }]);
  t.equal(await s3.countFiles(), 0);
});

t.test('a truncated response is an error for the client too', async (t) => {
  const s3 = await startS3(t);
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'hello' }));
  async function* half() {
    yield Buffer.from('he');
    throw new Error('the disk is gone');
  }
  s3.storage.read = () => Readable.from(half());
  const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'k' }));
  await t.rejects(async () => void (await got.Body?.transformToString()));
  t.match(s3.faults, [{ message: 'the disk is gone' }]);
});

t.test('a call is carried out though its client has gone', async (t) => {
  const go = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<ServerResponse>();
  const created = Promise.withResolvers<string>();
  const s3 = await startS3(t, {
    onCreated: ({ version }) => created.resolve(version.key),
    beforeOperation: async ({ operation, response }) => {
      if (operation !== 'CopyObject') return;
      arrived.resolve(response);
      await go.promise;
    },
  });
  const { storage } = s3;
  const staged = await storage.stage(Readable.from([Buffer.from('x')]));
  await storage.commit({
    bucket: Bucket,
    key: 'a',
    origin: 'Put',
    staged,
    attributes: { metadata: {}, tags: {} },
  });
  const leaving = new AbortController();
  const copy = new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a` });
  const refused = t.rejects(s3.client.send(copy, { abortSignal: leaving.signal }), { name: 'AbortError' });
  const response = await arrived.promise;
  const gone = once(response, 'close');
  leaving.abort();
  await Promise.all([refused, gone]);
  go.resolve();
  t.equal(await created.promise, 'b');
  t.match(s3.storage.current(Bucket, 'b'), { origin: 'Copy' });
  t.same(s3.faults, []);
});

t.test('a call can be held before it is carried out', async (t) => {
  const go = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<string>();
  const s3 = await startS3(t, {
    beforeOperation: async ({ operation, key }) => {
      if (key !== 'held') return;
      arrived.resolve(operation);
      await go.promise;
    },
  });
  const held = s3.client.send(new PutObjectCommand({ Bucket, Key: 'held', Body: 'x' }));
  t.equal(await arrived.promise, 'PutObject');
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'other', Body: 'x' }));
  t.same(s3.storage.keys(Bucket), ['other']);
  go.resolve();
  await held;
  t.same(s3.storage.keys(Bucket), ['held', 'other']);
});
