import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const dockerfile = fileURLToPath(new URL('../../Dockerfile', import.meta.url));

/**
 * The image that those of the services are built on: NODE_IMAGE where that is set, otherwise the Dockerfile's own, which names it
 * by its digest.
 */
export function nodeImage(env: NodeJS.ProcessEnv): string {
  const [, pinned = ''] = /^ARG NODE_IMAGE=(\S+)$/m.exec(readFileSync(dockerfile, 'utf8')) ?? [];
  return env['NODE_IMAGE'] || pinned;
}
