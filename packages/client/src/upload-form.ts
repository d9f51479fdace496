import { uploadKeyOfId } from '@upload-once/text/upload-id';
import { textOfBase64 } from './text-of-base64.ts';

/** What the issuer gives: good for one object key and for as long as its policy says. */
export interface UploadForm {
  /** Where to POST the fields and the file. */
  readonly url: string;
  /** The signed fields, as they are; the file comes after them. */
  readonly fields: Readonly<Record<string, string>>;
  /** The object key that the form is for. */
  readonly key: string;
  /** When S3 stops taking the form, from its policy; an upload that has begun by then may take longer. */
  readonly expiresAt: Date;
}

/** A URL to PUT to, which S3 takes once, from `POST /v1/uploads` with `method: "put"`. */
export interface UploadPut {
  readonly url: string;
  /** The signed headers, as they are. */
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string;
  readonly expiresAt: Date;
}

/**
 * Reads the issuer's response `{"url": {"url": "https://…", "fields": {"key": …, "policy": …, …}}}`.
 *
 * @throws Error with a message that says what is missing
 */
export function readUploadForm(response: unknown): UploadForm {
  return readForm(record(record(response, 'the response')['url'], '"url"'), 'url.');
}

/**
 * Reads a form or URL as the issuer gives it, such as one that was handed on as JSON: the response to `POST /v1/uploads`, or to
 * `GET /getpresignedurl`.
 *
 * @throws Error with a message that says what is missing
 */
export function parseForm(response: unknown): UploadForm | UploadPut {
  const given = record(response, 'the form');
  if (typeof given['url'] !== 'string') return readUploadForm(given);
  return given['method'] === 'put' ? readPut(given) : readForm(given, '');
}

/** @param where what stands before the names in a message */
function readForm(form: Record<string, unknown>, where: string): UploadForm {
  const url = readUrl(form, where);
  const fields = readTexts(form, 'fields', where);
  const { key, policy } = fields;
  if (!key) throw new Error('the field "key" is missing');
  if (!policy) throw new Error('the field "policy" is missing');
  return { url, fields, key, expiresAt: expirationOf(policy) };
}

function expirationOf(policy: string): Date {
  let expiration: unknown;
  try {
    expiration = record(JSON.parse(textOfBase64(policy)), 'the policy')['expiration'];
  } catch (cause) {
    throw new Error('the field "policy" is no JSON in base64', { cause });
  }
  const expiresAt = new Date(typeof expiration === 'string' ? expiration : Number.NaN);
  if (Number.isNaN(expiresAt.getTime())) throw new Error('the policy has no valid "expiration"');
  return expiresAt;
}

function readUrl(form: Record<string, unknown>, where: string): string {
  const url = form['url'];
  if (typeof url !== 'string' || !isHttpUrl(url)) throw new Error(`"${where}url" is no http or https URL`);
  const { username, password } = new URL(url);
  if (username || password) throw new Error(`"${where}url" has a user name or a password`);
  return url;
}

function readPut(created: Record<string, unknown>): UploadPut {
  const expiresAt = new Date(text(created, 'expiresAt'));
  if (Number.isNaN(expiresAt.getTime())) throw new Error('"expiresAt" is no time');
  return {
    url: readUrl(created, ''),
    headers: readTexts(created, 'headers', ''),
    key: uploadKeyOfId(text(created, 'id')),
    expiresAt,
  };
}

export function text(response: Record<string, unknown>, name: string): string {
  const value = response[name];
  if (typeof value !== 'string') throw new Error(`"${name}" is no string`);
  return value;
}

/** @throws Error when an issuer that was asked over https sends the file and the signature over a connection that anyone can read */
export function assertAsSecure(uploadUrl: string, issuerUrl: string): void {
  if (issuerUrl.startsWith('https:') && !uploadUrl.startsWith('https:'))
    throw new Error('the file would go to a plain http URL, though the issuer has an https one');
}

export function readTexts(
  form: Record<string, unknown>,
  name: 'fields' | 'headers' | 'metadata',
  where: string,
): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries(record(form[name], `"${where}${name}"`))) {
    if (typeof value !== 'string')
      throw new Error(`the ${name.replace(/s$/, '')} ${JSON.stringify(key)} is no string`);
    texts[key] = value;
  }
  return texts;
}

function isHttpUrl(text: string): boolean {
  const protocol = URL.parse(text)?.protocol;
  return protocol === 'http:' || protocol === 'https:';
}

export function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is no JSON object`);
  return value as Record<string, unknown>;
}
