import { globSync, readFileSync } from 'node:fs';

/** The path of each `package.json` that has the version of this repository, its own first, in the folder that the process runs in. */
export function manifestPaths(): string[] {
  const { workspaces } = JSON.parse(readFileSync('package.json', 'utf8'));
  return ['package.json', ...globSync(workspaces.map((path: string) => `${path}/package.json`))];
}
