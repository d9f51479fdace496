import { chmod, readFile, writeFile } from 'node:fs/promises';

/** Variables of a shell that would take precedence over those in the file, or be combined with them. */
const ELSEWHERE = ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL', 'AWS_DEFAULT_REGION'];

/** Writes variables to a file that a shell can source. Only the user can read it (mode 0600), because it has an API key. */
export async function writeEnvFile(path: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const lines = [
    '# Made by `make dev`, for a shell: `. .local/dev/env`. Then `npx upload-once keys list`, `audit`, `redrive`, `upload FILE` …',
    `unset ${ELSEWHERE.filter((name) => !(name in variables)).join(' ')}`,
    ...Object.entries(variables).map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`),
  ];
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
  // The mode above is used only for a new file.
  await chmod(path, 0o600);
}

/** The API key in a file that `writeEnvFile` wrote; undefined if there is no such file. */
export async function apiKeyIn(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return /^export UPLOAD_ONCE_API_KEY='(.+)'$/m.exec(text)?.[1];
}
