import { buffer } from 'node:stream/consumers';
import type { Test } from 'tap';
import { differenceOf, type ObjectStore } from '../../src/index.ts';

export interface BucketUnderTest {
  readonly objects: ObjectStore;
  /** What a client's upload does. @returns the new version's id */
  readonly put: (key: string, bytes: Uint8Array, attributes?: Attributes) => Promise<string>;
  readonly putDeleteMarker: (key: string) => Promise<void>;
}

export interface Attributes {
  readonly contentType?: string;
  readonly metadata?: Record<string, string>;
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** What every object store promises, whatever it stands on. */
export function objectStoreContract(t: Test, open: (t: Test) => Promise<BucketUnderTest>): void {
  const from = 'uploads/Zähler 1+1 100% & so-20260101_000000-a';
  const to = 'accepted/Zähler 1+1 100% & so-20260101_000000-a';
  const emoji = 'uploads/Vertrag 😀-20260101_000000-a';

  function order(sourceVersionId: string, sizeBytes: number) {
    return { sourceKey: from, sourceVersionId, sourceSizeBytes: sizeBytes, targetKey: to };
  }

  async function contentOf(objects: ObjectStore, key: string, versionId: string) {
    const opened = await objects.open(key, versionId);
    return opened && { ...opened, body: (await buffer(opened.body)).toString() };
  }

  t.test('the oldest version of exactly this key is found, delete markers left out', async (t) => {
    const { objects, put, putDeleteMarker } = await open(t);
    await put('uploads/Z', bytes('a shorter key'));
    await put(`${from}b`, bytes('a longer key'));
    t.equal(await objects.oldestVersion(from), undefined);
    await putDeleteMarker(from);
    t.equal(await objects.oldestVersion(from), undefined);
    // Usually within one second, the precision of the times that S3 lists.
    const first = await put(from, bytes('one'));
    await putDeleteMarker(from);
    const second = await put(from, bytes('three'));
    await put(from, bytes('a third'));
    const oldest = { eTag: /^[0-9a-f]{32}$/, storedAt: Date };
    t.match(await objects.oldestVersion(from), { ...oldest, versionId: first, sizeBytes: 3 });
    await objects.deleteVersions([{ key: from, versionId: first }]);
    t.match(await objects.oldestVersion(from), { ...oldest, versionId: second, sizeBytes: 5 });
  });

  t.test('the oldest version of a key with an emoji is found', async (t) => {
    const { objects, put } = await open(t);
    const versionId = await put(emoji, bytes('one'));
    await put(emoji, bytes('two'));
    t.match(await objects.oldestVersion(emoji), { versionId });
  });

  t.test('a copy is exactly the version that was named, with its description', async (t) => {
    const { objects, put } = await open(t);
    const described = { contentType: 'text/plain', metadata: { invoice: '42', 'customer-id': 'a b' } };
    const versionId = await put(from, bytes('first'), described);
    await put(from, bytes('second, newer'), { contentType: 'image/png' });
    const copy = await objects.copyIfAbsent(order(versionId, 5));
    if (copy.outcome !== 'copied') throw new Error(copy.outcome);
    t.strictSame(await contentOf(objects, to, copy.versionId), { ...described, body: 'first', sizeBytes: 5 });
    t.match(await objects.head(to), { versionId: copy.versionId, sizeBytes: 5 });
  });

  t.test('a copy never replaces what is there', async (t) => {
    const { objects, put } = await open(t);
    const there = await put(to, bytes('already here'));
    const versionId = await put(from, bytes('first'));
    t.strictSame(await objects.copyIfAbsent(order(versionId, 5)), { outcome: 'target-exists' });
    t.match(await objects.head(to), { versionId: there });
  });

  t.test('of many copies at once exactly one makes the target', async (t) => {
    const { objects, put } = await open(t);
    const versionId = await put(from, bytes('first'));
    const copies = Array.from({ length: 6 }, () => objects.copyIfAbsent(order(versionId, 5)));
    const outcomes = (await Promise.all(copies)).map((copy) => copy.outcome).sort();
    t.strictSame(outcomes, ['copied', ...Array(5).fill('target-exists')]);
    t.equal((await objects.head(to))?.versionId, (await objects.oldestVersion(to))?.versionId);
  });

  t.test('a copy under a delete marker is made anew', async (t) => {
    const { objects, put, putDeleteMarker } = await open(t);
    const versionId = await put(from, bytes('first'));
    await objects.copyIfAbsent(order(versionId, 5));
    await putDeleteMarker(to);
    t.match(await objects.copyIfAbsent(order(versionId, 5)), { outcome: 'copied' });
  });

  t.test('a source that is gone is reported, and leaves no target', async (t) => {
    const { objects, put } = await open(t);
    const versionId = await put(from, bytes('first'));
    await put(from, bytes('second'));
    await objects.deleteVersions([{ key: from, versionId: versionId }]);
    t.strictSame(await objects.copyIfAbsent(order(versionId, 5)), { outcome: 'source-missing' });
    t.equal(await objects.head(to), undefined);
    t.equal(await objects.open(from, versionId), undefined);
  });

  t.test('an empty object is copied too', async (t) => {
    const { objects, put } = await open(t);
    const versionId = await put(from, bytes(''));
    const copy = await objects.copyIfAbsent(order(versionId, 0));
    if (copy.outcome !== 'copied') throw new Error(copy.outcome);
    t.match(await contentOf(objects, to, copy.versionId), { body: '', sizeBytes: 0 });
  });

  t.test('removing one version leaves the others, and may be repeated', async (t) => {
    const { objects, put } = await open(t);
    const first = await put(from, bytes('first'));
    const second = await put(from, bytes('second'));
    await objects.deleteVersions([{ key: from, versionId: first }]);
    await objects.deleteVersions([{ key: from, versionId: first }]);
    t.match(await objects.oldestVersion(from), { versionId: second });
    t.match(await objects.head(from), { versionId: second });
  });

  t.test('removing several versions of several keys leaves the others, and may be repeated', async (t) => {
    const { objects, put } = await open(t);
    const ids: string[] = [];
    for (const text of ['1', '2', '3', '4']) ids.push(await put(from, bytes(text)));
    const [first = '', second = '', third = '', fourth = ''] = ids;
    await put(to, bytes('elsewhere'));
    const named = (key: string, versionIds: readonly string[]) =>
      versionIds.map((versionId) => ({ key, versionId }));
    const elsewhere = await put(emoji, bytes('of another key'));
    const none = new Map<number, Error>();
    t.strictSame(
      await objects.deleteVersions([...named(from, [second, fourth]), ...named(emoji, [elsewhere])]),
      none,
    );
    t.strictSame(await objects.deleteVersions(named(from, [first, second, fourth])), none);
    t.match(await objects.oldestVersion(from), { versionId: third });
    t.match(await objects.head(from), { versionId: third });
    t.equal(await objects.oldestVersion(emoji), undefined);
    t.ok(await objects.head(to), 'another key is untouched');
  });

  t.test('what is not there has no head', async (t) => {
    const { objects, put, putDeleteMarker } = await open(t);
    t.equal(await objects.head(to), undefined);
    await put(to, bytes('x'));
    await putDeleteMarker(to);
    t.equal(await objects.head(to), undefined);
  });

  t.test('a copy is described as its source is, but for the version and the time', async (t) => {
    const { objects, put } = await open(t);
    const described = { contentType: 'text/plain', metadata: { invoice: '42' } };
    const versionId = await put(from, bytes('first'), described);
    await put(from, bytes('second'));
    const copy = await objects.copyIfAbsent(order(versionId, 5));
    if (copy.outcome !== 'copied') throw new Error(copy.outcome);
    const [source, target] = [await objects.head(from, versionId), await objects.head(to)];
    if (!source || !target) throw new Error('both are there');
    t.match(source, { versionId, sizeBytes: 5, storedAt: Date });
    t.match(source.attributes, { 'content-type': 'text/plain', 'x-amz-meta-invoice': '42' });
    t.strictSame(target.attributes, source.attributes);
    const [one, other] = [
      { key: from, description: source },
      { key: to, description: target },
    ];
    t.equal(await differenceOf(objects, one, other), undefined);
  });

  t.test('P2: what differs from another version is said, by its bytes or by its description', async (t) => {
    const { objects, put } = await open(t);
    const described = { contentType: 'text/plain', metadata: { invoice: '42' } };
    async function describe(content: string, attributes: Attributes) {
      const versionId = await put(from, bytes(content), attributes);
      const description = await objects.head(from, versionId);
      if (!description) throw new Error('it was put');
      return { key: from, description };
    }
    const one = await describe('first', described);
    const others: [RegExp, string, Attributes][] = [
      [/bytes/, 'longer', described],
      [/MD5|CRC|SHA/, 'FIRST', described],
      [/content-type/, 'first', { ...described, contentType: 'text/html' }],
      [/x-amz-meta-invoice/, 'first', { ...described, metadata: { invoice: '43' } }],
      [/x-amz-meta-more/, 'first', { ...described, metadata: { ...described.metadata, more: '1' } }],
      [/x-amz-meta-invoice/, 'first', { contentType: 'text/plain' }],
    ];
    for (const [reason, content, attributes] of others) {
      t.match(await differenceOf(objects, one, await describe(content, attributes)), reason);
    }
    t.equal(await differenceOf(objects, one, await describe('first', described)), undefined);
  });

  t.test('P2: bytes are compared though no digest is known, and nothing is left of it', async (t) => {
    const { objects, put } = await open(t);
    const version = async (key: string, text: string) => {
      const versionId = await put(key, bytes(text));
      return { key, versionId, sizeBytes: bytes(text).length };
    };
    const one = await version(from, 'first');
    t.equal(await objects.haveSameBytes(one, await version(to, 'first')), true);
    t.equal(await objects.haveSameBytes(one, await version(to, 'FIRST')), false);
    t.equal(await objects.haveSameBytes(await version(from, ''), await version(to, '')), true);
    t.match(await objects.head(to), { sizeBytes: 0 }, 'what is there stays as it is');
    const gone = { ...one, versionId: (await version(from, 'other')).versionId };
    await objects.deleteVersions([{ key: from, versionId: gone.versionId }]);
    await t.rejects(objects.haveSameBytes(one, gone), { code: 'SourceMissing' });
  });

  t.test('one version is described, also below others and delete markers', async (t) => {
    const { objects, put, putDeleteMarker } = await open(t);
    const versionId = await put(to, bytes('first'));
    await put(to, bytes('second'));
    await putDeleteMarker(to);
    t.match(await objects.head(to, versionId), { versionId, sizeBytes: 5 });
    t.equal(await objects.head(to), undefined);
    await objects.deleteVersions([{ key: to, versionId: versionId }]);
    t.equal(await objects.head(to, versionId), undefined);
  });

  t.test('the bucket responds', async (t) => {
    const { objects } = await open(t);
    await t.resolves(objects.ping());
    await t.resolves(objects.ping(AbortSignal.timeout(10_000)));
  });
}
