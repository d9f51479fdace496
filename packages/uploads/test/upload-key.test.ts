import { withoutHiddenCharacters } from '@upload-once/text/hidden-characters';
import { SHARD_COUNT } from '@upload-once/text/upload-id';
import fc from 'fast-check';
import t from 'tap';
import {
  acceptedKeyOf,
  issueTimeOf,
  makeUploadKey,
  NAME_PART_MAX_BYTES,
  uploadIdOf,
  uploadIdOfObject,
  uploadKeyOfAccepted,
  uploadKeyOfId,
} from '../src/index.ts';

const random = (bytes: number[]) => Uint8Array.from({ length: 16 }, (_, at) => bytes[at] ?? 0);

t.test('a key is prefix, name, UTC time and 128 random bits in base32', async (t) => {
  const issuedAt = new Date('2026-03-29T01:02:03.999+02:00');
  t.equal(
    makeUploadKey('UploadFilename', issuedAt, random([])),
    `uploads/UploadFilename-20260328_230203-${'a'.repeat(26)}`,
  );
  // RFC 4648 test vector: base32("foobar") is MZXW6YTBOI, here in lower case and followed by zero bits.
  const key = makeUploadKey('x', issuedAt, random([...Buffer.from('foobar')]));
  t.match(key, /-mzxw6ytboi[a]{16}$/);
});

t.test('a sharded key begins with the first character of its random part', async (t) => {
  const issuedAt = new Date('2026-03-29T01:02:03Z');
  const key = makeUploadKey('x', issuedAt, random([...Buffer.from('foobar')]), { isSharded: true });
  t.equal(key, `uploads/m/x-20260329_010203-mzxw6ytboi${'a'.repeat(15)}b`);
  const shards = Array.from({ length: 256 }, (_, byte) =>
    makeUploadKey('x', issuedAt, random([byte]), { isSharded: true }).slice(
      'uploads/'.length,
      'uploads/x'.length,
    ),
  );
  t.equal(new Set(shards).size, SHARD_COUNT, 'S3 can divide what is written at one moment');
});

t.test('keys of different random bits differ, whatever the bits', async () => {
  const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(sixteen, sixteen, fc.boolean(), (a, b, isSharded) => {
      const same = Buffer.compare(a, b) === 0;
      const at = new Date(0);
      return same === (makeUploadKey('n', at, a, { isSharded }) === makeUploadKey('n', at, b, { isSharded }));
    }),
  );
});

t.test('too little randomness makes no key', async (t) => {
  t.throws(() => makeUploadKey('n', new Date(0), new Uint8Array(15)), RangeError);
});

t.test('a name part that cannot be part of a key is refused with the reason', async (t) => {
  const at = new Date(0);
  const refused = [
    '',
    'a/b',
    '../accepted',
    'line\nbreak',
    'nul\u0000',
    'next\u0085line',
    'line\u2028separator',
    'fdp.\u202eexe',
    '\ufeffmark',
    'no\uffff character',
    '$\u007bfilename}',
    '\ud800',
    'ä'.repeat(NAME_PART_MAX_BYTES),
  ];
  for (const name of refused)
    t.throws(
      () => makeUploadKey(name, at, random([])),
      { code: 'InvalidNamePart' },
      withoutHiddenCharacters(JSON.stringify(name)),
    );
  for (const name of ['a b', 'a+b', '100%', 'Zähler', '..', 'x'.repeat(NAME_PART_MAX_BYTES)]) {
    const key = makeUploadKey(name, at, random([]));
    const sharded = makeUploadKey(name, at, random([]), { isSharded: true });
    t.ok(Buffer.byteLength(sharded) <= 1024 && Buffer.byteLength(key) <= 1024, 'fits into a key of S3');
    t.ok(key.startsWith(`uploads/${name}-1970`));
  }
});

t.test('upload key, accepted key and id stand for each other', async (t) => {
  const bits = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(bits, fc.boolean(), (random, isSharded) => {
      const key = makeUploadKey('Zähler 1+1', new Date(0), random, { isSharded });
      const id = uploadIdOf(key);
      const shard = isSharded ? `${id.at(-26)}/` : '';
      return (
        /^Zähler 1\+1-19700101_000000-[a-z2-7]{26}$/.test(id) &&
        uploadKeyOfId(id) === key &&
        acceptedKeyOf(key) === `accepted/${shard}${id}` &&
        uploadKeyOfAccepted(acceptedKeyOf(key)) === key &&
        uploadIdOfObject(key) === id &&
        uploadIdOfObject(acceptedKeyOf(key)) === id
      );
    }),
  );
  t.throws(() => acceptedKeyOf('accepted/x'), /a key under uploads\/ was expected/);
  t.throws(() => uploadKeyOfAccepted('uploads/x'), /a key under accepted\/ was expected/);
});

t.test('the time of issue is read from each key that is made, and from no other', async (t) => {
  const at = new Date('2026-02-28T23:59:58.900Z');
  for (const isSharded of [false, true]) {
    const key = makeUploadKey('a-20000101_000000-b', at, new Uint8Array(16), { isSharded });
    t.strictSame(issueTimeOf(key), new Date('2026-02-28T23:59:58Z'));
    const other = isSharded ? `uploads/${uploadIdOf(key)}` : key.replace('uploads/', 'uploads/a/');
    t.equal(issueTimeOf(other), undefined, 'with its shard, or without one');
  }
  const random = 'a'.repeat(26);
  for (const key of [
    ...['uploads/', 'uploads/by-hand', `uploads/-20260228_235958-${random}`],
    ...[`uploads/a-20261301_000000-${random}`, `uploads/a-20260228_235958-${random}a`],
  ])
    t.equal(issueTimeOf(key), undefined, key);
});

t.test('an object under uploads/ or accepted/ belongs to an upload, and no other does', async (t) => {
  for (const key of ['uploads/a b', acceptedKeyOf('uploads/a b')]) t.equal(uploadIdOfObject(key), 'a b');
  for (const key of ['', 'reports/a', 'uploadsa', 'a/uploads/b'])
    t.equal(uploadIdOfObject(key), undefined, key);
});
