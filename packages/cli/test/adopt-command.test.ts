// The command in this process, on a table and a bucket of this machine; no service runs.
import { createHash, randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  acceptedKeyOf,
  createS3ObjectListing,
  encodedFilename,
  makeUploadKey,
  ObservedKind,
  UploadState,
} from '@upload-once/uploads';
import t, { type Test } from 'tap';
import type { LocalCloud } from '../../../test/support/local-cloud.ts';
import { messages, type OperatorSetting, operate, quietCloud } from '../../../test/support/operator-stage.ts';
import { ADOPT_HELP } from '../src/commands/adopt-options.ts';
import type { Operations } from '../src/operations.ts';

const WORD = ['--yes', '--by', 'Ada', '--reason', 'put back'];
const SINCE = ['adopt', '--since', '2026-01-01T00:00:00Z', '--record-retention-days', '113'];
const DAY_MS = 86_400_000;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** A key that a url-issuer made so many days ago. Its record is not there. */
const keyOf = (name: string, days = 0) =>
  makeUploadKey(name, new Date(Date.now() - days * DAY_MS), randomBytes(16));

async function only(cloud: LocalCloud, key: string) {
  const [version, ...others] = await list(cloud, key);
  if (!version || others.length > 0) throw new Error(`${key} has one version`);
  return version;
}

/** An upload that was claimed with this text. */
async function claimed(cloud: LocalCloud, text: string, put: LocalCloud['put'] = cloud.put) {
  const key = await cloud.issue();
  const versionId = await put(key, text);
  await cloud.uploads.claim(key, await only(cloud, key));
  return { key, object: acceptedKeyOf(key), versionId };
}

