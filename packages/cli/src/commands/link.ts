import {
  changeLink,
  createLink,
  InvalidArgument,
  type IssuerAccess,
  IssuerUnavailable,
  type LinkStatus,
  listLinks,
  RequestRefused,
  revokeLink,
} from '@upload-once/client';
import { printable } from '@upload-once/text/printable';
import type { CliIo } from '../cli-io.ts';
import { ExitCode } from '../exit-code.ts';
import { UsageError } from '../usage-error.ts';
import { assertNoApiKey, issuerAccess } from './issuer-access.ts';
import {
  changesOf,
  LINK_HELP,
  type LinkAction,
  type LinkValues,
  newLinkOf,
  parseLinkOptions,
} from './link-options.ts';
import { openProxies } from './proxies.ts';
import { timeoutOf } from './time-option.ts';

/** What is known when no usable response came, or none was waited for. */
const UNKNOWN: Record<LinkAction, string> = {
  create: 'No link is printed; one that was made expires by itself',
  list: 'The list is incomplete',
  change: 'It is not known whether the link was changed: look at it with "upload-once link list"',
  revoke: 'It is not known whether the link was revoked. Run the command again: to revoke twice is no error',
};

/** `upload-once link …`. @returns the exit code that the help documents @throws UsageError, OutputFailed */
export async function linkCommand(args: readonly string[], io: CliIo): Promise<number> {
  const parsed = parseLinkOptions(args);
  if (parsed === 'help') {
    io.stdout.write(LINK_HELP);
    return ExitCode.done;
  }
  const { action, id, positionals, values } = parsed;
  const { issuerUrl, apiKey } = issuerAccess(values, io.env);
  assertNoApiKey(positionals, apiKey);
  const signal = io.interruptSignal();
  const access = {
    issuerUrl,
    apiKey,
    signal,
    timeoutSeconds: timeoutOf(values.timeout),
    fetch: openProxies(io.env).fetch,
    retries: { sleep: (seconds: number) => io.sleep(seconds, signal) },
  };
  try {
    await ACTIONS[action](access, id, values, io);
    return ExitCode.done;
  } catch (error) {
    if (signal.aborted) {
      io.stderr.write(`upload-once: interrupted. ${UNKNOWN[action]}\n`);
      return ExitCode.interrupted;
    }
    if (error instanceof InvalidArgument) throw new UsageError(error.message, { cause: error });
    if (error instanceof RequestRefused) {
      io.stderr.write(`upload-once: ${printable(error.message)}. Nothing was done\n`);
      return ExitCode.failed;
    }
    if (!(error instanceof IssuerUnavailable)) throw error;
    io.stderr.write(`upload-once: ${printable(error.message)}. ${UNKNOWN[action]}\n`);
    return ExitCode.failed;
  }
}

type Act = (access: IssuerAccess, id: string, values: LinkValues, io: CliIo) => Promise<void>;

const ACTIONS: Record<LinkAction, Act> = {
  async create(access, _id, values, io) {
    const link = await createLink({ ...access, ...newLinkOf(values) });
    await io.stdout.write(values.json ? `${JSON.stringify(link)}\n` : `${printable(link.url)}\n`);
    io.stderr.write(
      `${printable(`upload-once: anyone who has this link can use it to send one file until ${link.expiresAt}. Its id is ${link.id}`)}\n`,
    );
  },

  async list(access, _id, values, io) {
    let after: string | undefined;
    do {
      const page = await listLinks(access, after);
      for (const link of page.links)
        await io.stdout.write(values.json ? `${JSON.stringify(link)}\n` : lineOf(link));
      after = page.next;
    } while (after !== undefined);
  },

  async change(access, id, values, io) {
    const link = await changeLink(access, id, changesOf(values));
    await io.stdout.write(values.json ? `${JSON.stringify(link)}\n` : lineOf(link));
  },

  async revoke(access, id, _values, io) {
    await revokeLink(access, id);
    await io.stdout.write(
      `${printable(`The link ${id} is revoked. No file that was sent or is sent with it counts`)}\n`,
    );
  },
};

/** State, end, id and title; no state has more than ten characters. */
function lineOf({ id, state, expiresAt, title = '' }: LinkStatus): string {
  const until = `${expiresAt.slice(0, 19)}Z`;
  return `${printable(`${state.padEnd(10)}  ${until}  ${id}  ${title}`.trimEnd())}\n`;
}
