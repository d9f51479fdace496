// The command in this process, on a table and a bucket of this machine; no service runs.
import { createHash } from 'node:crypto';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  acceptedKeyOf,
  createS3ObjectListing,
  encodedFilename,
  ObservedKind,
  UploadState,
} from '@upload-once/uploads';
import t, { type Test } from 'tap';
import type { LocalCloud } from '../../../test/support/local-cloud.ts';
import { messages, operate, quietCloud } from '../../../test/support/operator-stage.ts';
import { ADOPT_HELP } from '../src/commands/adopt-options.ts';
import type { Operations } from '../src/operations.ts';

const WORD = ['--yes', '--by', 'Ada', '--reason', 'put back'];
const SINCE = ['adopt', '--since', '2026-01-01T00:00:00Z'];
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** An upload that was accepted with this text, and whose object was removed for good. */
async function withLostFile(t: Test, text: string) {
  const cloud = await quietCloud(t);
  const key = await cloud.issue();
  const versionId = await cloud.put(key, text);
  const version = (await list(cloud, key))[0];
  if (!version) throw new Error('it was put');
  await cloud.uploads.claim(key, version);
  const object = acceptedKeyOf(key);
  const acceptedVersionId = await cloud.put(object, text);
  await cloud.uploads.accept(key, { claimedVersionId: versionId, acceptedVersionId });
  await remove(cloud, object, acceptedVersionId);
  return { cloud, key, object, acceptedVersionId };
}

async function list(cloud: LocalCloud, prefix: string) {
  const pages = createS3ObjectListing({ client: cloud.s3, bucket: cloud.bucket }).pages(prefix);
  return (await Array.fromAsync(pages)).flat();
}

const remove = ({ s3, bucket }: LocalCloud, Key: string, VersionId: string) =>
  s3.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }));

t.test('a file that was put back is bound to its record, if its bytes are the same', async (t) => {
  const { cloud, key, object, acceptedVersionId } = await withLostFile(t, 'the file');
  const putBack = await cloud.put(object, 'the file');
  const shown = await operate(cloud, SINCE);
  t.equal(shown.code, 4);
  t.match(shown.stdout, `with --yes: it has the ETag of the upload: it becomes the accepted version`);
  t.match(await cloud.uploads.get(key), { acceptedVersionId }, 'nothing is recorded without --yes');

  const done = await operate(cloud, [...SINCE, ...WORD]);
  t.equal(done.code, 0, done.stderr);
  t.match(await cloud.uploads.get(key), {
    ...{ state: UploadState.accepted, acceptedVersionId: putBack },
    adopted: { by: 'Ada', reason: 'put back' },
  });
  t.match(await operate(cloud, SINCE), { code: 0, stdout: '', stderr: 'nothing found\n' });
});

t.test('a file with other bytes is not bound, whatever the operator says', async (t) => {
  const { cloud, key, object, acceptedVersionId } = await withLostFile(t, 'the file');
  const other = await cloud.put(object, 'ANOTHER!');
  for (const args of [
    [...SINCE, ...WORD],
    ['adopt', object, other, ...WORD],
  ]) {
    const { code, stdout } = await operate(cloud, args);
    t.equal(code, 4);
    t.match(stdout, `left: version ${acceptedVersionId} is gone, and nothing on record shows`);
  }
  const named = ['adopt', object, other, ...WORD, '--sha256', sha256('the file')];
  t.match(await operate(cloud, named), { code: 4, stdout: /left: it has not the SHA-256 / });
  t.match(await cloud.uploads.get(key), { acceptedVersionId });

  const bytes = await operate(cloud, ['adopt', object, other, ...WORD, '--sha256', sha256('ANOTHER!')]);
  t.equal(bytes.code, 0, 'only if the operator’s own records have these bytes');
});

t.test('a version beside the accepted one takes its place only by name, and by the same bytes', async (t) => {
  const { cloud, key, object, acceptedVersionId } = await withLostFile(t, 'the file');
  const first = await cloud.put(object, 'the file');
  await operate(cloud, ['adopt', object, first, ...WORD]);
  const second = await cloud.put(object, 'the file');
  const other = await cloud.put(object, 'another');
  t.match(await operate(cloud, [...SINCE, ...WORD]), { code: 4, stderr: /^0 recorded, 2 left\.\n$/ });
  t.match(await operate(cloud, ['adopt', object, other, ...WORD]), {
    code: 4,
    stdout: /left: it has 7 bytes/,
  });
  t.not(first, acceptedVersionId);
  t.equal((await operate(cloud, ['adopt', object, second, ...WORD])).code, 0);
  t.match(await cloud.uploads.get(key), { acceptedVersionId: second });
});