/** As `LocalCloud.put`, in one part: the object's ETag is no MD5 of it. */
const putInParts =
  ({ s3, bucket: Bucket }: LocalCloud): LocalCloud['put'] =>
  async (Key, Body) => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const part = { Bucket, Key, UploadId };
    const { ETag } = await s3.send(new UploadPartCommand({ ...part, PartNumber: 1, Body }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    const { VersionId } = await s3.send(new CompleteMultipartUploadCommand({ ...part, MultipartUpload }));
    return VersionId ?? '';
  };

/** An upload that was accepted with this text, and whose object was removed for good. */
async function withLostFile(t: Test, text: string, how?: (cloud: LocalCloud) => LocalCloud['put']) {
  const cloud = await quietCloud(t);
  const { key, versionId } = await claimed(cloud, text, how?.(cloud));
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

/** The uploads on record are signed with the SHA-256 of this text. */
function signed(text: string): OperatorSetting {
  const base64 = createHash('sha256').update(text).digest('base64');
  return {
    operations: (given) => ({
      ...given,
      records: {
        ...given.records,
        async uploads(keys) {
          const uploads = [...(await given.records.uploads(keys)).values()];
          return new Map(
            uploads.map((upload) => [
              upload.key,
              { ...upload, constraints: { ...upload.constraints, sha256: base64 } },
            ]),
          );
        },
      },
    }),
  };
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
  const audit = await operate(cloud, ['audit', '--older-than', '0', '--json']);
  // A page has two versions.
  t.match(
    audit.json().find(({ kind }) => kind === 'covered'),
    { key: object, versionId: first, detail: `version ${second} covers it` },
  );
  const asLong = await cloud.put(object, 'ANOTHER!');
  const covered = `left: the accepted version ${first} is there, and is covered: adopt the current version`;
  t.match(await operate(cloud, [...SINCE, ...WORD]), {
    code: 4,
    stdout: covered,
    stderr: /^0 recorded, 3 left\.\n$/,
  });
  t.match(await operate(cloud, ['adopt', object, other, ...WORD]), {
    code: 4,
    stdout: /left: it has 7 bytes/,
  });
  t.match(await operate(cloud, ['adopt', object, asLong, ...WORD, '--sha256', sha256('ANOTHER!')]), {
    code: 4,
    stdout: `left: it has other bytes than version ${first}`,
  });
  t.not(first, acceptedVersionId);
  t.equal((await operate(cloud, ['adopt', object, second, ...WORD])).code, 0);
  t.match(await cloud.uploads.get(key), { acceptedVersionId: second });
  for (const later of [other, asLong]) await remove(cloud, object, later);
  t.match(
    (await operate(cloud, SINCE)).stdout,
    `left: the accepted version ${second} is there, and is the current one`,
  );
});

t.test('P5: the SHA-256 that was signed stands, whatever digest the operator gives', async (t) => {
  const cloud = await quietCloud(t);
  const { key, object, versionId } = await claimed(cloud, 'the file');
  await cloud.uploads.accept(key, { claimedVersionId: versionId, acceptedVersionId: 'gone for good' });
  const other = await cloud.put(object, 'ANOTHER!');
  const args = ['adopt', object, other, ...WORD, '--sha256', sha256('ANOTHER!')];
  t.match(await operate(cloud, args, signed('the file')), {
    code: 4,
    stdout: `left: it has not the SHA-256 ${sha256('the file')}`,
  });
});

t.test('an ETag that is no MD5 shows nothing', async (t) => {
  const { cloud, object } = await withLostFile(t, 'the file', putInParts);
  const putBack = await putInParts(cloud)(object, 'the file');
  t.match(await operate(cloud, [...SINCE, ...WORD]), { code: 4, stdout: /left: .* nothing on record shows/ });
  const named = ['adopt', object, putBack, ...WORD, '--sha256', sha256('the file')];
  t.equal((await operate(cloud, named)).code, 0);
});

t.test('a file that was put back and is on record as an orphan is bound, others by name alone', async (t) => {
  const { cloud, key, object } = await withLostFile(t, 'the file');
  const other = await cloud.put(object, 'ANOTHER!');
  const putBack = await cloud.put(object, 'the file');
  const ofNone = keyOf('of-none');
  await cloud.put(acceptedKeyOf(ofNone), 'of no upload');
  for (const version of [...(await list(cloud, object)), ...(await list(cloud, acceptedKeyOf(ofNone)))])
    await cloud.uploads.recordObservedVersion(version.key, ObservedKind.orphan, version);

  const { code, json } = await operate(cloud, [...SINCE, ...WORD, '--json']);
  t.equal(code, 4);
  t.match(
    new Map(json().map(({ versionId, outcome, detail }) => [versionId, `${outcome}: ${detail}`])),
    new Map([
      [putBack, /^recorded: it has the ETag of the upload/],
      [other, /^left: the accepted version .* is there, and is the current one/],
      [(await only(cloud, acceptedKeyOf(ofNone))).versionId, /^left: it is on record as orphan: name it/],
    ]),
  );
  t.match(await cloud.uploads.get(key), { acceptedVersionId: putBack });
});

t.test('P5: what was revoked, or is on record as something else, is not adopted', async (t) => {
  const cloud = await quietCloud(t);
  const revoked = await cloud.issue();
  await cloud.uploads.revoke(revoked);
  const ofRevoked = await cloud.put(acceptedKeyOf(revoked), 'written by hand');
  const orphanKey = keyOf('of-no-form');
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

  for (const kind of [ObservedKind.duplicate, ObservedKind.refused]) {
    const lost = keyOf(kind);
    const versionId = await cloud.put(lost, 'came second');
    await cloud.uploads.recordObservedVersion(lost, kind, await only(cloud, lost));
    const named = await operate(cloud, ['adopt', lost, versionId, ...WORD]);
    t.match(named, { code: 4, stdout: `left: it is on record as ${kind}` });
    t.equal(await cloud.uploads.get(lost), undefined);
  }
});

t.test('P5: a version of an upload that is being processed is left', async (t) => {
  const { cloud, key, object, acceptedVersionId } = await withLostFile(t, 'the file');
  await cloud.uploads.startProcessing(key, {
    acceptedVersionId,
    leaseOwner: 'a processor',
    leaseSeconds: 60,
  });
  const putBack = await cloud.put(object, 'the file');
  for (const args of [SINCE, ['adopt', object, putBack]])
    t.match(await operate(cloud, [...args, ...WORD]), {
      code: 4,
      stdout: 'left: it is being processed: run this',
    });
  t.match(await cloud.uploads.get(key), { state: UploadState.processing, acceptedVersionId });
});

t.test('P5: a copy without the SHA-256 that was signed is not adopted', async (t) => {
  const cloud = await quietCloud(t);
  const key = await cloud.issue();
  await cloud.put(acceptedKeyOf(key), 'the copy');
  t.match(await operate(cloud, [...SINCE, ...WORD], signed('ANOTHER!')), {
    code: 4,
    stdout: 'left: it has not the SHA-256 that was signed',
  });
  t.match(await cloud.uploads.get(key), { state: UploadState.issued });
  t.equal((await operate(cloud, [...SINCE, ...WORD], signed('the copy'))).code, 0);
});

t.test(
  'P5: a claimed upload gets no copy of another size, and none while its claimed version is there',
  async (t) => {
    const cloud = await quietCloud(t);
    const { key, object, versionId } = await claimed(cloud, 'the file');
    const copy = await cloud.put(object, 'another');
    const left = async (reason: string) => {
      for (const args of [SINCE, ['adopt', object, copy]])
        t.match(await operate(cloud, [...args, ...WORD]), { code: 4, stdout: `left: ${reason}` });
      t.match(await cloud.uploads.get(key), { state: UploadState.claimed });
    };
    await left('its claimed version is there: "upload-once audit --repair" has it accepted');
    await remove(cloud, key, versionId);
    await left('it has 7 bytes, and the claimed version had 8');
    await remove(cloud, object, copy);
    const right = await cloud.put(object, 'the file');
    t.equal((await operate(cloud, [...SINCE, ...WORD])).code, 0);
    t.match(await cloud.uploads.get(key), { state: UploadState.accepted, acceptedVersionId: right });
  },
);

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
    const key = keyOf('lost');
    await s3.send(new PutObjectCommand({ Bucket, Key: acceptedKeyOf(key), Body: 'lost', Metadata }));
    const args = [...SINCE, ...WORD, '--api-key', 'key-7', '--processed'];
    t.equal((await operate(cloud, args)).code, 0);
    t.match(await cloud.uploads.get(key), {
      ...{ state: UploadState.processed, apiKeyId: 'key-7' },
      constraints: { method: 'post', minBytes: 4, maxBytes: 4, filename: 'plan ü.pdf' },
    });
  },
);

