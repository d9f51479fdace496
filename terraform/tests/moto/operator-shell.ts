import { join } from 'node:path';
import type { Test } from 'tap';
import { pathWith } from '../../../test/support/fake-programs.ts';
import { repositoryFolder } from '../support/folders.ts';
import { runInGroup } from '../support/run-in-group.ts';
import { dataFolder } from '../support/run-terraform.ts';

const AWS = join(repositoryFolder, '.local/moto/bin/aws');

/** A page's commands with Terraform take some minutes. */
const LIMIT_SECONDS = 900;

/** Of every operator. */
const PROGRAMS = {
  // The pages are written for version 2, which alone has the option --copy-props and reads AWS_REGION. moto judges by a bucket's policy as if it
  // had no conditions.
  aws: `if [ "$1 $2" = "ecs wait" ]; then exit; fi # no task runs here
    for word; do
      shift
      case $word in --copy-props) skip=yes ;; metadata-directive) [ -n "$skip" ] || set -- "$@" "$word" ;; *) set -- "$@" "$word" ;; esac
    done
    export AWS_DEFAULT_REGION="$AWS_REGION"
    [ "$1 $2" = "s3 sync" ] && ${AWS} s3api delete-bucket-policy --bucket "$BUCKET"
    exec ${AWS} "$@"`,
  // An error would repeat without end.
  sleep: 'echo >> slept; [ "$(wc -l < slept)" -lt 20 ] || kill $PPID',
};

export interface ShellRun {
  readonly stdout: string;
  readonly stderr: string;
  /** Each command that failed, after its exit code. */
  readonly failed: readonly string[];
}

/**
 * The shell of an operator whose AWS is moto. It goes on after a command that fails, as a person can.
 *
 * @param place moto's endpoint, the region to begin with, and the folder to begin in, which is the home as well
 * @param programs shell scripts, by the name that a page calls them; they are found before those of the machine
 * @returns runs a script, from its begin to its end in one shell
 */
export async function createOperatorShell(
  t: Test,
  place: { readonly endpoint: string; readonly region: string; readonly folder: string },
  programs: Readonly<Record<string, string>>,
): Promise<(script: string) => Promise<ShellRun>> {
  const { TF_CLI_CONFIG_FILE } = process.env;
  const env = {
    PATH: `${await pathWith(t, { ...PROGRAMS, ...programs })}:${process.env['PATH']}`,
    HOME: place.folder,
    USER: 'Ada',
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    CHECKPOINT_DISABLE: '1',
    ...(TF_CLI_CONFIG_FILE && { TF_CLI_CONFIG_FILE }),
    TF_PLUGIN_CACHE_DIR: join(dataFolder, 'providers'),
    TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: '1',
    AWS_ENDPOINT_URL: place.endpoint,
    AWS_REGION: place.region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  return async (script) => {
    const begin = `set -E\ntrap 'echo "@failed $? $BASH_COMMAND" >&2' ERR\n`;
    const { stdout, stderr } = await runInGroup('bash', ['--norc', '-c', begin + script], {
      ...{ cwd: place.folder, env, limitSeconds: LIMIT_SECONDS },
    });
    // There is no alias to be removed.
    const commands = stderr.replace(/^@failed 1 unalias .*$/gm, '');
    const failed = [...commands.matchAll(/^@failed (\d+) (.*)$/gm)].map(
      ([, code, command]) => `${code} ${command}`,
    );
    return { stdout, stderr, failed };
  };
}
