import { chmod, readFile, writeFile } from 'node:fs/promises';

/** Set in a shell, they would make an AWS tool go elsewhere than the file says. */
const ELSEWHERE = ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL', 'AWS_DEFAULT_REGION'];

/** Writes variables for a shell to source (`. .local/dev/env`). Only the user can read the file: an API key stands in it. */
export async function writeEnvFile(path: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const lines = [
    '# Made by `make dev`, for a shell: `. .local/dev/env`. Then `npx upload-once keys list`, `audit`, `redrive`, `upload FILE` …',
    `unset ${ELSEWHERE.filter((name) => !(name in variables)).join(' ')}`,
    ...Object.entries(variables).map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`),
  ];
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
  // The mode above is for a new file alone.
  await chmod(path, 0o600);
}

/** The API key of the last start, as long as the file is there. */
export async function apiKeyIn(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return /^export UPLOAD_ONCE_API_KEY='(.+)'$/m.exec(text)?.[1];
}