t.test('of several versions the oldest is the upload', async (t) => {
  const cloud = await quietCloud(t);
  const twice = keyOf('twice');
  const first = await cloud.put(twice, 'first');
  const second = await cloud.put(twice, 'second');
  const copiedTwice = acceptedKeyOf(keyOf('copied-twice'));
  const firstCopy = await cloud.put(copiedTwice, 'first');
  const secondCopy = await cloud.put(copiedTwice, 'second');
  const { code, json } = await operate(cloud, [...SINCE, ...WORD, '--json']);
  t.equal(code, 4);
  const covered = `ACCEPTED with this version. Version ${secondCopy} covers it: adopt the current version`;
  t.match(json(), [
    {
      ...{ versionId: secondCopy, outcome: 'left' },
      detail: `version ${firstCopy} of its key is older: name the one that is the upload`,
    },
    { versionId: firstCopy, outcome: 'recorded', detail: covered },
    { versionId: second, outcome: 'left', detail: `version ${first} of its key is older, and is the upload` },
    { versionId: first, outcome: 'recorded' },
  ]);
});

t.test('what is older than the record retention is never handled again unasked', async (t) => {
  const cloud = await quietCloud(t);
  const [old, young, waiting] = [keyOf('old', 114), keyOf('young', 112), keyOf('waiting', 114)];
  const oldVersion = await cloud.put(acceptedKeyOf(old), 'handled long ago');
  await cloud.put(acceptedKeyOf(young), 'its record was lost');
  await cloud.put(waiting, 'waits under uploads/');
  const first = await operate(cloud, [...SINCE, ...WORD, '--json']);
  t.equal(first.code, 4);
  const outcomes = first.json().map(({ key, outcome, detail }) => `${key}: ${outcome}: ${detail}`);
  t.match(outcomes, [
    `${acceptedKeyOf(old)}: left: its record may have expired, and its work be done: --processed records it`,
    `${acceptedKeyOf(young)}: recorded: its upload is recorded as ACCEPTED`,
    `${waiting}: left: its record may have expired, and its work be done: name it by KEY and VERSION`,
  ]);
  t.equal(await cloud.uploads.get(old), undefined);
  const audit = await operate(cloud, ['audit', '--repair', '--older-than', '0', '--json']);
  const sent = audit.json().filter(({ outcome }) => outcome === 'sent');
  t.match(sent, [{ key: young }], 'and no repair sends its event');
  t.equal(sent.length, 1);

  const second = await operate(cloud, [...SINCE, ...WORD, '--processed']);
  t.match(second, { code: 4, stderr: /^1 recorded, 1 left/ });
  t.match(await cloud.uploads.get(old), { state: UploadState.processed, acceptedVersionId: oldVersion });
  t.match(await cloud.uploads.get(young), { state: UploadState.accepted }, 'it is on record by then');

  const another = keyOf('asked-for', 114);
  const named = await cloud.put(acceptedKeyOf(another), 'to be handled again');
  t.equal((await operate(cloud, ['adopt', acceptedKeyOf(another), named, ...WORD])).code, 0);
  t.match(await cloud.uploads.get(another), { state: UploadState.accepted });
});

t.test('a key that no url-issuer makes is adopted by name alone', async (t) => {
  const cloud = await quietCloud(t);
  const keys = [
    'accepted/',
    'accepted/by-hand',
    'uploads/by-another',
    acceptedKeyOf(keyOf('x')).replace('/', '/b/'),
  ];
  for (const key of keys) await cloud.put(key, '');
  const { code, json } = await operate(cloud, [...SINCE, ...WORD, '--json']);
  t.equal(code, 4);
  const detail = 'no url-issuer makes such a key: name it by KEY and VERSION if it is an upload';
  t.match(
    new Map(json().map((line) => [line.key, line])),
    new Map(keys.map((key) => [key, { outcome: 'left', detail }])),
  );
  const { versionId } = await only(cloud, 'uploads/by-another');
  t.equal((await operate(cloud, ['adopt', 'uploads/by-another', versionId, ...WORD])).code, 0);
});

t.test('an upload that changes meanwhile is told, with exit code 1', async (t) => {
  const cloud = await quietCloud(t);
  await cloud.put(keyOf('new'), 'new');
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
    [SINCE.slice(0, 3), /--since takes files whose records have expired for lost ones/],
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
