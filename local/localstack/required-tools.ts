import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const DOCKER = 'install Docker Engine 20.10 or later (https://docs.docker.com/engine/install)';
const PLUGINS = {
  compose:
    'Docker Compose v2 is not there: install its plugin (https://docs.docker.com/compose/install/linux)',
  buildx: 'Docker Buildx is not there: install its plugin (https://github.com/docker/buildx#installing)',
} as const;
const TERRAFORM = 'install Terraform 1.11 or later (https://developer.hashicorp.com/terraform/install)';

/**
 * What `make local` needs and this machine lacks: a line for each, that says what to do. Empty when all is there.
 * @param env with the PATH on which the programs are looked for
 */
export async function missingTools(env: NodeJS.ProcessEnv): Promise<string[]> {
  return [...(await dockerProblems(env)), ...(await terraformProblems(env))];
}

/** Like `missingTools`, for commands that need no Terraform, or not every plugin of Docker. */
export async function dockerProblems(
  env: NodeJS.ProcessEnv,
  plugins: readonly (keyof typeof PLUGINS)[] = ['compose', 'buildx'],
): Promise<string[]> {
  try {
    await run('docker', ['version', '--format', '{{.Server.Version}}'], { env });
  } catch (error) {
    if (isNotFound(error)) return [`docker is not there: ${DOCKER}`];
    return [
      `no Docker Engine responds: start it (\`systemctl start docker\`, or Docker Desktop); it says: ${lastLine(error)}`,
    ];
  }
  const problems: string[] = [];
  for (const plugin of plugins) {
    try {
      await run('docker', [plugin, 'version'], { env });
    } catch {
      problems.push(PLUGINS[plugin]);
    }
  }
  return problems;
}

/** As `missingTools`, for Terraform alone. */
export async function terraformProblems(env: NodeJS.ProcessEnv): Promise<string[]> {
  let version: string;
  try {
    const { stdout } = await run('terraform', ['version', '-json'], { env });
    version = (JSON.parse(stdout) as { terraform_version: string }).terraform_version;
  } catch (error) {
    if (isNotFound(error)) return [`terraform is not there: ${TERRAFORM}`];
    return [`terraform can't be used: ${lastLine(error)}; ${TERRAFORM}`];
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isTooOld = major < 1 || (major === 1 && minor < 11);
  return isTooOld ? [`Terraform ${version} is too old: ${TERRAFORM}`] : [];
}

function isNotFound(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr?.trim() || message).split('\n').at(-1) ?? '';
}
