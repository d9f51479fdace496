import { ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import t from 'tap';
import { deployment, s3 } from '../support/deployment.ts';

// What the acceptor relies on: the oldest version of a key is the last of its list, also where the list has several pages.

const Bucket = deployment.bucket;
const Prefix = `on-aws/${Date.now()}-versions`;
const VERSIONS = 5;

t.test('versions are listed by key, each key’s newest first, without a gap between pages', async (t) => {
  const keys = [`${Prefix}/b`, `${Prefix}/a`, `${Prefix}/é`];
  const written = new Map<string, (string | undefined)[]>();
  for (const Key of keys) {
    const ids: (string | undefined)[] = [];
    for (let n = 1; n <= VERSIONS; n += 1)
      ids.push((await s3.send(new PutObjectCommand({ Bucket, Key, Body: `version ${n}` }))).VersionId);
    written.set(Key, ids.reverse());
  }
  const expected = [`${Prefix}/a`, `${Prefix}/b`, `${Prefix}/é`].flatMap((key) =>
    (written.get(key) ?? []).map((id) => `${key} ${id}`),
  );

  for (const MaxKeys of [1, 2, 3, 1000]) {
    const listed: string[] = [];
    let KeyMarker: string | undefined;
    let VersionIdMarker: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectVersionsCommand({ Bucket, Prefix, MaxKeys, KeyMarker, VersionIdMarker }),
      );
      listed.push(...(page.Versions ?? []).map(({ Key, VersionId }) => `${Key} ${VersionId}`));
      KeyMarker = page.NextKeyMarker;
      VersionIdMarker = page.NextVersionIdMarker;
    } while (KeyMarker !== undefined);
    t.strictSame(listed, expected, `pages of ${MaxKeys}`);
  }
});
