import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { manifestPaths } from './manifests.ts';

/**
 * Writes a version wherever this repository names its own, in the folder that it is run in: `node scripts/set-version.ts 1.2.3`. The lock file
 * follows by `npm install --package-lock-only`.
 */

const [next = ''] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+$/.test(next)) {
  process.stderr.write(
    `usage: node scripts/set-version.ts VERSION, such as 1.2.3, not ${JSON.stringify(next)}\n`,
  );
  process.exit(2);
}

const root = JSON.parse(readFileSync('package.json', 'utf8'));
const version = root.version.replaceAll('.', '\\.');

/** What else has a version can have the same by chance. */
const OURS = new RegExp(`("(?:version|@upload-once/[\\w-]+|upload-once)": ")${version}(?=")`, 'g');
/** In a tag of an image, a `ref` of a module, and the default of an example. */
const NAMED = new RegExp(`((?:upload-once/processor:|\\?ref=v|default += "))${version}\\b`, 'g');

const named = [
  'docker-compose.localstack.yml',
  ...globSync(['examples/handler/*', 'terraform/README.md', 'terraform/modules/*/README.md']),
  ...globSync('terraform/examples/*/main.tf'),
];
for (const [pattern, paths] of [
  [OURS, manifestPaths()],
  [NAMED, named],
] as const)
  for (const path of paths) {
    const text = readFileSync(path, 'utf8');
    const renewed = text.replaceAll(pattern, `$1${next}`);
    if (renewed === text) continue;
    writeFileSync(path, renewed);
    process.stdout.write(`${path}\n`);
  }
