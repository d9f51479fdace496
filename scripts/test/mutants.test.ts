import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { allMutations } from '../mutants/all-mutations.ts';
import { type Mutation, mutate } from '../mutants/mutation.ts';
import { copyTree } from '../mutants/tree-copy.ts';
import { tryMutations, Verdict } from '../mutants/try-mutations.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(repository, path), 'utf8');

t.test('every mutation applies to the code as it is, once, and changes it', async (t) => {
  for (const mutation of allMutations) {
    const source = read(mutation.file);
    let mutated = source;
    t.doesNotThrow(() => {
      mutated = mutate(source, mutation);
    }, mutation.id);
    t.not(mutated, source, mutation.id);
  }
});

t.test('every mutation has an id of its own, and a test file that is there', async (t) => {
  t.equal(new Set(allMutations.map(({ id }) => id)).size, allMutations.length);
  for (const { id, noticedIn } of allMutations) {
    t.match(id, /^[a-z-]+$/);
    t.ok(existsSync(join(repository, noticedIn)), noticedIn);
  }
});

t.test('each area of the promises has mutations, and so has each promise that they are about', async (t) => {
  t.ok(allMutations.length >= 12);
  const promises = new Set(allMutations.map(({ breaks }) => breaks.replace(/:.*/, '')));
  t.strictSame([...promises].sort(), ['P1', 'P2', 'P3', 'P4', 'P5', 'P7', 'P8', 'metrics', 'traces']);
});

t.test('what a mutation would change has to be there once', async (t) => {
  t.throws(() => mutate('a b', { ...survivor, find: 'c' }), {
    code: 'MutationDoesNotApply',
    message: /not there/,
  });
  t.throws(() => mutate('a a a', { ...survivor, find: 'a' }), {
    code: 'MutationDoesNotApply',
    message: /there 3 times/,
  });
  t.equal(mutate('a b', { ...survivor, find: 'b', replace: '$&' }), 'a $&', 'taken literally');
});

const SOURCE = `export function shortest(words: readonly string[]): string | undefined {
  const [first] = [...words].sort((a, b) => a.length - b.length);
  return first;
}
export const limit: number = 3;
`;
const TESTS = `import { limit, shortest } from '@fixture/words';
import t from 'tap';
t.test('the shortest (#1) is found', async (t) => t.equal(shortest(['long', 'it']), 'it'));
t.test('the limit', async (t) => {
  t.test('is bounded', async (t) => t.ok(limit < 10));
});
t.test('fails anyway', async (t) => t.fail());
t.test('ends at the limit', (t) => {
  if (limit === 3) t.end();
  else setInterval(() => undefined, 1000);
});
`;
const inWords = { file: 'packages/words/src/index.ts', breaks: 'P1: nothing' } as const;
const testsFile = 'packages/words/test/words.test.ts';
const found: Mutation = {
  ...inWords,
  id: 'found',
  change: 'the longest is found',
  find: 'a.length - b.length',
  replace: 'b.length - a.length',
  noticedIn: testsFile,
  noticedBy: 'the shortest (#1) is found',
};
const survivor: Mutation = {
  ...inWords,
  id: 'survivor',
  change: 'another limit',
  find: 'limit: number = 3',
  replace: 'limit: number = 4',
  noticedIn: testsFile,
  noticedBy: 'the limit > is bounded',
};

/** A repository of one workspace, with the packages of this one. */
function smallRepository(t: Test): string {
  const folder = t.testdir({
    'package.json': '{"type": "module"}',
    '.gitignore': 'node_modules\nsecret\n',
    secret: 'not copied',
    packages: {
      words: {
        'package.json': '{"name": "@fixture/words", "type": "module", "exports": "./src/index.ts"}',
        src: { 'index.ts': SOURCE },
        test: { 'words.test.ts': TESTS },
      },
    },
    node_modules: { '@fixture': { words: t.fixture('symlink', '../../packages/words') } },
  });
  symlinkSync(realpathSync(join(repository, 'node_modules/tap')), join(folder, 'node_modules/tap'));
  execFileSync('git', ['init', '--quiet'], { cwd: folder });
  return folder;
}

