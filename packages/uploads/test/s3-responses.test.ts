import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { S3Client } from '@aws-sdk/client-s3';
import t, { type Test } from 'tap';
import { createS3ObjectStore } from '../src/index.ts';

/**
 * What goes over the wire, and what rare responses of S3 come to: those that a local S3 does not give on demand. The server
 * below plays S3's responses; what it is asked is looked at.
 */
const MIB = 1024 * 1024;
const SMALL = 5;
const LARGE = 70 * MIB;

interface S3Response {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** The connection breaks in the place of a response. */
  readonly cut?: boolean;
}

type Call =
  | 'Copy'
  | 'HeadTarget'
  | 'HeadSource'
  | 'GetTags'
  | 'Create'
  | 'PartCopy'
  | 'Complete'
  | 'Abort'
  | 'DeleteMany';

const goodResponses: Record<Call, S3Response> = {
  Copy: {
    status: 200,
    headers: { 'x-amz-version-id': 'NEW' },
    body: '<CopyObjectResult><ETag>"p"</ETag></CopyObjectResult>',
  },
  HeadTarget: { status: 404 },
  HeadSource: {
    status: 200,
    headers: {
      'content-length': String(LARGE),
      'content-type': 'video/mp4',
      'content-encoding': 'gzip',
      expires: 'Wed, 21 Oct 2026 07:28:00 GMT',
      'x-amz-meta-camera': '7',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:eu-central-1:111122223333:key/example',
      'x-amz-server-side-encryption-bucket-key-enabled': 'true',
      'x-amz-tagging-count': '1',
    },
  },
  GetTags: {
    status: 200,
    body: '<Tagging><TagSet><Tag><Key>k y</Key><Value>v+1</Value></Tag></TagSet></Tagging>',
  },
  Create: {
    status: 200,
    body: '<InitiateMultipartUploadResult><UploadId>UP</UploadId></InitiateMultipartUploadResult>',
  },
  PartCopy: {
    status: 200,
    body: '<CopyPartResult><ETag>"p"</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32></CopyPartResult>',
  },
  Complete: {
    status: 200,
    headers: { 'x-amz-version-id': 'NEW' },
    body: '<CompleteMultipartUploadResult><ETag>"e-1"</ETag></CompleteMultipartUploadResult>',
  },
  Abort: { status: 204 },
  DeleteMany: { status: 200, body: '<DeleteResult/>' },
};

