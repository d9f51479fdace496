import { readFileSync } from 'node:fs';
import { manifestPaths } from './manifests.ts';

/**
 * Prints what CHANGELOG.md says of the release that a tag names, for the release's page: `node scripts/release-notes.ts v1.2.3`. Ends with
 * exit code 1, and says why, when the commit is not ready to be that release. There are no pre-releases: npm publishes none without a tag of
 * its own.
 */

const [tag = ''] = process.argv.slice(2);
const version = /^v(\d+\.\d+\.\d+)$/.exec(tag)?.[1];
const violations: string[] = [];

if (version === undefined)
  violations.push(`a tag is "v" and a version, such as v1.2.3, not ${JSON.stringify(tag)}`);

for (const path of version === undefined ? [] : manifestPaths()) {
  const found = JSON.parse(readFileSync(path, 'utf8')).version;
  if (found !== version) violations.push(`${path} has the version ${found}, not ${version}`);
}

const changelog = readFileSync('CHANGELOG.md', 'utf8');
const sections = changelog.split(/^## /m).slice(1);
const notes = sections.find((section) => /^(\S+) - \d{4}-\d\d-\d\d\n/.exec(section)?.[1] === version);
if (notes === undefined) violations.push(`CHANGELOG.md has no "## ${version} - " with a date`);

if (readFileSync('docs/openapi.json', 'utf8') !== readFileSync('docs/openapi-released.json', 'utf8'))
  violations.push('docs/openapi-released.json is not a copy of docs/openapi.json');

if (violations.length > 0) {
  process.stderr.write(`this is no release:\n${violations.map((each) => `- ${each}\n`).join('')}`);
  process.exitCode = 1;
} else process.stdout.write(`${notes?.replace(/^.*\n+/, '').trimEnd()}\n`);
