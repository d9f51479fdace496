import { globSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { docker, repository } from '../support/docker.ts';

// What goes to the builder with every build: all that `.dockerignore` lets through.

const LARGEST_BYTES = 2_000_000;

t.test('the builder gets manifests and sources, and nothing else', async (t) => {
  const folder = t.testdir();
  const dockerfile = join(folder, 'Dockerfile');
  const context = join(folder, 'context');
  writeFileSync(dockerfile, 'FROM scratch\nCOPY . /\n');
  await docker(
    ...(['buildx', 'build', '--file', dockerfile, '--output', `type=local,dest=${context}`] as const),
    repository,
  );

  const files = globSync('**/*', { cwd: context }).filter((path) => statSync(join(context, path)).isFile());
  t.strictSame(
    files.filter(
      (path) => !/^((packages|services)\/[^/]+\/src\/.+|(.+\/)?package(-lock)?\.json)$/.test(path),
    ),
    [],
  );
  t.ok(files.includes('packages/runtime/src/health-check.ts'), 'the sources are among them');
  const sizeBytes = files.reduce((sum, path) => sum + statSync(join(context, path)).size, 0);
  t.ok(sizeBytes < LARGEST_BYTES, `${sizeBytes} bytes`);
});