function errorOf(status: number, code: string): S3Response {
  return { status, body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>said</Message></Error>` };
}

function nameOf(method: string, url: string): Call {
  const query = new URL(url, 'http://s3').searchParams;
  if (method === 'HEAD') return query.has('versionId') ? 'HeadSource' : 'HeadTarget';
  if (method === 'DELETE') return 'Abort';
  if (query.has('delete')) return 'DeleteMany';
  if (method === 'POST') return query.has('uploads') ? 'Create' : 'Complete';
  if (query.has('tagging')) return 'GetTags';
  return query.has('partNumber') ? 'PartCopy' : 'Copy';
}

/** S3 with these responses to some calls, in turn, the last one again and again; well-behaved to all others. */
async function openStore(t: Test, responses: Partial<Record<Call, S3Response[]>> = {}) {
  const calls: { name: Call; headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const name = nameOf(request.method ?? '', request.url ?? '');
    calls.push({ name, headers: request.headers, body: await text(request) });
    const list = responses[name] ?? [];
    const s3Response = (list.length > 1 ? list.shift() : list[0]) ?? goodResponses[name];
    if (s3Response.cut) {
      request.socket.destroy();
      return;
    }
    response.writeHead(s3Response.status, { 'content-type': 'application/xml', ...s3Response.headers });
    response.end(s3Response.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new S3Client({
    region: 'eu-central-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forcePathStyle: true,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 3,
  });
  t.teardown(() => {
    client.destroy();
    server.close();
    server.closeAllConnections();
  });
  const objects = createS3ObjectStore({ client, bucket: 'bucket' });
  const copy = (sourceSizeBytes: number, signal?: AbortSignal) =>
    objects.copyIfAbsent(
      { sourceKey: 'uploads/a b+c', sourceVersionId: 'V/1', sourceSizeBytes, targetKey: 'accepted/a b+c' },
      signal,
    );
  return { objects, copy, calls, named: (name: Call) => calls.filter((call) => call.name === name) };
}

t.test('below 64 MiB one CopyObject does it, from there on parts do', async (t) => {
  const below = await openStore(t);
  t.strictSame(await below.copy(64 * MIB - 1), { outcome: 'copied', versionId: 'NEW' });
  t.strictSame(
    below.calls.map((call) => call.name),
    ['Copy'],
  );
  t.match(below.calls[0]?.headers, {
    'if-none-match': '*',
    'x-amz-copy-source': 'bucket/uploads/a%20b%2Bc?versionId=V%2F1',
    'x-amz-metadata-directive': 'COPY',
    'x-amz-tagging-directive': 'COPY',
  });
  t.notOk(below.calls[0]?.headers['x-amz-copy-source-if-match']);
  const from = await openStore(t);
  await from.copy(64 * MIB);
  t.equal(from.named('Copy').length, 0);
  t.ok(from.named('PartCopy').length > 1);
});

for (const [what, sizeBytes] of [
  ['by CopyObject', SMALL],
  ['in parts', LARGE],
] as const) {
  t.test(`a copy ${what} is encrypted as the bucket says now, whatever the source’s key was`, async (t) => {
    const { copy, calls } = await openStore(t);
    await copy(sizeBytes);
    const asked = calls.flatMap((call) => Object.keys(call.headers));
    t.strictSame(
      asked.filter((header) => header.startsWith('x-amz-server-side-encryption')),
      [],
    );
  });
}

t.test('P2: a copy in parts asks for all that described the source', async (t) => {
  const { copy, named } = await openStore(t);
  t.strictSame(await copy(LARGE), { outcome: 'copied', versionId: 'NEW' });
  t.match(named('Create')[0]?.headers, {
    'content-type': 'video/mp4',
    'content-encoding': 'gzip',
    expires: 'Wed, 21 Oct 2026 07:28:00 GMT',
    'x-amz-meta-camera': '7',
    'x-amz-tagging': 'k+y=v%2B1',
  });
  t.strictSame(
    named('PartCopy')
      .map((call) => call.headers['x-amz-copy-source-range'])
      .sort(),
    [`bytes=0-${32 * MIB - 1}`, `bytes=${32 * MIB}-${64 * MIB - 1}`, `bytes=${64 * MIB}-${LARGE - 1}`],
  );
  const [complete] = named('Complete');
  t.match(complete?.headers, { 'if-none-match': '*' });
  t.equal(
    complete?.body.match(/<ChecksumCRC32>AAAAAA==<\/ChecksumCRC32>/g)?.length,
    3,
    'with each part’s checksum',
  );
});

for (const [what, sizeBytes, call] of [
  ['CopyObject', SMALL, 'Copy'],
  ['the completion', LARGE, 'Complete'],
] as const) {
  t.test(`a conflict (409) of ${what} is tried again`, async (t) => {
    const conflict = errorOf(409, 'ConditionalRequestConflict');
    const passing = await openStore(t, { [call]: [conflict, conflict, goodResponses[call]] });
    t.strictSame(await passing.copy(sizeBytes), { outcome: 'copied', versionId: 'NEW' });
    t.equal(passing.named(call).length, 3);
    t.equal(
      passing.named('Abort').length,
      call === 'Complete' ? 2 : 0,
      'from the beginning, the old one aborted',
    );
    const lasting = await openStore(t, { [call]: [conflict] });
    await t.rejects(lasting.copy(sizeBytes), { name: 'ConditionalRequestConflict' });
    t.equal(lasting.named(call).length, 3);
  });

  t.test(`an error inside a 200 of ${what} is an error`, async (t) => {
    const { copy, named } = await openStore(t, {
      [call]: [errorOf(200, 'InternalError'), goodResponses[call]],
    });
    t.strictSame(await copy(sizeBytes), { outcome: 'copied', versionId: 'NEW' });
    t.equal(named(call).length, 2);
  });
}

t.test(
  'P3: a completion whose response was lost is found again, by the target or by the gone upload',
  async (t) => {
    const there: S3Response = {
      status: 200,
      headers: { 'content-length': String(LARGE), 'x-amz-version-id': 'NEW' },
    };
    const cut: S3Response = { status: 0, cut: true };
    const gone = errorOf(404, 'NoSuchUpload');
    const taken = await openStore(t, { Complete: [cut, errorOf(412, 'PreconditionFailed')] });
    t.strictSame(await taken.copy(LARGE), { outcome: 'target-exists' });
    const found = await openStore(t, { Complete: [cut, gone], HeadTarget: [{ status: 404 }, there] });
    t.strictSame(await found.copy(LARGE), { outcome: 'target-exists' });
    const lost = await openStore(t, { Complete: [cut, gone] });
    await t.rejects(lost.copy(LARGE), { name: 'NoSuchUpload' }, 'nothing is there: it is no success');
  },
);

t.test(
  'a copy in parts whose source goes away says so, and aborts after the last part has settled',
  async (t) => {
    const gone = errorOf(404, 'NoSuchVersion');
    const { copy, calls } = await openStore(t, { PartCopy: [gone, goodResponses.PartCopy] });
    t.strictSame(await copy(LARGE), { outcome: 'source-missing' });
    t.equal(calls.at(-1)?.name, 'Abort', 'no part comes after it');
  },
);

t.test('P2: a copy with a failed part is not completed, and no object without it appears', async (t) => {
  const refused = errorOf(403, 'AccessDenied');
  const { copy, named, calls } = await openStore(t, { PartCopy: [refused, goodResponses.PartCopy] });
  await t.rejects(copy(LARGE), { name: 'AccessDenied' });
  t.equal(named('Complete').length, 0);
  t.equal(calls.at(-1)?.name, 'Abort');
});

t.test('an earlier copy spares all parts', async (t) => {
  const there: S3Response = { status: 200, headers: { 'content-length': '1', 'x-amz-version-id': 'NEW' } };
  const { copy, calls } = await openStore(t, { HeadTarget: [there] });
  t.strictSame(await copy(LARGE), { outcome: 'target-exists' });
  t.equal(calls.length, 1);
});

t.test('an aborted signal ends a copy, and an open', async (t) => {
  const { copy, objects } = await openStore(t);
  const aborted = AbortSignal.abort();
  await t.rejects(copy(SMALL, aborted), { name: 'AbortError' });
  await t.rejects(copy(LARGE, aborted), { name: 'AbortError' });
  await t.rejects(objects.open('accepted/a', 'V', aborted), { name: 'AbortError' });
});

t.test('a 403 is no missing object', async (t) => {
  const { copy } = await openStore(t, {
    Copy: [errorOf(403, 'AccessDenied')],
    HeadTarget: [{ status: 403 }],
  });
  await t.rejects(copy(SMALL), { name: 'AccessDenied' });
  const refused = await copy(LARGE).catch((error) => error);
  t.match(refused, { $metadata: { httpStatusCode: 403 } });
});

t.test(
  'of several versions those that S3 no longer knows count as removed, and one that it keeps does not',
  async (t) => {
    const entry = (versionId: string, code: string) =>
      `<Error><Key>uploads/a</Key><VersionId>${versionId}</VersionId><Code>${code}</Code><Message>said</Message></Error>`;
    const response = (...entries: string[]): S3Response => ({
      status: 200,
      body: `<DeleteResult>${entries.join('')}</DeleteResult>`,
    });
    const named = ['V1', 'V2'].map((versionId) => ({ key: 'uploads/a', versionId }));
    const gone = await openStore(t, {
      DeleteMany: [response(entry('V1', 'NoSuchVersion'), entry('V2', 'NoSuchVersion'))],
    });
    t.strictSame(await gone.objects.deleteVersions(named), new Map());
    const kept = await openStore(t, {
      DeleteMany: [response(entry('V1', 'NoSuchVersion'), entry('V2', 'AccessDenied'))],
    });
    const failures = await kept.objects.deleteVersions(named);
    t.strictSame([...failures.keys()], [1]);
    t.match(failures.get(1), { message: /version V2 .*AccessDenied/ });
    const other = await openStore(t, { DeleteMany: [response(entry('V3', 'InternalError'))] });
    await t.rejects(other.objects.deleteVersions(named), { message: /version V3 .*InternalError/ });
  },
);
