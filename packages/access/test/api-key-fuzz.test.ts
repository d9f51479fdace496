import fc from 'fast-check';
import t from 'tap';
import { createApiKey, createApiKeyFinder, importApiKey } from '../src/index.ts';
import { createMemoryAccessStore } from '../src/testing/index.ts';

// Whatever a client presents as a key: the key itself opens it, nothing else does, and nothing throws. `make fuzz` tries more.

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 2_000);
const seed = Number(process.env['FUZZ_SEED'] ?? 1);

const NOW = new Date('2030-01-01T00:00:00.000Z');
const IMPORTED = 'Key of a client as they exist; with=all+that/can~stand{in}a"header\'';

/** A table with a made and an imported key, a finder that remembers, as the issuer's does, and how often it asked. */
async function keysAndFinder() {
  const store = createMemoryAccessStore();
  let drawn = 0;
  const making = {
    store,
    now: () => NOW,
    randomBytes: (count: number) => Uint8Array.from({ length: count }, () => drawn++ % 256),
  };
  const settings = { name: 'a client', ratePerSecond: 10, burst: 20 };
  const { value } = await createApiKey(settings, making);
  await importApiKey(IMPORTED, settings, making);
  let asked = 0;
  const finder = createApiKeyFinder({
    store: {
      findBySecret(sha256) {
        asked += 1;
        return store.findBySecret(sha256);
      },
    },
    now: () => NOW,
    resultLifetimeSeconds: 10,
    maxFound: 10,
    maxNotFound: 10,
  });
  return { finder, values: [value, IMPORTED], made: value, asked: () => asked };
}

/** As Node gives the value of a header: one character for each byte. */
const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const anyValue = fc.string({ unit: byte, maxLength: 5_000 });

function mutated(value: string) {
  const cut = fc.record({
    at: fc.nat(value.length),
    length: fc.nat(4),
    put: fc.oneof(fc.string({ unit: byte, maxLength: 3 }), fc.constantFrom(value, 'uo_', '\0', ' ', 'A')),
  });
  return fc
    .array(cut, { minLength: 1, maxLength: 3 })
    .map((cuts) =>
      cuts.reduce((text, { at, length, put }) => text.slice(0, at) + put + text.slice(at + length), value),
    );
}

t.test('any value, and good ones that were changed: only what is the key opens it', async () => {
  const { finder, values } = await keysAndFinder();
  await fc.assert(
    fc.asyncProperty(fc.oneof(anyValue, ...values.map(mutated)), async (value) => {
      const opened = (await finder.find(value)) !== undefined;
      return opened === values.includes(value) && finder.isFamiliar(value) === opened;
    }),
    { numRuns, seed },
  );
});

t.test(
  'a made key with one digit wrong, or two that changed places: refused, and the table is not asked',
  async (t) => {
    const { finder, made, asked } = await keysAndFinder();
    const digits = [...made.matchAll(/[0-9a-f]/g)].map(({ index }) => index);
    const mistyped = fc
      .tuple(fc.constantFrom(...digits), fc.constantFrom(...'0123456789abcdef'), fc.boolean())
      .map(([at, digit, swapped]) => {
        const next = made[at + 1] ?? '';
        if (swapped && /[0-9a-f]/.test(next)) return made.slice(0, at) + next + made[at] + made.slice(at + 2);
        return made.slice(0, at) + digit + made.slice(at + 1);
      })
      .filter((value) => value !== made);
    await fc.assert(
      fc.asyncProperty(mistyped, async (value) => (await finder.find(value)) === undefined),
      { numRuns, seed },
    );
    t.equal(asked(), 0);
    t.not(await finder.find(made), undefined, 'the key itself is good');
    t.equal(asked(), 1);
  },
);

t.test('a made key with one edit behind its id is refused, and the table is not asked', async (t) => {
  const { finder, made, asked } = await keysAndFinder();
  const printable = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));
  const behindId = { min: 'uo_0123456789abcdef_'.length, max: made.length };
  const edited = fc
    .record({
      edit: fc.constantFrom('insert', 'delete', 'replace', 'change of case'),
      at: fc.integer(behindId),
      character: printable,
    })
    .map(({ edit, at, character }) => {
      const [before, old, after] = [made.slice(0, at), made.slice(at, at + 1), made.slice(at + 1)];
      if (edit === 'insert') return before + character + old + after;
      if (edit === 'delete') return before + after;
      return before + (edit === 'replace' ? character : old.toUpperCase()) + after;
    })
    .filter((value) => value !== made);
  await fc.assert(
    fc.asyncProperty(edited, async (value) => (await finder.find(value)) === undefined),
    { numRuns, seed },
  );
  for (const wrapped of [`"${made}"`, `'${made}'`, `Bearer ${made}`, `"Bearer ${made}"`]) {
    t.equal(await finder.find(wrapped), undefined, wrapped.replace(made, '…'));
  }
  t.equal(asked(), 0);
});
