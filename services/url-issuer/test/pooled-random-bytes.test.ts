import t from 'tap';
import { createPooledRandomBytes } from '../src/pooled-random-bytes.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

t.test('each call gives as many bytes as were asked for, and no bytes twice', async (t) => {
  const randomBytes = createPooledRandomBytes();
  const given = Array.from({ length: 3_000 }, (_, at) => randomBytes([8, 16, 4_096][at % 3] ?? 0));
  t.strictSame([...new Set(given.map(({ length }) => length))], [8, 16, 4_096]);
  // In any pool that was given twice, in whole or in part, eight bytes would occur again.
  const eights = given.flatMap((bytes) =>
    Array.from({ length: bytes.length / 8 }, (_, at) => hex(bytes.subarray(at * 8, at * 8 + 8))),
  );
  t.equal(new Set(eights).size, eights.length);
});

t.test('what was given stays as it is', async (t) => {
  const randomBytes = createPooledRandomBytes();
  const first = randomBytes(16);
  const before = hex(first);
  for (let call = 0; call < 1_000; call += 1) randomBytes(16);
  t.equal(hex(first), before);
});
