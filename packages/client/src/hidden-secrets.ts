import { withoutUserInfo } from './shown-reason.ts';

/** Shorter ones than this would take words out of messages. */
const SECRET_MIN_CHARACTERS = 8;

/**
 * Text for people without what must not stand in logs and terminals: API keys of upload-once's form, `secrets` (an API key of any
 * form), user names and passwords in URLs, and what a presigned URL is signed with. Messages do not repeat these on
 * purpose; this is for what comes in by accident, such as a key that stands where a file name should.
 */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) {
    if (secret.length >= SECRET_MIN_CHARACTERS) shown = shown.replaceAll(secret, '[API key]');
  }
  return withoutUserInfo(
    shown
      .replace(/uo_[0-9a-f]{16}_[0-9a-f]+/gi, '[API key]')
      .replace(/(X-Amz-(?:Signature|Security-Token|Credential)=)[^&\s"']+/gi, '$1…'),
  );
}

/** The API keys that a command line and the environment hold. */
export function apiKeysIn(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const given = args.flatMap((arg, at) => {
    if (arg === '--key') return args[at + 1] ?? [];
    return arg.startsWith('--key=') ? arg.slice('--key='.length) : [];
  });
  return [...given, env['UPLOAD_ONCE_API_KEY'] ?? ''].filter((key) => key !== '');
}