/** Every file and folder with the moment of its last change: what was changed and taken back shows as well. */
function stateOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('.git/'))
    .sort()
    .map((path) => `${path} ${lstatSync(join(folder, path)).mtimeMs}`);
}

async function tryIn(
  t: Test,
  folder: string,
  mutations: readonly Mutation[],
  signal = new AbortController().signal,
) {
  const told: string[] = [];
  const outcomes = await tryMutations({
    repository: folder,
    mutations,
    copies: 2,
    tell: ({ mutation }) => told.push(mutation.id),
    signal,
  });
  t.strictSame(told.sort(), mutations.map(({ id }) => id).sort());
  return outcomes.map(({ mutation, verdict, reason }) => ({ id: mutation.id, verdict, reason }));
}

t.test('a mutation that its test notices is found, one that it does not is a survivor', async (t) => {
  const folder = smallRepository(t);
  const before = stateOf(folder);
  t.match(await tryIn(t, folder, [found, survivor]), [
    { id: 'found', verdict: Verdict.found },
    { id: 'survivor', verdict: Verdict.survived, reason: '"the limit > is bounded" passes with it' },
  ]);
  t.strictSame(stateOf(folder), before, 'the repository was only read');
});

t.test('one mutation is taken back before the next', async (t) => {
  const folder = smallRepository(t);
  const mutations = [survivor, found, survivor, found].map((each, at) => ({
    ...each,
    id: `${each.id}-${at}`,
  }));
  const { found: isFound, survived } = Verdict;
  t.match(
    (await tryIn(t, folder, mutations)).map(({ verdict }) => verdict),
    [survived, isFound, survived, isFound],
  );
});

t.test('a test that waits for ever with the mutation has noticed it', async (t) => {
  const waiting = { ...survivor, noticedBy: 'ends at the limit' };
  t.match(await tryIn(t, smallRepository(t), [waiting]), [{ verdict: Verdict.found }]);
});

t.test('a run that proves nothing is reported as such, with the reason', async (t) => {
  const by = (noticedBy: string): Mutation => ({ ...found, noticedBy });
  const cases: [Mutation, RegExp][] = [
    [by('no such test'), /words\.test\.ts runs no test "no such test"/],
    [by('fails anyway'), /without the mutation "fails anyway" fails as well/],
    [{ ...found, replace: 'a.length -' }, /does not begin: is the code still code\?/],
    [{ ...found, find: 'not in there' }, /not there in packages\/words\/src\/index\.ts/],
  ];
  const folder = smallRepository(t);
  for (const [mutation, reason] of cases) {
    t.match(await tryIn(t, folder, [mutation]), [{ verdict: Verdict.unusable, reason }]);
  }
});

t.test('stopped from outside it gives the reason, and leaves nothing behind', async (t) => {
  const folder = smallRepository(t);
  const stop = new AbortController();
  stop.abort(new Error('stopped'));
  await t.rejects(tryIn(t, folder, [found, survivor], stop.signal), { message: 'stopped' });
});

t.test('a copy has what Git knows or would add, and workspaces of its own', async (t) => {
  const folder = smallRepository(t);
  const copy = await copyTree(folder);
  t.teardown(() => copy.remove());
  t.strictSame(readdirSync(copy.folder).sort(), ['.gitignore', 'node_modules', 'package.json', 'packages']);
  const inCopy = (path: string) => realpathSync(join(copy.folder, path));
  t.equal(inCopy('node_modules/@fixture/words'), inCopy('packages/words'));
  t.equal(inCopy('node_modules/tap'), realpathSync(join(repository, 'node_modules/tap')));
  await copy.remove();
  t.notOk(existsSync(copy.folder));
  t.equal(readFileSync(join(folder, inWords.file), 'utf8'), SOURCE);
});
