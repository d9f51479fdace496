import {
  DeleteObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import t from 'tap';
import { send, sign } from './support/raw-request.ts';
import { BUCKET as Bucket, type RunningS3, refusalOf, startS3 } from './support/s3-server.ts';

async function fill({ client }: RunningS3, keys: readonly string[]): Promise<void> {
  for (const Key of keys) await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
}

t.test('objects are listed in the order of their UTF-8 bytes, page by page', async (t) => {
  const s3 = await startS3(t);
  const keys = ['b', 'a/1', 'a/2', 'a', 'B', 'é', '\u{1f600}', '\u{ff5e}', 'a b+c%&<>"', 'a/3/4', 'deleted'];
  await fill(s3, keys);
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'deleted' }));
  const sorted = keys
    .filter((key) => key !== 'deleted')
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const pageSize of [1, 3, 1000]) {
    const seen: string[] = [];
    const pages = paginateListObjectsV2({ client: s3.client, pageSize }, { Bucket, EncodingType: 'url' });
    for await (const page of pages) {
      t.ok((page.KeyCount ?? 0) <= pageSize);
      seen.push(...(page.Contents ?? []).map((object) => decodeURIComponent(object.Key ?? '')));
    }
    t.same(seen, sorted);
  }
  const list = await s3.client.send(
    new ListObjectsV2Command({ Bucket, FetchOwner: true, StartAfter: 'a/2', MaxKeys: 1 }),
  );
  t.match(list, { Name: Bucket, StartAfter: 'a/2', IsTruncated: true, KeyCount: 1, MaxKeys: 1 });
  t.match(list.Contents, [
    {
      Key: 'a/3/4',
      Size: 5,
      ETag: /^"[0-9a-f]{32}"$/,
      StorageClass: 'STANDARD',
      Owner: { ID: String },
      ChecksumAlgorithm: ['CRC32'],
    },
  ]);
  const encoded = await s3.client.send(
    new ListObjectsV2Command({ Bucket, Prefix: 'a b', EncodingType: 'url' }),
  );
  t.match(encoded, { Prefix: 'a%20b', Contents: [{ Key: 'a%20b%2Bc%25%26%3C%3E%22' }] });
});

t.test(
  'a character beyond U+FFFF comes as a character reference, or URL-encoded where that is asked for',
  async (t) => {
    const s3 = await startS3(t);
    await fill(s3, ['Vertrag 😀']);
    const list = async (query: Record<string, string>) => {
      const call = await sign(s3.endpoint, { method: 'GET', path: `/${Bucket}`, query });
      return /<Key>(.*)<\/Key>/.exec((await send(s3.endpoint, call)).body)?.[1];
    };
    for (const way of [{ versions: '' }, { 'list-type': '2' }]) {
      t.equal(await list(way), 'Vertrag &#128512;');
      t.equal(await list({ ...way, 'encoding-type': 'url' }), 'Vertrag%20%F0%9F%98%80');
    }
  },
);

t.test('common prefixes', async (t) => {
  const s3 = await startS3(t);
  await fill(s3, ['a', 'b/1', 'b/2/3', 'c/1', 'd', 'e/gone']);
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'e/gone' }));
  const list = (more: object) =>
    s3.client.send(new ListObjectsV2Command({ Bucket, Delimiter: '/', ...more }));
  const shape = async (more: object) => {
    const { Contents = [], CommonPrefixes = [] } = await list(more);
    return [...Contents.map(({ Key }) => Key), ...CommonPrefixes.map(({ Prefix }) => Prefix)];
  };
  t.same(await shape({}), ['a', 'd', 'b/', 'c/']);
  t.same(await shape({ Prefix: 'b/' }), ['b/1', 'b/2/']);
  t.same(await shape({ Prefix: 'x' }), []);
  t.same(await shape({ MaxKeys: 0 }), []);
  const seen: (string | undefined)[] = [];
  for await (const page of paginateListObjectsV2(
    { client: s3.client, pageSize: 1 },
    { Bucket, Delimiter: '/' },
  )) {
    seen.push(page.Contents?.[0]?.Key ?? page.CommonPrefixes?.[0]?.Prefix);
  }
  t.same(seen, ['a', 'b/', 'c/', 'd']);
});

interface Listed {
  readonly Key: string | undefined;
  readonly VersionId: string | undefined;
  readonly IsLatest: boolean | undefined;
}

/** The SDK gives versions and markers in two lists; each is in S3's order. */
async function listVersions({ client }: RunningS3, more: object): Promise<Listed[]> {
  const seen: Listed[] = [];
  let markers: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  for (let truncated = true; truncated; ) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket, ...more, ...markers }));
    for (const { Key, VersionId, IsLatest } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
      seen.push({ Key, VersionId, IsLatest });
    }
    markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    truncated = page.IsTruncated ?? false;
  }
  return seen;
}

