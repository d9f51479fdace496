import t from 'tap';
import { differenceOf } from '../src/domain/compare-versions.ts';
import type { VersionDescription } from '../src/ports/object-store.ts';

const described = (changes: Partial<VersionDescription> = {}) => ({
  key: 'key',
  description: {
    versionId: 'v',
    eTag: 'e',
    sizeBytes: 5,
    storedAt: new Date(0),
    digests: {},
    attributes: {},
    ...changes,
  },
});
const reads = (hasSameBytes: boolean) => ({ haveSameBytes: async () => hasSameBytes });
const unread = {
  haveSameBytes: async () => {
    throw new Error('there is a digest: nothing need be read');
  },
};

t.test('P2: versions of different sizes differ', async (t) => {
  const difference = await differenceOf(unread, described(), described({ sizeBytes: 6 }));
  t.equal(difference, 'one has 5 bytes, the other 6');
});

t.test('each digest that proves is believed by itself', async (t) => {
  for (const name of ['MD5', 'SHA-1', 'SHA-256']) {
    const [one, same] = [described({ digests: { [name]: 'x' } }), described({ digests: { [name]: 'x' } })];
    t.equal(await differenceOf(unread, one, same), undefined, name);
  }
});

t.test('P3: a digest that only one of them has makes no difference: the bytes are read', async (t) => {
  const [one, other] = [described({ digests: { MD5: 'x' } }), described()];
  t.equal(await differenceOf(reads(true), one, other), undefined);
  t.equal(await differenceOf(reads(true), other, one), undefined);
  t.equal(await differenceOf(reads(false), one, other), 'they differ in their SHA-256');
});
