import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearest } from '../nearest.ts';
import { UsageError } from '../usage-error.ts';

/** As `parseArgs` of Node. @throws UsageError for what it refuses; for an unknown option with the near one that there is */
export function parseCommandLine<const Config extends ParseArgsConfig>(config: Config) {
  try {
    return parseArgs(config);
  } catch (error) {
    const { message } = error as Error;
    const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1];
    const known = Object.keys(config.options ?? {}).map((name) => `--${name}`);
    const near = unknown && nearest(unknown, known);
    throw new UsageError(near ? `Unknown option '${unknown}'; did you mean '${near}'?` : message, {
      cause: error,
    });
  }
}
