import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { formatApiKey, isMistypedApiKey } from '../src/api-key-format.ts';

t.test('a key ends with the CRC-32 of what stands before it, as zlib computes it', async (t) => {
  const parts = fc.tuple(
    fc.uint8Array({ minLength: 8, maxLength: 8 }),
    fc.uint8Array({ minLength: 20, maxLength: 20 }),
  );
  fc.assert(
    fc.property(parts, ([id, secret]) => {
      const key = formatApiKey(Buffer.from(id).toString('hex'), secret);
      t.equal(key.slice(-8), crc32(key.slice(0, -8)).toString(16).padStart(8, '0'));
      t.notOk(isMistypedApiKey(key));
    }),
  );
});

t.test('a key with one character changed is known to be mistyped', async (t) => {
  const secret = createHash('sha256').update('secret').digest().subarray(0, 20);
  const key = formatApiKey('0123456789abcdef', secret);
  for (let at = 'uo_0123456789abcdef_'.length; at < key.length; at++) {
    const other = key[at] === '0' ? '1' : '0';
    t.ok(isMistypedApiKey(key.slice(0, at) + other + key.slice(at + 1)), `character ${at}`);
  }
});
