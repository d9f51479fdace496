import { acceptedKeyOf, makeUploadKey, uploadIdOf } from '@upload-once/uploads';
import t from 'tap';
import { createAuditActions } from '../src/console/audit.ts';
import type { Operations } from '../src/operations.ts';

/** A bucket and a table of many pages in which all is well. */
function healthy() {
  const read: string[] = [];
  async function* pages(name: string) {
    for (let page = 0; page < 100; page += 1) {
      read.push(name);
      yield [];
    }
  }
  const operations = {
    listing: { now: async () => new Date(0), pages },
    records: {
      pages: () => pages('table'),
      uploads: async () => new Map(),
      observedVersions: async () => [],
      tallies: async () => new Map(),
    },
  } as unknown as Operations;
  const actions = createAuditActions({
    operations,
    bucket: 'b',
    recordRetentionSeconds: 10 * 86_400,
    queueUrls: { uploads: '', accepted: '' },
  });
  return { actions, operations, read };
}

t.test('an audit that finds nothing tells its progress behind each page', async (t) => {
  const { actions, read } = healthy();
  let told = 0;
  await actions.run({
    olderThanMinutes: 0,
    signal: new AbortController().signal,
    onFinding: () => {},
    onProgress: () => {
      told += 1;
    },
  });
  t.equal(read.length, 300);
  t.ok(told >= 300, `${told}`);
});

for (const stopAt of [1, 150, 250])
  t.test(`stopped at page ${stopAt}, an audit that finds nothing reads no further page`, async (t) => {
    const { actions, read } = healthy();
    const end = new AbortController();
    await actions.run({
      olderThanMinutes: 0,
      signal: end.signal,
      onFinding: () => {},
      onProgress: () => {
        if (read.length === stopAt) end.abort();
      },
    });
    t.equal(read.length, stopAt);
  });

t.test('a finding has the id of its upload, wherever its object lies', async (t) => {
  const at = new Date('2030-01-31T12:00:00Z');
  for (const isSharded of [false, true]) {
    const { actions, operations } = healthy();
    const key = makeUploadKey('file', at, new Uint8Array(16), { isSharded });
    const version = { versionId: 'v', eTag: 'e', sizeBytes: 1, storedAt: new Date(0) };
    operations.listing.pages = async function* (prefix) {
      yield [key, acceptedKeyOf(key)]
        .filter((each) => each.startsWith(prefix))
        .map((each) => ({ ...version, key: each }));
    };
    const found: string[] = [];
    await actions.run({
      olderThanMinutes: 0,
      signal: new AbortController().signal,
      onFinding: ({ uploadId }) => found.push(uploadId),
      onProgress: () => {},
    });
    t.strictSame(found, [uploadIdOf(key), uploadIdOf(key)]);
  }
});
