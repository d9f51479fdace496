import { randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import t from 'tap';
import { createS3ObjectListing } from '../src/index.ts';
import { objectListingContract } from './contract/object-listing-contract.ts';
import { startLocal } from './local.ts';

const { s3 } = await startLocal(t);

objectListingContract(t, async () => {
  const Bucket = `listing-${randomUUID()}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  return {
    listing: createS3ObjectListing({ client: s3, bucket: Bucket, pageEntries: 3 }),
    put: async (Key, Body) => (await s3.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId ?? '',
    putDeleteMarker: async (Key) => void (await s3.send(new DeleteObjectCommand({ Bucket, Key }))),
  };
});

t.test('a space in a key may come as + or as %20', async (t) => {
  const { s3: client, bucket } = await startLocal(t);
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'uploads/a b+c', Body: 'x' }));
  // S3 writes the one, the S3 of this machine the other.
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { Versions = [] } = result.output as { Versions?: { Key?: string }[] };
      for (const version of Versions) version.Key = version.Key?.replaceAll('%20', '+') ?? '';
      return result;
    },
    { step: 'initialize', name: 'plusForSpace' },
  );
  const pages = await Array.fromAsync(createS3ObjectListing({ client, bucket }).pages('uploads/'));
  t.strictSame(
    pages.flat().map(({ key }) => key),
    ['uploads/a b+c'],
  );
});

for (const [date, now] of [
  ['Tue, 01 Jan 2030 12:00:00 GMT', new Date('2030-01-01T12:00:00.999Z')],
  [undefined, undefined],
] as const) {
  t.test(`its time is what S3’s response says in Date, never this machine’s: ${date}`, async (t) => {
    const { s3: client, bucket } = await startLocal(t);
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        (result.response as { headers: Record<string, unknown> }).headers['date'] = date;
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'otherDate' },
    );
    const asked = createS3ObjectListing({ client, bucket }).now();
    if (now) t.strictSame(await asked, now);
    else await t.rejects(asked, /no date that can be read: undefined/);
  });
}
