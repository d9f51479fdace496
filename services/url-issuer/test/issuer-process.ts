import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { COMPILE_CACHE } from '../../../local/stack/child-process.ts';
import { ACCESS_TABLE, CREDENTIALS, REGION, UPLOADS_TABLE } from './start-tables.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** What a url-issuer needs at least, with tables at this endpoint. */
export function environmentFor(tablesEndpoint: string): Record<string, string> {
  return {
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: tablesEndpoint,
    UPLOADS_TABLE,
    ACCESS_TABLE,
    BUCKET: 'upload-bucket',
    S3_PUBLIC_ENDPOINT: 'http://127.0.0.1:9',
    S3_FORCE_PATH_STYLE: 'true',
    HOST: '127.0.0.1',
    PORT: '0',
  };
}

export interface IssuerProcess {
  readonly child: ChildProcess;
  /** Every line of standard output so far, parsed. */
  readonly lines: Record<string, unknown>[];
  readonly stderr: () => string;
  /** The first line, past or to come, whose message matches. Rejects when the process ends without one. */
  line(message: RegExp): Promise<Record<string, unknown>>;
  /** Where it listens, once it does. */
  url(): Promise<string>;
  /** The exit code, once it has ended and said all. */
  readonly exit: Promise<number | null>;
}

/** Runs the real main.ts with just these environment variables, under these options of Node. */
export function startIssuer(
  t: Test,
  env: Record<string, string>,
  nodeOptions: readonly string[] = [],
): IssuerProcess {
  const child = spawn(process.execPath, [...nodeOptions, MAIN], {
    env: { ...COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const lines: Record<string, unknown>[] = [];
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const exit = once(child, 'close').then(([code]) => code as number | null);
  const output = createInterface({ input: child.stdout });
  output.on('line', (line) => {
    lines.push(JSON.parse(line));
    output.emit('parsed');
  });

  async function line(message: RegExp): Promise<Record<string, unknown>> {
    for (;;) {
      const found = lines.find((candidate) => message.test(String(candidate['msg'])));
      if (found) return found;
      const ended = exit.then((code) => {
        throw new Error(`ended with ${code} before it wrote ${message}: ${JSON.stringify(lines)} ${stderr}`);
      });
      await Promise.race([once(output, 'parsed'), ended]);
    }
  }

  return {
    child,
    lines,
    stderr: () => stderr,
    line,
    exit,
    async url() {
      const { msg } = await line(/listening at http/i);
      return String(msg).replace(/^.*(?=http:)/, '');
    },
  };
}
