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
