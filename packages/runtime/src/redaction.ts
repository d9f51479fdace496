/** What stands where something secret stood. */
export const REDACTED = '[Redacted]';

/**
 * Names whose value is never written: API keys, authorization, cookies, presigned parameters, signatures, tokens,
 * secrets. An API key's id (`apiKeyId`, `keyId`) is none of them: it is how a log line says whose request it was.
 * S3 explains a wrong signature by what it had signed itself (`StringToSign`, for a form its policy; `…Bytes`, the same in hex).
 */
const SECRET_NAME =
  /secret|password|passwd|authorization|cookie|token|signature|credential|api[-_]?key$|^policy$|stringtosign|canonicalrequest/i;

/**
 * The same names where they occur inside text, with what may follow in the same word (`X-Amz-Credential-…`). Every
 * repetition here and below is bounded or cannot overlap itself: what is logged may come from anyone.
 */
const NAME_IN_TEXT =
  '(?:secret|password|passwd|authorization|cookie|token|signature|credential|api[-_]?key)[\\w-]{0,40}|\\bpolicy';

interface TextRule {
  readonly pattern: RegExp;
  readonly replacement: string;
}

/** In this order: what a whole line holds before what a word in it holds. */
const TEXT_RULES: readonly TextRule[] = [
  // Headers whose values hold several words, and quotes: nothing short of the end of the line is sure to be their end.
  {
    pattern: /\b((?:authorization|cookie)\\*["']?\s*[:=])[^\r\n]+/gi,
    replacement: `$1${REDACTED}`,
  },
  // So too an API key: one that was imported can hold anything, blanks too. In a URL's query, behind =, it cannot.
  {
    pattern: /\b((?:x-)?api[-_]?key\\*["']?\s*:[ \t]*)[^\r\n]+/gi,
    replacement: `$1${REDACTED}`,
  },
  // A form field in a multipart body: name="policy", a blank line, the value.
  {
    pattern: new RegExp(`(name=\\\\*"(?:${NAME_IN_TEXT})\\\\*"(?:\\\\r|\\\\n|\\s)+)[^\\s\\\\"]+`, 'gi'),
    replacement: `$1${REDACTED}`,
  },
  // JSON, at whatever depth of escaping: "policy":"…".
  {
    pattern: new RegExp(`((?:${NAME_IN_TEXT})\\\\*["']\\s*:\\s*\\\\*["'])[^"'\\\\]+`, 'gi'),
    replacement: `$1${REDACTED}`,
  },
  // A URL's query, also one that is itself a parameter of another URL; NAME=value in general.
  {
    pattern: new RegExp(
      `((?:${NAME_IN_TEXT})(?:=|%3D|%253D)\\\\*["']?)(?!\\[Redacted)[^\\s&;,"'\\\\<>)%]+(?:%(?!26|2526)[^\\s&;,"'\\\\<>)%]*)*`,
      'gi',
    ),
    replacement: `$1${REDACTED}`,
  },
  // name: value. Words such as "Policy: Policy expired." are S3's explanation, not a policy.
  {
    pattern: new RegExp(`((?:${NAME_IN_TEXT})\\s*:\\s*)(?!\\[Redacted)[^\\s,;"'\\\\]{16,}`, 'gi'),
    replacement: `$1${REDACTED}`,
  },
  { pattern: /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, replacement: `$1 ${REDACTED}` },
  // user:password@ in a URL; a store's password often has no user.
  { pattern: /(\w:\/\/)[^\s/:@"']{0,200}:[^\s/@"']{1,200}@/g, replacement: `$1${REDACTED}@` },
  // A policy or a token that stands alone: Base64 of JSON, which begins with {".
  { pattern: /\beyJ[\w+/=.-]{24,}/g, replacement: REDACTED },
  // The secrets that sign webhooks, as Standard Webhooks writes them.
  { pattern: /\bwhsec_[\w+/=-]+/g, replacement: REDACTED },
  // This product's own API keys; the id before the secret part stays.
  { pattern: /\b(uo_[a-z0-9]+_)[a-z0-9_]+/gi, replacement: `$1${REDACTED}` },
];

/** What every rule's match, and every name of a secret, has in it. Most texts have nothing of this, and one look costs less than ten. */
const SECRET_WORDS =
  'secret|password|passwd|authorization|cookie|token|signature|credential|policy|stringtosign|canonicalrequest|bearer|basic|://|eyJ|uo_|whsec_';
const MAY_HOLD_SECRET = new RegExp(`${SECRET_WORDS}|api[-_]?key`, 'i');
/** The id of a key, which many log lines have, is none. Inside a text its quotation mark is escaped. */
const LINE_MAY_HOLD_SECRET = new RegExp(`${SECRET_WORDS}|api[-_]?key(?!Id":)`, 'i');

/** Whether a property, header, form field or variable of this name holds something that is never written down. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Whether an object can hold a secret of which this is the JSON. Most that can have none. */
export function lineMayHoldSecret(json: string): boolean {
  return LINE_MAY_HOLD_SECRET.test(json);
}

/**
 * A setting that should be a URL, or several: without all that can be a user and a password. Those that make a URL invalid have slashes,
 * commas and quotation marks, so nothing before the last "@" is sure not to be a part of one.
 */
export function redactUserInfo(setting: string): string {
  return setting.replace(/^(\w+:\/\/)?.*@/s, `$1${REDACTED}@`);
}

/** The same text without the secrets in it: in URLs, headers, form fields, JSON, whatever an error message quotes. */
export function redactText(text: string): string {
  if (!MAY_HOLD_SECRET.test(text)) return text;
  let redacted = text;
  for (const { pattern, replacement } of TEXT_RULES) redacted = redacted.replace(pattern, replacement);
  return redacted;
}

/** The name that an item is the value of, in pairs as raw headers have them: `['x-api-key', '…']`. '' without one. */
export function nameBefore(items: readonly unknown[], at: number): string {
  const before = at % 2 === 1 ? items[at - 1] : undefined;
  return typeof before === 'string' ? before : '';
}

/** The name in an object that is a pair: `{ name: 'x-api-key', value: '…' }`. '' without one. */
export function namedBy(data: object): string {
  const { name, Name } = data as { name?: unknown; Name?: unknown };
  return [name, Name].find((candidate) => typeof candidate === 'string') ?? '';
}
