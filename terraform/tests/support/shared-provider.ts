import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { globSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { dataFolder } from './run-terraform.ts';

/** A provider of AWS that keeps running, for as many runs of Terraform as use it. */
export interface SharedProvider {
  /** The variable by which Terraform finds it. */
  readonly environment: Readonly<Record<'TF_REATTACH_PROVIDERS', string>>;
  /** Ends it. Call this: until then it keeps the process of the test running. */
  stop(): void;
}

const providersFolder = join(dataFolder, 'root/providers');
const VERSIONS = 'registry.terraform.io/hashicorp/aws/*/*';

/**
 * Starts the provider once. By itself, Terraform starts one for each step of each run of a test, which takes most of the time.
 *
 * Use it only for runs that mock the provider: these ask it for its schema and whether arguments are valid, and never configure it.
 * It can hold one configuration at a time.
 *
 * Terraform's documentation, "Debugging Providers", describes this way to start a provider.
 *
 * @throws Error when the provider is not there, or ends before it can be used
 */
export async function startSharedProvider(): Promise<SharedProvider> {
  // Of one version on one platform, often by a link, which a glob does not follow.
  const [executable] = globSync(VERSIONS, { cwd: providersFolder }).flatMap((folder) =>
    readdirSync(join(providersFolder, folder))
      .filter((file) => file.startsWith('terraform-provider-aws'))
      .map((file) => join(providersFolder, folder, file)),
  );
  if (executable === undefined) {
    throw new Error(`${providersFolder} has no provider of AWS: \`node terraform/tests/prepare.ts\` gets it`);
  }
  const { PATH, HOME, TMPDIR } = process.env;
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(executable, ['-debug'], {
    env: { PATH, HOME, TMPDIR },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = () => {
    child.kill('SIGKILL');
  };
  process.once('exit', stop);
  const complaints = text(child.stderr);
  for await (const line of createInterface({ input: child.stdout })) {
    const reattach = /TF_REATTACH_PROVIDERS='(.+)'/.exec(line)?.[1];
    if (reattach === undefined) continue;
    child.stdout.resume();
    return { environment: { TF_REATTACH_PROVIDERS: reattach }, stop };
  }
  throw new Error(`${executable} can't be used:\n${await complaints}`);
}
