import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const SCRIPT = join(repository, 'scripts/set-version.ts');
const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
const NEXT = '98.76.54';

const setVersion = (cwd: string, next: string) =>
  spawnSync(process.execPath, [SCRIPT, next], { cwd, encoding: 'utf8' });

t.test('a new version is everywhere where the last one was, and nowhere else', async (t) => {
  const cwd = t.testdir();
  const args = ['ls-files', '-z', '--', '*package.json', '*.md', '*.tf', '*.yml', '*Dockerfile'];
  const files = execFileSync('git', args, { cwd: repository, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '');
  for (const path of files) cpSync(join(repository, path), join(cwd, path));

  const { status, stdout, stderr } = setVersion(cwd, NEXT);

  t.strictSame({ status, stderr }, { status: 0, stderr: '' });
  t.ok(stdout.split('\n').length > 25, stdout);
  const old = new RegExp(`(?<![\\w.^])v?${version.replaceAll('.', '\\.')}(?![\\w.])`);
  const left = files.filter((path) => old.test(readFileSync(join(cwd, path), 'utf8')));
  // What is outside the workspaces is never published, and keeps what it has.
  const outside = /^(CHANGELOG\.md|(bench\/peers|examples|scripts\/.*)\/?package\.json)$/;
  t.strictSame(
    left.filter((path) => !outside.test(path)),
    [],
  );
});

t.test('what others have made keeps its version', async (t) => {
  const manifest = {
    version: '1.0.0',
    workspaces: [],
    dependencies: { other: '1.0.0', 'upload-once': '1.0.0' },
  };
  const cwd = t.testdir({ 'package.json': '', 'docker-compose.localstack.yml': 'image: other:1.0.0\n' });
  writeFileSync(join(cwd, 'package.json'), JSON.stringify(manifest, null, 2));
  t.match(setVersion(cwd, NEXT), { status: 0, stdout: 'package.json\n' });
  t.match(JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')), {
    version: NEXT,
    dependencies: { other: '1.0.0', 'upload-once': NEXT },
  });
});

t.test('what is no version is refused', async (t) => {
  for (const next of ['', 'v1.2.3', '1.2.3-rc.1'])
    t.match(setVersion(t.testdir(), next), { status: 2, stderr: /such as 1\.2\.3/ });
});
