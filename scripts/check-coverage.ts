import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** Holds the folders whose code is the product to their coverage, as the last run of the tests left it. */
const LEAST_PERCENT = 95;
const FOLDERS = [
  'packages/text',
  'packages/table',
  'packages/clock',
  'packages/uploads',
  'packages/access',
  'packages/queue',
  'packages/client',
  'packages/cli',
  'packages/console',
  'packages/runtime',
  'packages/tracing',
  'packages/worker',
  'services/url-issuer',
  'services/acceptor',
  'services/processor',
  'services/webhook-sender',
];

interface Lines {
  readonly total: number;
  readonly covered: number;
}

const summary = JSON.parse(readFileSync('.tap/report/coverage-summary.json', 'utf8')) as Record<
  string,
  { readonly lines: Lines }
>;
let isTooLow = false;
for (const folder of FOLDERS) {
  let total = 0;
  let covered = 0;
  for (const [path, { lines }] of Object.entries(summary)) {
    // A page's scripts are tested in a browser, where tap counts nothing.
    if (!relative(process.cwd(), path).startsWith(`${folder}/src/`) || path.endsWith('.mjs')) continue;
    total += lines.total;
    covered += lines.covered;
  }
  const percent = total === 0 ? 0 : (100 * covered) / total;
  if (percent < LEAST_PERCENT) isTooLow = true;
  process.stdout.write(`${folder.padEnd(22)} ${percent.toFixed(1).padStart(5)} % of ${total} lines\n`);
}
if (isTooLow) {
  process.stderr.write(`each of them needs at least ${LEAST_PERCENT} %\n`);
  process.exit(1);
}
