/** What Compose allows, short enough for the names that it makes of it. */
const PROJECT_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

export class InvalidProjectName extends Error {
  readonly code = 'InvalidProjectName';
  override readonly name = 'InvalidProjectName';
}

/**
 * The Compose project that COMPOSE_PROJECT_NAME chooses; `upload-once-local` without it. Containers, network and a folder are
 * named after it, and removed by that name, so a name that is a path must not get through: `docker compose down` itself takes one.
 * @throws InvalidProjectName saying what is allowed
 */
export function projectFrom(env: NodeJS.ProcessEnv): string {
  const name = env['COMPOSE_PROJECT_NAME'] || 'upload-once-local';
  if (PROJECT_NAME.test(name)) return name;
  throw new InvalidProjectName(
    `COMPOSE_PROJECT_NAME: expected 1 to 63 of a-z, 0-9, "-" and "_", the first a letter or a digit, got "${name}"`,
  );
}
