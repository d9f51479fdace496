import { appendFile, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@upload-once/clock';
import t, { type Test } from 'tap';
import { eventually } from '../../../test/support/eventually.ts';
import { createFolderLogs } from '../src/index.ts';

function follow(t: Test, folder: string) {
  const lines: string[] = [];
  const cuts: string[] = [];
  const unread = new Set<string>();
  const end = new AbortController();
  const following = createFolderLogs({ folder, clock: systemClock }).follow(
    (more) => lines.push(...more),
    end.signal,
    {
      onCut: (after) => cuts.push(after[0] ?? ''),
      onSampled: () => {},
      onUnread: (problem) => unread.add(problem),
    },
  );
  t.teardown(() => end.abort());
  const has = (...expected: string[]) =>
    eventually(
      async () => lines.toSorted(),
      (seen) => JSON.stringify(seen) === JSON.stringify(expected.toSorted()),
    );
  return { lines, has, end, following, cuts, unread };
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
    t.strictSame(cuts, [line.trim()], 'of one file older lines were not read');
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
  t.strictSame(cuts, []);
});

t.test('a service writes on into a file that no longer is a log by its name', async (t) => {
  const folder = t.testdir({ 'b.log': 'one\n' });
  const { has, cuts } = follow(t, folder);
  await has('one');
  await rename(join(folder, 'b.log'), join(folder, 'b.log.1'));
  await appendFile(join(folder, 'b.log.1'), 'two\n');
  await writeFile(join(folder, 'b.log'), 'three\n');
  await has('one', 'two', 'three');
  await appendFile(join(folder, 'b.log.1'), 'four\n');
  await has('one', 'two', 'three', 'four');
  t.strictSame(cuts, []);
});

t.test(
  'a file that is emptied is read from its beginning, even if it has grown beyond what was read, and what may be missing is told',
  async (t) => {
    const folder = t.testdir({ 'a.log': 'one\ntwo\n' });
    const { has, cuts } = follow(t, folder);
    await has('one', 'two');
    await truncate(join(folder, 'a.log'));
    await appendFile(join(folder, 'a.log'), 'three, longer than all of before\n');
    await has('one', 'two', 'three, longer than all of before');
    t.strictSame(cuts, ['three, longer than all of before']);
    await writeFile(join(folder, 'a.log'), 'four\n');
    await has('one', 'two', 'three, longer than all of before', 'four');
    t.strictSame(cuts, ['three, longer than all of before', 'four']);
  },
);

t.test('a folder that does not exist is a failure that names it', async (t) => {
  const source = createFolderLogs({ folder: join(t.testdir(), 'missing'), clock: systemClock });
  await t.rejects(
    source.follow(() => {}, new AbortController().signal, { onCut() {}, onSampled() {}, onUnread() {} }),
    { message: /missing/ },
  );
});

t.test(
  'a folder that is named as a log is none, and a file that cannot be read hides no other',
  async (t) => {
    const folder = t.testdir({ 'z.log': 'one\n' });
    await mkdir(join(folder, 'a.log'));
    await symlink('b.log', join(folder, 'b.log'));
    const { has, unread } = follow(t, folder);
    await has('one');
    await appendFile(join(folder, 'z.log'), 'two\n');
    await has('one', 'two');
    t.strictSame(
      [...unread],
      [`${join(folder, 'b.log')} cannot be read (ELOOP). The other files are followed`],
    );
  },
);
