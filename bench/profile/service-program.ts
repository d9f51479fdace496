import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceName } from '../uploads/results.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
/** What `make profile` sets for a bench: which service, the tree that it runs from, and the folder for its profiles. */
const { PROFILE_SERVICE, PROFILE_TREE = repository, PROFILE_FOLDER } = process.env;
const INTERVAL_MICROSECONDS = 500;

/** A service's program, and what it gets besides its settings. */
export function serviceProgram(name: ServiceName): {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
} {
  const path = `services/${name}/src/main.ts`;
  if (name !== PROFILE_SERVICE) return { program: join(repository, path), env: {} };
  const NODE_OPTIONS = `--cpu-prof --cpu-prof-dir="${PROFILE_FOLDER}" --cpu-prof-interval=${INTERVAL_MICROSECONDS}`;
  return { program: join(PROFILE_TREE, path), env: { NODE_OPTIONS } };
}
