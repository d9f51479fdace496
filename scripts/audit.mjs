// Asks the registry by `npm audit` for known vulnerabilities of the locked packages. Exit code 0: it knows of none. 1: it does.
// 3: it was not asked, since this registry has no audit; that is said, and is no pass.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NOT_RUN = 3;
// A package with advisories since 2020 (GHSA-vh95-rmgr-6w4m): a registry that reports none of them has no audit, whatever it returns.
const KNOWN_BAD = { name: 'minimist', version: '0.0.8' };

function npmAudit(folder) {
  const args = ['audit', '--json', '--audit=true', '--package-lock-only'];
  const { stdout, error } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
  try {
    const report = JSON.parse(stdout);
    if (report.metadata?.vulnerabilities) return { report };
    return { problem: report.message ?? report.error?.summary ?? 'npm printed no report' };
  } catch {
    return { problem: error?.message ?? 'npm printed no report' };
  }
}

/** What the registry says of a project that depends on KNOWN_BAD alone. */
function auditOfKnownBad() {
  const folder = mkdtempSync(join(tmpdir(), 'upload-once-audit-'));
  try {
    const { name, version } = KNOWN_BAD;
    const root = { name: 'known-bad', version: '0.0.0', dependencies: { [name]: version } };
    const packages = { '': root, [`node_modules/${name}`]: { version } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(root));
    writeFileSync(
      join(folder, 'package-lock.json'),
      JSON.stringify({ ...root, lockfileVersion: 3, requires: true, packages }),
    );
    return npmAudit(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function notRun(reason) {
  process.stdout.write(`npm audit: not run: ${reason}\n`);
  process.exit(NOT_RUN);
}

const { report, problem } = npmAudit(process.cwd());
if (!report) notRun(problem);
for (const [name, { severity, range }] of Object.entries(report.vulnerabilities ?? {})) {
  process.stdout.write(`${severity}: ${name} ${range}\n`);
}
const { total } = report.metadata.vulnerabilities;
if (total === 0) {
  const known = auditOfKnownBad();
  if (!known.report) notRun(known.problem);
  if (known.report.metadata.vulnerabilities.total === 0) {
    notRun(
      `this registry has no advisory for ${KNOWN_BAD.name} ${KNOWN_BAD.version} either, so it has none at all`,
    );
  }
}
process.stdout.write(`npm audit: ${total} known vulnerabilities\n`);
process.exit(total > 0 ? 1 : 0);
