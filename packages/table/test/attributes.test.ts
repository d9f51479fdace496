import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import fc, { type Arbitrary } from 'fast-check';
import t from 'tap';
import { attributesOf, itemOf } from '../src/attributes.ts';

/** `marshall` takes `constructor` for the type, and both functions of the SDK lose an entry `__proto__`: ours are tested alone with these. */
const TAKEN_FOR_MORE = new Set(['constructor', '__proto__']);
const name = fc.string().filter((text) => !TAKEN_FOR_MORE.has(text));
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
  fc.constantFrom(0, -0, 0.1, 1e-7, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, Number.MIN_VALUE),
);
const scalar = fc.oneof(fc.string({ unit: 'binary' }), number, fc.boolean());
const strings = fc.uniqueArray(fc.string(), { minLength: 1 }).map((members) => new Set(members));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    strings,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
}));
const item = fc.dictionary(name, fc.oneof(value, fc.constant(undefined))) as Arbitrary<object>;

t.test('an item becomes what the SDK makes of it, and comes back', (t) => {
  fc.assert(
    fc.property(item, (given) => {
      const attributes = attributesOf(given);
      t.strictSame(attributes, marshall(given, { removeUndefinedValues: true }));
      t.strictSame(itemOf(attributes), unmarshall(attributes));
    }),
    { numRuns: 1_000 },
  );
  t.end();
});

t.test('every number comes back as it was', (t) => {
  fc.assert(
    fc.property(number, (given) => {
      t.equal(itemOf(attributesOf({ given }))['given'], given === 0 ? 0 : given);
    }),
    { numRuns: 1_000 },
  );
  t.end();
});

t.test('a name may be one that JavaScript’s objects have', async (t) => {
  for (const name of ['constructor', '__proto__', 'toString']) {
    const metadata = Object.fromEntries([[name, 'x']]);
    const attributes = attributesOf({ metadata });
    t.strictSame(Object.entries(attributes['metadata']?.M ?? {}), [[name, { S: 'x' }]]);
    t.strictSame(Object.entries(itemOf(attributes)['metadata'] as object), [[name, 'x']]);
  }
});

t.test('what no item of ours has is not written', async (t) => {
  const refused: readonly (readonly [given: unknown, named: RegExp])[] = [
    [null, /null/],
    [Number.NaN, /NaN/],
    [Number.POSITIVE_INFINITY, /Infinity/],
    [Number.MAX_SAFE_INTEGER + 1, /9007199254740992/],
    [12n, /12/],
    [Symbol('a'), /Symbol\(a\)/],
    [() => 1, /1/],
    [new Date(0), /Date/],
    [new Map(), /Map/],
    [new Uint8Array(1), /Uint8Array/],
    [new Set(), /a set of nothing/],
    [new Set([1]), /a set of 1/],
    [new Set(['a', 1]), /a set of a,1/],
    [[undefined], /undefined/],
    [{ a: { b: null } }, /null/],
  ];
  for (const [given, named] of refused) {
    t.throws(() => attributesOf({ given }), { name: 'TypeError', message: named });
  }
});

t.test('what no item of ours has is not read', async (t) => {
  const refused: readonly (readonly [attribute: AttributeValue, named: RegExp])[] = [
    [{ NULL: true }, /NULL/],
    [{ B: new Uint8Array(1) }, /B/],
    [{ NS: ['1'] }, /NS/],
    [{ BS: [new Uint8Array(1)] }, /BS/],
    [{ N: '9007199254740993' }, /9007199254740993/],
    [{ N: '1e99' }, /1e99/],
    [{ N: 'x' }, /x/],
    [{ L: [{ NULL: true }] }, /NULL/],
    [{ M: { a: { NULL: true } } }, /NULL/],
  ];
  for (const [attribute, named] of refused) {
    t.throws(() => itemOf({ attribute }), { name: 'TypeError', message: named });
  }
});
