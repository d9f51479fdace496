import type { NewLinkOptions } from '@upload-once/client';
import { uploadIdIn } from '@upload-once/text/upload-id';
import { UsageError } from '../usage-error.ts';
import { bytesOf } from './bytes-option.ts';
import { ISSUER_OPTIONS } from './issuer-access.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { expiresOf, metadataOf } from './wanted-options.ts';

export const LINK_HELP = `Usage: upload-once link create [options]
       upload-once link list [options]
       upload-once link change ID [options]
       upload-once link revoke ID [options]

A link is for a person who has no API key: its page takes one file, once. "create" prints its URL, which is a
secret: everyone who has it can send the file. It is printed once. ID is the id of the link, as "list" prints it.

  --url URL             the issuer, with its path prefix; default: $UPLOAD_ONCE_URL
  --key KEY             the API key; default: $UPLOAD_ONCE_API_KEY
  --timeout SECONDS     how long the issuer can take to respond (default 30)
  --json                JSON, as the API gives it; for "list" one object a line
  --help                this text

For create and change:
  --title TEXT          what is asked for. For change, an empty one removes it
  --message TEXT        a text below the title
  --expires SECONDS     how long the link works from now on, at most 2592000 (30 days)

For create:
  --from TEXT           who asks
  --content-types LIST  such as application/pdf,image/*
  --max-bytes N         the largest size
  --name NAME           the beginning of the id
  --metadata N=V        metadata of the object; you can give it several times
  --return-url URL      where the page links to when the file was received; the installation limits the origins
  --language LANGUAGE   en, de, nl, fr or es; default: the browser's

Exit code: 0 done; 1 the issuer refused, or sent no usable response; 2 the command line can't be carried out;
5 standard output could not be written; 130 interrupted.
`;

const LINK_ACTIONS = ['create', 'list', 'change', 'revoke'] as const;
export type LinkAction = (typeof LINK_ACTIONS)[number];

/** What each action takes, beside what all take. */
const OPTIONS_OF: Readonly<Record<LinkAction, readonly string[]>> = {
  create: [
    ...['title', 'message', 'expires', 'from', 'content-types', 'max-bytes', 'name', 'metadata'],
    ...['return-url', 'language'],
  ],
  list: [],
  change: ['title', 'message', 'expires'],
  revoke: [],
};

export type LinkValues = ReturnType<typeof parse>['values'];

/** @throws UsageError */
export function parseLinkOptions(args: readonly string[]) {
  const { values, positionals } = parse(args);
  const [action, ...ids] = positionals;
  if (values.help) return 'help';
  const known = LINK_ACTIONS.find((name) => name === action);
  if (known === undefined)
    throw new UsageError(`link takes one of ${LINK_ACTIONS.join(', ')}, not ${JSON.stringify(action ?? '')}`);
  const common = ['url', 'key', 'timeout', 'json', 'help', ...OPTIONS_OF[known]];
  const other = Object.keys(values).find((name) => !common.includes(name));
  if (other !== undefined) throw new UsageError(`--${other} is not for link ${known}`);
  const needsId = known === 'change' || known === 'revoke';
  if (ids.length !== (needsId ? 1 : 0))
    throw new UsageError(needsId ? 'name one link, by its id' : `link ${known} takes options only`);
  return { action: known, id: uploadIdIn(ids[0] ?? ''), positionals, values };
}

/** @throws UsageError */
export function newLinkOf(values: LinkValues): NewLinkOptions {
  const { title, message, from, name, language, 'max-bytes': most } = values;
  return {
    title,
    message,
    from,
    name,
    language,
    returnUrl: values['return-url'],
    contentTypes: values['content-types']?.split(',').map((type) => type.trim()),
    maxBytes: most === undefined ? undefined : bytesOf('max-bytes', most),
    metadata: metadataOf(values.metadata),
    expiresInSeconds: expiresOf(values.expires),
  };
}

/** @throws UsageError where nothing is to be changed */
export function changesOf({ title, message, expires }: LinkValues) {
  if (title === undefined && message === undefined && expires === undefined)
    throw new UsageError('say what to change: --title, --message or --expires');
  return { title, message, expiresInSeconds: expiresOf(expires) };
}

function parse(args: readonly string[]) {
  return parseCommandLine({
    args: [...args],
    allowPositionals: true,
    options: {
      ...ISSUER_OPTIONS,
      json: { type: 'boolean' },
      title: { type: 'string' },
      message: { type: 'string' },
      expires: { type: 'string' },
      from: { type: 'string' },
      'content-types': { type: 'string' },
      'max-bytes': { type: 'string' },
      name: { type: 'string' },
      metadata: { type: 'string', multiple: true },
      'return-url': { type: 'string' },
      language: { type: 'string' },
    },
  });
}
