import { CommandFailed, runCommand } from '../stack/run-command.ts';

export class ImageMissing extends Error {
  readonly code = 'ImageMissing';
  override readonly name = 'ImageMissing';
}

/**
 * Sees to it that the image of the user's own for the processor is on this machine: PROCESSOR_IMAGE, where that is set. One that is
 * not there is pulled.
 * @throws ImageMissing where it can't be had, with what was tried
 */
export async function bringProcessorImage(env: NodeJS.ProcessEnv, logFile: string): Promise<void> {
  const image = env['PROCESSOR_IMAGE'];
  if (!image) return;
  const docker = (...args: string[]) =>
    runCommand(['docker', ...args], { env, workingDirectory: process.cwd(), logFile });
  try {
    await docker('image', 'inspect', '--format', '{{.Id}}', image);
  } catch {
    try {
      await docker('pull', '--quiet', image);
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      throw new ImageMissing(
        `PROCESSOR_IMAGE: there is no image "${image}" on this machine, and none to be pulled: build it first (examples/handler/README.md shows how), or leave the variable out\n${error.message}`,
        { cause: error },
      );
    }
  }
}
