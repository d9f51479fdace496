import { appendFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@upload-once/clock';
import t, { type Test } from 'tap';
import { eventually } from '../../../test/support/eventually.ts';
import { createFolderLogs } from '../src/index.ts';

function follow(t: Test, folder: string) {
  const lines: string[] = [];
  let cuts = 0;
  const end = new AbortController();
  const following = createFolderLogs({ folder, clock: systemClock }).follow(
    (more) => lines.push(...more),
    end.signal,
    () => {
      cuts += 1;
    },
  );
  t.teardown(() => end.abort());
  const has = (...expected: string[]) =>
    eventually(
      async () => lines.toSorted(),
      (seen) => JSON.stringify(seen) === JSON.stringify(expected.toSorted()),
    );
  return { lines, has, end, following, cuts: () => cuts };
}

t.test('what is there, and what comes, of each log file of the folder', async (t) => {
  const folder = t.testdir({ 'a.log': 'one\ntwo\n', 'b.log': 'of b\n', 'c.txt': 'no log\n' });
  const { has, end, following } = follow(t, folder);
  await has('one', 'two', 'of b');
  await appendFile(join(folder, 'a.log'), 'thr');
  await appendFile(join(folder, 'b.log'), 'more of b\n');
  await has('one', 'two', 'of b', 'more of b');
  await appendFile(join(folder, 'a.log'), 'ee: ä\n');
  await writeFile(join(folder, 'd.log'), 'new\n');
  await has('one', 'two', 'of b', 'more of b', 'three: ä', 'new');
  end.abort();
  await following;
});

t.test('a file that begins anew is read from its beginning, and one that goes is no failure', async (t) => {
  const folder = t.testdir({ 'a.log': 'a long line of before\n' });
  const { has } = follow(t, folder);
  await has('a long line of before');
  await writeFile(join(folder, 'a.log'), 'short\n');
  await has('a long line of before', 'short');
  await rm(join(folder, 'a.log'));
  await writeFile(join(folder, 'b.log'), 'other\n');
  await has('a long line of before', 'short', 'other');
});

t.test(
  'of a large file only the end is read, from the first whole line on; a line without end is left out',
  async (t) => {
    const line = `${'x'.repeat(1_023)}\n`;
    const folder = t.testdir({
      'a.log': `${line.repeat(5_000)}last\n`,
      'b.log': `${'y'.repeat(200_000)}\nafter\n`,
    });
    const { lines, cuts } = follow(t, folder);
    await eventually(
      async () => lines,
      (seen) => seen.includes('last') && seen.includes('after'),
    );
    t.equal(cuts(), 1, 'of one file older lines were not read');
    t.ok(lines.length < 4_200, 'some four million bytes');
    t.ok(lines.every((each) => each.length < 1_024));
  },
);

t.test('a file that is renamed is not read again', async (t) => {
  const folder = t.testdir({ 'b.log': 'one\ntwo\n' });
  const { has, cuts } = follow(t, folder);
  await has('one', 'two');
  await rename(join(folder, 'b.log'), join(folder, 'b.1.log'));
  await appendFile(join(folder, 'b.1.log'), 'three\n');
  await writeFile(join(folder, 'b.log'), 'four\n');
  await has('one', 'two', 'three', 'four');
  t.equal(cuts(), 0);
});

t.test('a folder that does not exist is a failure that names it', async (t) => {
  const source = createFolderLogs({ folder: join(t.testdir(), 'missing'), clock: systemClock });
  await t.rejects(
    source.follow(
      () => {},
      new AbortController().signal,
      () => {},
    ),
    { message: /missing/ },
  );
});