t.test('versions are listed newest first, whatever the page size', async (t) => {
  const s3 = await startS3(t);
  const entry = fc.record({ key: fc.constantFrom('a', 'a/b', 'b', 'b+', 'é'), marker: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      async (entries, MaxKeys) => {
        const { storage } = s3;
        for (const key of storage.keys(Bucket)) {
          for (const { versionId } of storage.versions(Bucket, key))
            await storage.deleteVersion(Bucket, key, versionId);
        }
        for (const { key: Key, marker } of entries) {
          if (marker) await s3.client.send(new DeleteObjectCommand({ Bucket, Key }));
          else await fill(s3, [Key]);
        }
        const expected = storage
          .keys(Bucket)
          .flatMap((key) =>
            storage
              .versions(Bucket, key)
              .map(({ versionId }, at) => ({ Key: key, VersionId: versionId, IsLatest: at === 0 })),
          );
        const order = (listed: Listed[]) => listed.map(({ VersionId }) => VersionId).sort();
        const paged = await listVersions(s3, { MaxKeys });
        t.same(order(paged), order(expected), 'each once');
        t.same(
          new Set(paged.filter(({ IsLatest }) => IsLatest).map(({ Key }) => Key)),
          new Set(storage.keys(Bucket)),
        );
        const one = await listVersions(s3, { MaxKeys: 1 });
        t.same(one, expected, 'in order');
      },
    ),
    { numRuns: 15 },
  );
});

t.test('versions: description, prefixes and markers', async (t) => {
  const s3 = await startS3(t);
  await fill(s3, ['a', 'k', 'k', 'k', 'k/1', 'k/2', 'z']);
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
  const list = (more: object) => s3.client.send(new ListObjectVersionsCommand({ Bucket, ...more }));
  const all = await list({ Prefix: 'k', Delimiter: '/' });
  t.match(all, {
    Name: Bucket,
    Prefix: 'k',
    Delimiter: '/',
    IsTruncated: false,
    CommonPrefixes: [{ Prefix: 'k/' }],
  });
  t.match(all.DeleteMarkers, [{ Key: 'k', IsLatest: true, Owner: { ID: String }, LastModified: Date }]);
  t.match(all.Versions, [
    { Key: 'k', IsLatest: false, Size: 1, ETag: String, StorageClass: 'STANDARD' },
    { Key: 'k' },
    { Key: 'k' },
  ]);
  const [newest, middle, oldest] = (all.Versions ?? []).map(({ VersionId }) => VersionId);
  const from = async (more: object) =>
    (await list({ Prefix: 'k', Delimiter: '/', ...more })).Versions?.map(({ VersionId }) => VersionId);
  t.same(await from({ KeyMarker: 'k', VersionIdMarker: newest }), [middle, oldest]);
  t.same(await from({ KeyMarker: 'k' }), undefined, 'a key alone: what comes after it');
  await s3.storage.deleteVersion(Bucket, 'k', newest ?? '');
  t.same(await from({ KeyMarker: 'k', VersionIdMarker: newest }), [middle, oldest], 'none is left out');
  t.match(await list({ Prefix: 'k/', EncodingType: 'url', KeyMarker: 'k/1', MaxKeys: 1 }), {
    Versions: [{ Key: 'k/2' }],
  });
  const prefixes = await list({ Delimiter: '/', MaxKeys: 4, KeyMarker: 'a' });
  t.match(prefixes, { IsTruncated: true, NextKeyMarker: 'k/', NextVersionIdMarker: undefined });
  t.match(await list({ Delimiter: '/', KeyMarker: 'k/' }), {
    Versions: [{ Key: 'z' }],
    CommonPrefixes: undefined,
  });
});

t.test('lists that make no sense', async (t) => {
  const { client } = await startS3(t);
  const invalid = { code: 'InvalidArgument', status: 400 };
  const encoding = { EncodingType: 'html' as 'url' };
  for (const more of [{ MaxKeys: -1 }, { ContinuationToken: '???' }, encoding])
    t.match(await refusalOf(client.send(new ListObjectsV2Command({ Bucket, ...more }))), invalid);
  const withoutKey = new ListObjectVersionsCommand({ Bucket, VersionIdMarker: 'x' });
  t.match(await refusalOf(client.send(withoutKey)), invalid);
  const none = { code: 'NoSuchBucket', status: 404 };
  t.match(await refusalOf(client.send(new ListObjectsV2Command({ Bucket: 'no-such-bucket' }))), none);
  t.match(await refusalOf(client.send(new ListObjectVersionsCommand({ Bucket: 'no-such-bucket' }))), none);
});
