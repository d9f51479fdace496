import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { AcceptedUpload, HandlerContext } from '@upload-once/processor';
import t from 'tap';
import { handleUpload } from '../save-to-folder.ts';

const context = {
  log: { info() {} },
  signal: new AbortController().signal,
  span: async (_name: string, run: () => unknown) => run(),
} as unknown as HandlerContext;

t.test('files of all names that the API takes are saved, each in one file of its own', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'save-to-folder-'));
  t.teardown(() => rm(folder, { recursive: true }));
  process.env.SAVE_TO_FOLDER = folder;
  const ids = [
    'a b',
    'x'.repeat(255),
    'x'.repeat(256),
    `${'x'.repeat(1015)}y`,
    '😀'.repeat(254),
    'é'.repeat(200),
  ];
  for (const id of [...ids, ...ids]) {
    const open = async () => ({ body: Readable.from([`content of ${id}`]) });
    await handleUpload({ id, sizeBytes: 1, open } as unknown as AcceptedUpload, context);
  }
  const names = await readdir(folder);
  t.equal(names.length, ids.length, 'a second attempt writes the same file');
  t.ok(names.includes('a b'));
  t.ok(names.every((name) => !name.includes('\ufffd')));
  const contents = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  t.strictSame(contents.sort(), ids.map((id) => `content of ${id}`).sort());
});
