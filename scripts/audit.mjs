// npm audit where the registry offers it. Where it does not, that is said: it is not the same as clean.
import { spawnSync } from 'node:child_process';

const { stdout } = spawnSync('npm', ['audit', '--json', '--audit=true'], { encoding: 'utf8' });
let report;
try {
  report = JSON.parse(stdout);
} catch {
  report = undefined;
}
const counts = report?.metadata?.vulnerabilities;
if (!counts) {
  process.stdout.write('npm audit: not available from this registry\n');
  process.exit(0);
}
for (const [name, { severity, range }] of Object.entries(report.vulnerabilities ?? {})) {
  process.stdout.write(`${severity}: ${name} ${range}\n`);
}
process.stdout.write(`npm audit: ${counts.total} known vulnerabilities\n`);
process.exit(counts.total > 0 ? 1 : 0);