t.test('P5: what was revoked, or is on record as something else, is not adopted', async (t) => {
  const cloud = await quietCloud(t);
  const revoked = await cloud.issue();
  await cloud.uploads.revoke(revoked);
  const ofRevoked = await cloud.put(acceptedKeyOf(revoked), 'written by hand');
  const orphanKey = 'uploads/of-no-form';
  await cloud.put(orphanKey, 'an orphan');
  const [orphan] = await list(cloud, orphanKey);
  if (!orphan) throw new Error('it was put');
  await cloud.uploads.recordObservedVersion(orphanKey, ObservedKind.orphan, orphan);
  const refused = await cloud.put(revoked, 'refused');

  const { code, json } = await operate(cloud, [...SINCE, ...WORD, '--json']);
  t.equal(code, 4);
  t.match(json(), [
    { key: acceptedKeyOf(revoked), versionId: ofRevoked, outcome: 'left', detail: 'its upload was revoked' },
    { key: orphanKey, outcome: 'left', detail: 'it is on record as orphan: name it by KEY and VERSION' },
  ]);
  const byName = await operate(cloud, ['adopt', revoked, refused, ...WORD]);
  t.match(byName, { code: 4, stdout: /left: its upload is on record/ });

  t.equal((await operate(cloud, ['adopt', orphanKey, orphan.versionId, ...WORD])).code, 0);
  t.match(await cloud.uploads.get(orphanKey), { state: UploadState.issued, apiKeyId: 'adopted' });
});

t.test('P5: a copy that does not fit what was signed is not adopted', async (t) => {
  const cloud = await quietCloud(t);
  const key = await cloud.issue();
  await cloud.put(acceptedKeyOf(key), 'x'.repeat(1001));
  const { code, stdout } = await operate(cloud, [...SINCE, ...WORD]);
  t.equal(code, 4);
  t.match(stdout, 'left: it has 1001 bytes, and 0 to 1000 were signed');
  t.match(await cloud.uploads.get(key), { state: UploadState.issued });
});

t.test(
  'an upload whose record is lost gets the API key and the outcome that the operator names',
  async (t) => {
    const cloud = await quietCloud(t);
    const { s3, bucket: Bucket } = cloud;
    const Metadata = { filename: encodedFilename('plan ü.pdf') };
    await s3.send(new PutObjectCommand({ Bucket, Key: 'accepted/lost', Body: 'lost', Metadata }));
    const args = [...SINCE, ...WORD, '--api-key', 'key-7', '--processed'];
    t.equal((await operate(cloud, args)).code, 0);
    t.match(await cloud.uploads.get('uploads/lost'), {
      ...{ state: UploadState.processed, apiKeyId: 'key-7' },
      constraints: { method: 'post', minBytes: 4, maxBytes: 4, filename: 'plan ü.pdf' },
    });
  },
);

t.test('of several versions the oldest is the upload', async (t) => {
  const cloud = await quietCloud(t);
  const first = await cloud.put('uploads/twice', 'first');
  const second = await cloud.put('uploads/twice', 'second');
  const { code, json } = await operate(cloud, [...SINCE, ...WORD, '--json']);
  t.equal(code, 4);
  t.match(json(), [
    { versionId: second, outcome: 'left', detail: `version ${first} of its key is older, and is the upload` },
    { versionId: first, outcome: 'recorded' },
  ]);
});

t.test('an upload that changes meanwhile is told, with exit code 1', async (t) => {
  const cloud = await quietCloud(t);
  await cloud.put('uploads/new', 'new');
  const operations = (given: Operations): Operations => ({
    ...given,
    records: { ...given.records, adopt: async () => false },
  });
  const { code, stdout, stderr } = await operate(cloud, [...SINCE, ...WORD], { operations });
  t.equal(code, 1);
  t.match(stdout, 'its upload changed meanwhile, and nothing was recorded: run this again');
  t.match(stderr, '0 recorded, 0 left, 1 changed meanwhile.');
});

t.test('a wrong command line is said, and nothing is done', async (t) => {
  const cloud = await quietCloud(t);
  const wrong: [readonly string[], RegExp][] = [
    [['adopt'], /give --since TIME, or KEY and VERSION/],
    [['adopt', 'elsewhere/a', 'v1'], /KEY begins with "uploads\/" or "accepted\/"/],
    [['adopt', '--since', 'yesterday'], /--since takes a time with its zone/],
    [['adopt', 'uploads/a', 'v1', '--since', '2026-01-01T00:00:00Z'], /exclude each other/],
    [[...SINCE, '--yes'], /--yes needs --by and --reason, and --by is missing or blank/],
    [[...SINCE, '--yes', '--by', 'Ada', '--reason', ' '], /--reason is missing or blank/],
    [[...SINCE, '--yes', '--by', 'Ada', '--reason', 'x'.repeat(501)], /--reason takes up to 500 characters/],
    [[...SINCE, '--sha256', 'abc'], /--sha256 takes 64 hexadecimal digits/],
    [[...SINCE, '--sha256', 'a'.repeat(64)], /--sha256 is for one version/],
  ];
  for (const [args, message] of wrong) {
    const { code, stderr } = await operate(cloud, args);
    t.equal(code, 2, args.join(' '));
    t.match(stderr, message);
  }
  t.match(await operate(cloud, SINCE, { env: { BUCKET: undefined } }), {
    code: 2,
    stderr: /the bucket is missing/,
  });
  t.match(await operate(cloud, ['adopt', '--help']), { code: 0, stdout: ADOPT_HELP });
  t.match(await operate(cloud, ['adopt', 'uploads/none', 'v1']), {
    code: 1,
    stderr: /version v1 of uploads\/none is not there; 0 recorded/,
  });
});

t.test('it says what it is to say, and nothing else', async (t) => messages.assertKnown(t, 'adopt'));
