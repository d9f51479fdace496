import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const SCRIPT = fileURLToPath(new URL('../release-notes.ts', import.meta.url));
interface Files {
  readonly [name: string]: string | Files;
}

const CHANGELOG =
  '# Changelog\n\n## Unreleased\n\n## 1.2.0 - 2030-01-02\n\n### Added\n\n- One.\n\n## 1.1.0 - 2029-01-02\n\n- Old.\n';

function notesOf(test: Pick<typeof t, 'testdir'>, tag: string, files: Files = {}) {
  const manifest = (version: string) => ({
    'package.json': JSON.stringify({ version, workspaces: ['packages/*', 'bench'] }),
  });
  const cwd = test.testdir({
    ...manifest('1.2.0'),
    packages: { one: manifest('1.2.0') },
    bench: manifest('1.2.0'),
    'CHANGELOG.md': CHANGELOG,
    docs: { 'openapi.json': '{}', 'openapi-released.json': '{}' },
    ...files,
  });
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, tag], { cwd, encoding: 'utf8' });
  return { status, stdout, stderr };
}

t.test('the notes of a release are its section of the changelog', async (t) => {
  t.strictSame(notesOf(t, 'v1.2.0'), { status: 0, stdout: '### Added\n\n- One.\n', stderr: '' });
});

t.test('a tag that names no version is refused', async (t) => {
  for (const tag of ['1.2.0', 'v1.2.0-rc.1'])
    t.match(notesOf(t, tag), { status: 1, stdout: '', stderr: `such as v1.2.3, not "${tag}"` });
});

t.test('a package with another version is named', async (t) => {
  const old = { 'package.json': '{ "version": "1.1.9" }' };
  for (const [path, files] of Object.entries({
    'packages/one': { packages: { one: old } },
    bench: { bench: old },
  })) {
    const said = `- ${path}/package.json has the version 1.1.9, not 1.2.0\n`;
    t.match(notesOf(t, 'v1.2.0', files), { status: 1, stdout: '', stderr: said });
  }
});

t.test('a changelog without the release is refused', async (t) => {
  const files = { 'CHANGELOG.md': CHANGELOG.replace('## 1.2.0 - 2030-01-02', '## 1.2.0') };
  t.match(notesOf(t, 'v1.2.0', files), {
    status: 1,
    stderr: 'CHANGELOG.md has no "## 1.2.0 - " with a date',
  });
});

t.test('an API that is not recorded as released is refused', async (t) => {
  const docs = { 'openapi.json': '{}', 'openapi-released.json': '[]' };
  t.match(notesOf(t, 'v1.2.0', { docs }), { status: 1, stderr: /openapi-released\.json is not a copy/ });
});
