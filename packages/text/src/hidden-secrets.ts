/** Shorter ones than this would take words out of messages. */
const SECRET_MIN_CHARACTERS = 8;
const HIDDEN = '[API key]';

/**
 * Text for people without what must not stand in logs and terminals: API keys of upload-once's form, `secrets` (an API key of any
 * form), user names and passwords in URLs, and what a presigned URL is signed with. Messages do not repeat these on
 * purpose; this is for what comes in by accident, such as a key that stands where a file name should.
 */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const form of secrets.flatMap(formsOf)) {
    if (form.length >= SECRET_MIN_CHARACTERS) shown = shown.replaceAll(form, HIDDEN);
  }
  return withoutUserInfo(
    shown
      .replace(/uo_[0-9a-f]{16}_[0-9a-f]+/gi, HIDDEN)
      .replace(/(X-Amz-(?:Signature|Security-Token|Credential)=)[^&\s"']+/gi, '$1…'),
  );
}

/** Text of someone who was given the key, and may repeat it: short keys are hidden too, where they stand as words of their own. */
export function withoutApiKey(text: string, apiKey: string): string {
  let shown = text;
  for (const form of formsOf(apiKey)) {
    const escaped = form.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const isLong = form.length >= SECRET_MIN_CHARACTERS;
    shown = shown.replace(
      new RegExp(isLong ? escaped : `(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'gu'),
      HIDDEN,
    );
  }
  return shown;
}

/** Whether a secret is hidden in it. */
export function hidesApiKey(text: string): boolean {
  return text.includes(HIDDEN);
}

/** How a secret may be repeated: as it is, without quotation marks around it, and each of them in JSON and in a URL. Longest first. */
function formsOf(secret: string): string[] {
  const bare = secret.replace(/^(["'])(.+)\1$/, '$2');
  const forms = [secret, bare].flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text.toWellFormed()),
  ]);
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}

/** `https://user:password@host/` → `https://…@host/` */
export function withoutUserInfo(text: string): string {
  return text.replace(/(\w:\/\/)[^/\s?#@]*(?:@[^/\s?#@]*)*@/g, '$1…@');
}
