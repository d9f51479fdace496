import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { pathWith } from '../../test/support/fake-programs.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

async function run(command: readonly string[], options: { PATH: string; cwd: string }) {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd: options.cwd, env: { PATH: options.PATH } });
  const [[exitCode], stdout] = await Promise.all([once(child, 'close'), text(child.stdout)]);
  return { exitCode, stdout };
}

/** `make audit`'s script beside an npm that prints one thing of this repository, and another of a package that is known to be bad. */
async function audit(t: Test, ours: string, ofKnownBad = ours) {
  const npm = `if grep -q '"minimist": *"0.0.8"' package.json; then cat <<'END'\n${ofKnownBad}\nEND\nelse cat <<'END'\n${ours}\nEND\nfi; exit 1`;
  const PATH = `${await pathWith(t, { npm })}:/usr/bin:/bin`;
  return run([process.execPath, 'scripts/audit.mjs'], { PATH, cwd: repository });
}

function report(vulnerabilities: Readonly<Record<string, { severity: string; range: string }>>): string {
  const total = Object.keys(vulnerabilities).length;
  return JSON.stringify({ vulnerabilities, metadata: { vulnerabilities: { total } } });
}

const CLEAN = report({});
const BAD = report({ minimist: { severity: 'critical', range: '<0.2.1' } });

t.test('an audit passes where the registry knows vulnerabilities, and none of ours', async (t) => {
  const { exitCode, stdout } = await audit(t, CLEAN, BAD);
  t.equal(stdout, 'npm audit: 0 known vulnerabilities\n');
  t.equal(exitCode, 0);
});

t.test('an audit fails with what is known', async (t) => {
  const { exitCode, stdout } = await audit(t, BAD);
  t.equal(stdout, 'critical: minimist <0.2.1\nnpm audit: 1 known vulnerabilities\n');
  t.equal(exitCode, 1);
});

t.test('where the registry has no audit, it was not run: that is said, and is no pass', async (t) => {
  const refused = JSON.stringify({ message: '405 Method Not Allowed - POST …', error: { summary: '' } });
  const cases = [
    { what: 'it has no such endpoint', ours: refused, said: '405 Method Not Allowed - POST …' },
    { what: 'npm says nothing', ours: '', said: 'npm printed no report' },
    {
      what: 'it responds as if nothing had a vulnerability',
      ours: CLEAN,
      said: 'this registry has no advisory for minimist 0.0.8 either, so it has none at all',
    },
    { what: 'it responds once', ours: CLEAN, ofKnownBad: refused, said: '405 Method Not Allowed - POST …' },
  ];
  for (const { what, ours, ofKnownBad, said } of cases) {
    const { exitCode, stdout } = await audit(t, ours, ofKnownBad);
    t.equal(stdout, `npm audit: not run: ${said}\n`, what);
    t.equal(exitCode, 3, what);
  }
});

t.test('CI lists an audit that was not run as that, and fails with one that found something', async (t) => {
  const ci = async (auditExitCode: number) => {
    const folder = t.testdir({ [`ci-${auditExitCode}`]: { project: { '.ci': {}, scripts: {} } } });
    const cwd = join(folder, `ci-${auditExitCode}`, 'project');
    cpSync(join(repository, '.ci/run'), join(cwd, '.ci/run'));
    const make = 'echo "# { total: 1, pass: 1, fail: 0 }"';
    const node = `[ "$*" = scripts/audit.mjs ] && { echo "npm audit: not run: 405"; exit ${auditExitCode}; }`;
    const programs = { make, node, docker: 'exit 1', 'valkey-server': 'exit 0' };
    return run(['bash', '.ci/run'], { PATH: `${await pathWith(t, programs)}:/usr/bin:/bin`, cwd });
  };

  const notRun = await ci(3);
  t.match(notRun.stdout, /^not run: make audit: 405$/m);
  t.match(notRun.stdout, /^[0-9]+ passed, 0 failed$/m);
  t.equal(notRun.exitCode, 0);

  const passed = await ci(0);
  t.notMatch(passed.stdout, 'not run: make audit');
  t.equal(passed.exitCode, 0);

  const failed = await ci(1);
  t.match(failed.stdout, /^[0-9]+ passed, 1 failed$/m);
  t.equal(failed.exitCode, 1);
});
