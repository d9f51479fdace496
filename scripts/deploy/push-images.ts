import type { Account } from './account.ts';
import type { Commands } from './commands.ts';
import type { Program } from './plan.ts';

export interface ImagesToPush {
  readonly account: Account;
  readonly tag: string;
  /** The images, in order. */
  readonly programs: readonly Program[];
  /** Such as `linux/arm64`. */
  readonly platform: string;
  /** The repository of each. */
  readonly urls: Readonly<Partial<Record<Program, string>>>;
  readonly say: (line: string) => void;
}

/** Builds and pushes what the registry does not have: there a tag means one image for ever. @throws DeployError when a step fails */
export async function pushImages(commands: Commands, images: ImagesToPush): Promise<void> {
  const { account, tag, programs, platform, urls, say } = images;
  const urlOf = (program: Program) => urls[program] ?? '';
  const host = urlOf(programs[0] as Program).split('/')[0] ?? '';
  const password = await commands.read('aws', 'ecr', 'get-login-password', '--region', account.region);
  await commands.feed(password, 'docker', 'login', '--username', 'AWS', '--password-stdin', host);
  for (const program of programs) {
    const url = urlOf(program);
    if (await isPushed(commands, account, url.slice(host.length + 1), tag)) {
      say(`${program}: the registry has ${tag} already`);
      continue;
    }
    say(`${program}: building and pushing ${url}:${tag}`);
    await commands.show(
      ...(['docker', 'buildx', 'build', '--platform', platform, '--provenance=false'] as const),
      ...['--target', program, '--tag', `${url}:${tag}`, '--push', '.'],
    );
  }
}

async function isPushed(
  commands: Commands,
  account: Account,
  repositoryName: string,
  tag: string,
): Promise<boolean> {
  const { exitCode } = await commands.tryOut(
    ...(['aws', 'ecr', 'describe-images', '--region', account.region] as const),
    ...['--repository-name', repositoryName, '--image-ids', `imageTag=${tag}`],
  );
  return exitCode === 0;
}
