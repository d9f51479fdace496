import type { Test } from 'tap';
import { type LinkStore, type NewLink, UploadState, type UploadStore } from '../../src/index.ts';
import { newUpload } from '../../src/testing/index.ts';

export interface LinksUnderTest {
  readonly store: UploadStore;
  readonly links: LinkStore;
  readonly recordRetentionSeconds: number;
  /** What stands in the table itself; undefined: there is no such item. */
  readonly itemOf: (key: string, item: string) => Promise<Record<string, unknown> | undefined>;
}

const ISSUED_AT = new Date('2026-01-01T00:00:00.123Z');
const EXPIRES_AT = new Date('2026-01-08T00:00:00.000Z');
const version = { versionId: 'v1', eTag: 'e1', sizeBytes: 5, storedAt: new Date('2026-01-01T00:00:01.234Z') };

/** What every link store promises, whatever it stands on. */
export function linkStoreContract(t: Test, open: (t: Test) => Promise<LinksUnderTest>): void {
  let serial = 0;

  async function linked(store: UploadStore, links: LinkStore, changes: Partial<NewLink> = {}) {
    serial += 1;
    const link: NewLink = {
      key: `uploads/Zähler #1+1 100%-20260101_000000-${serial}`,
      apiKeyId: `key-${serial}`,
      createdAt: ISSUED_AT,
      expiresAt: EXPIRES_AT,
      secretSha256: 'ab'.repeat(32),
      ...changes,
    };
    await store.issue(
      newUpload(link.key, {
        apiKeyId: link.apiKeyId,
        issuedAt: link.createdAt,
        expiresAt: link.expiresAt,
        constraints: { method: 'put', minBytes: 0, maxBytes: 10 },
        signatureSeconds: 60,
      }),
    );
    await links.record(link);
    return link;
  }

  t.test('a click is remembered while the upload is ISSUED: what arrives belongs to its trace', async (t) => {
    const { store, links } = await open(t);
    const { key } = await linked(store, links);
    const created = (await store.get(key))?.traceparent;
    const click = (at: string, digit: string) => ({
      at: new Date(at),
      traceparent: `00-${digit.repeat(32)}-${digit.repeat(16)}-01`,
    });
    const [first, second, late] = [
      click('2026-01-02T00:00:00.123Z', '1'),
      click('2026-01-03T00:00:00.456Z', '2'),
      click('2026-01-04T00:00:00.789Z', '3'),
    ];
    await links.recordClick(key, first);
    t.match(await store.get(key), {
      traceparent: first.traceparent,
      click: { at: first.at, createdTraceparent: created },
    });
    await links.recordClick(key, second);
    await store.claim(key, version);
    await links.recordClick(key, late);
    t.match(await store.get(key), {
      state: UploadState.claimed,
      traceparent: second.traceparent,
      click: { at: second.at, createdTraceparent: created },
    });
    await links.recordClick('uploads/unknown', first);
    t.equal(await store.get('uploads/unknown'), undefined, 'no item is made');
  });

  t.test('a link reads back as it was given, with its upload', async (t) => {
    const { store, links } = await open(t);
    const given = await linked(store, links, {
      contentTypes: ['application/pdf', 'image/*'],
      title: 'Your invoice',
      message: 'First line\nsecond line, größer 😀',
      from: 'Müller & Söhne',
      returnUrl: 'https://www.example.com/thanks?a=b',
      language: 'de',
    });
    const { expiresAt, ...link } = given;
    const found = await links.get(given.key);
    t.strictSame(found?.link, link);
    t.match(found?.upload, { key: given.key, state: UploadState.issued, signatureSeconds: 60, expiresAt });
    t.strictSame(found?.upload, await store.get(given.key));
  });

  t.test('a link without its upload, and an upload without a link, is none', async (t) => {
    const { store, links } = await open(t);
    t.equal(await links.get('uploads/none'), undefined);
    const { key } = await linked(store, links);
    await links.record({
      key: `${key}-other`,
      apiKeyId: 'key-1',
      createdAt: ISSUED_AT,
      expiresAt: EXPIRES_AT,
      secretSha256: 'ab'.repeat(32),
    });
    t.equal(await links.get(`${key}-other`), undefined);
  });

  t.test('an upload with a link is an upload as any other', async (t) => {
    const { store, links } = await open(t);
    const { key } = await linked(store, links);
    t.match(await store.getWithObservedVersions(key, 1), {
      upload: { key },
      observedVersions: [],
      tallies: [],
    });
    await store.claim(key, version);
    await store.recordObservedVersion(key, 'duplicate', { ...version, versionId: 'v2' });
    await store.recordObservedVersion(key, 'duplicate', { ...version, versionId: 'v3' });
    for (const kind of ['duplicate', 'refused', 'orphan'] as const) await store.countSurplus(key, kind, 1);
    t.match(await store.getWithObservedVersions(key, 1), {
      upload: { state: UploadState.claimed },
      observedVersions: [{ versionId: 'v3' }],
      tallies: { length: 3 },
    });
    t.match(await store.listObservedVersions(key), [{ versionId: 'v2' }, { versionId: 'v3' }]);
  });

  t.test('recorded again, a link has another secret and is the same otherwise', async (t) => {
    const { store, links, itemOf } = await open(t);
    const link = await linked(store, links, { title: 'first' });
    await links.changeTexts(link.key, { title: 'changed' });
    const before = await itemOf(link.key, 'link');
    await links.record({ ...link, secretSha256: 'cd'.repeat(32), expiresAt: new Date(0) });
    const after = await itemOf(link.key, 'link');
    t.strictSame(after, { ...before, secretSha256: 'cd'.repeat(32), writer: after?.['writer'] });
    t.match(await links.list(link.apiKeyId, 10), { links: { length: 1 }, next: undefined });
  });

  t.test('of many that record a link at once, the secret of one opens it', async (t) => {
    const { store, links } = await open(t);
    const link = await linked(store, links);
    const secrets = ['1', '2', '3'].map((digit) => digit.repeat(64));
    await Promise.all(secrets.map((secretSha256) => links.record({ ...link, secretSha256 })));
    t.ok(secrets.includes((await links.get(link.key))?.link.secretSha256 ?? ''));
  });

  t.test('texts are changed one by one, and removed by an empty one', async (t) => {
    const { store, links } = await open(t);
    const { key } = await linked(store, links, { title: 'a', message: 'b', from: 'c' });
    t.match(await links.changeTexts(key, { title: 'A', message: '' }), { title: 'A', from: 'c' });
    const { title, message, from } = (await links.get(key))?.link ?? {};
    t.strictSame({ title, message, from }, { title: 'A', message: undefined, from: 'c' });
    t.match(
      await links.changeTexts(key, { message: '' }),
      { title: 'A' },
      'to remove what is not there is no error',
    );
    t.equal(await links.changeTexts('uploads/none', { title: 'A' }), undefined);
  });

  t.test('the links of a key are listed, page by page, the newest first', async (t) => {
    const { store, links } = await open(t);
    const apiKeyId = `lister-${++serial}`;
    const keys: string[] = [];
    for (const minute of [3, 1, 2, 5, 4]) {
      const createdAt = new Date(Date.UTC(2026, 0, 1, 0, minute));
      keys[minute - 1] = (await linked(store, links, { apiKeyId, createdAt })).key;
    }
    await linked(store, links, { apiKeyId: `${apiKeyId}#other` });
    const first = await links.list(apiKeyId, 2);
    const second = await links.list(apiKeyId, 2, first.next);
    const third = await links.list(apiKeyId, 2, second.next);
    t.strictSame(
      [first, second, third].map((page) => page.links.map(({ link }) => link.key)),
      [[keys[4], keys[3]], [keys[2], keys[1]], [keys[0]]],
    );
    t.equal(third.next, undefined);
    const all = await links.list(apiKeyId, 50);
    t.equal(all.links.length, 5);
    t.match(all.links[0], { link: { apiKeyId, key: keys[4] }, upload: { key: keys[4] } });
    t.strictSame(await links.list('a key without links', 10), { links: [] });
  });

  t.test('a link is deleted with its upload', async (t) => {
    const { store, links, recordRetentionSeconds, itemOf } = await open(t);
    const link = await linked(store, links);
    const index = [
      `links#${link.apiKeyId}`,
      `${ISSUED_AT.toISOString()}#${link.key.slice('uploads/'.length)}`,
    ];
    const deleteAts = async () => [
      (await itemOf(link.key, 'link'))?.['deleteAt'],
      (await itemOf(index[0] ?? '', index[1] ?? ''))?.['deleteAt'],
    ];
    const end = EXPIRES_AT.getTime() / 1000 + recordRetentionSeconds;
    t.equal((await itemOf(link.key, 'upload'))?.['deleteAt'], end);
    t.strictSame(await deleteAts(), [end, end]);
    await links.keepUntil(link, new Date(EXPIRES_AT.getTime() + 5_000));
    t.strictSame(await deleteAts(), [end + 5, end + 5]);
    await links.keepUntil(link, EXPIRES_AT);
    t.strictSame(await deleteAts(), [end + 5, end + 5], 'never earlier');
  });
}
