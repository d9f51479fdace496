import fc from 'fast-check';
import t from 'tap';
import { shardOfId, uploadIdIn, uploadIdOf, uploadKeyOfId } from '../src/upload-id.ts';

/** What the url-issuer makes of 128 bits: with 2 bits to spare, which are 00, or 01 in a sharded key. */
const PLAIN = 'name-20260101_000000-kaaaaaaaaaaaaaaaaaaaaaaaaa';
const SHARDED = 'name-20260101_000000-kaaaaaaaaaaaaaaaaaaaaaaaab';

t.test('a sharded key has its shard before the name, and an id without it', async (t) => {
  t.equal(uploadKeyOfId(SHARDED), `uploads/k/${SHARDED}`);
  t.equal(uploadIdOf(`uploads/k/${SHARDED}`), SHARDED);
  t.equal(shardOfId(SHARDED), 'k');
});

t.test('an id of another form has no shard', async (t) => {
  const others = [
    PLAIN,
    '',
    'a',
    'none',
    SHARDED.slice('name'.length + 1),
    `${SHARDED}a`,
    SHARDED.toUpperCase(),
  ];
  for (const id of others) {
    t.equal(shardOfId(id), undefined, id);
    t.equal(uploadKeyOfId(id), `uploads/${id}`);
    t.equal(uploadIdOf(`uploads/${id}`), id);
  }
});

t.test('only the shard of this very id is taken off', async (t) => {
  for (const path of [`a/${SHARDED}`, `k/${PLAIN}`, `k/l/${SHARDED}`, `/${SHARDED}`, 'k/other', 'k/']) {
    t.equal(uploadIdOf(`uploads/${path}`), path);
    t.equal(uploadKeyOfId(path), `uploads/${path}`);
  }
});

t.test('an id that has its shard before it leads to the same key', async (t) => {
  t.equal(uploadKeyOfId(`k/${SHARDED}`), `uploads/k/${SHARDED}`);
});

t.test('an upload is found by its id and by its key', async (t) => {
  for (const given of [SHARDED, `k/${SHARDED}`, `uploads/k/${SHARDED}`]) t.equal(uploadIdIn(given), SHARDED);
  for (const given of [PLAIN, `uploads/${PLAIN}`]) t.equal(uploadIdIn(given), PLAIN);
});

t.test('a key that is not under uploads/ has no id', async (t) => {
  t.throws(() => uploadIdOf(`accepted/k/${SHARDED}`), /a key under uploads\/ was expected, not "accepted\/k/);
});

t.test('the id that any text leads to is the id of its key', async () => {
  const path = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.tuple(fc.string(), fc.constantFrom(PLAIN, SHARDED, `k/${SHARDED}`)).map((parts) => parts.join('-')),
  );
  fc.assert(fc.property(path, (text) => uploadIdOf(uploadKeyOfId(uploadIdIn(text))) === uploadIdIn(text)));
});
