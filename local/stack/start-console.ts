import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMPILE_CACHE, type ManagedProcess, startProcess } from './child-process.ts';

const PROGRAM = fileURLToPath(new URL('../../packages/cli/bin/upload-once.mjs', import.meta.url));

export interface OwnConsole {
  /** With the token: it opens the console. */
  readonly url: string;
  readonly process: ManagedProcess;
}

/**
 * Starts `upload-once console` with all that it can do. The token is in its environment, and not in what it prints, which goes to a file.
 * @param env where AWS is, and what the options of the command take their values from
 */
export async function startOwnConsole(options: {
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
  readonly logFolder: string;
}): Promise<OwnConsole> {
  const { env, port, logFolder } = options;
  const token = randomBytes(32).toString('base64url');
  const started = startProcess({
    name: 'console',
    program: PROGRAM,
    args: ['console', '--write', '--trials', '--port', String(port)],
    env: { PATH: process.env.PATH ?? '', ...COMPILE_CACHE, ...env, UPLOAD_ONCE_CONSOLE_TOKEN: token },
    logFile: join(logFolder, 'console.log'),
    ownGroup: true,
  });
  const origin = await started.lineThat((line) => /^The console listens on (\S+)$/.exec(line)?.[1]);
  return { url: `${origin}#token=${token}`, process: started };
}
