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

/**
 * Reads the issuer's answer `{"url": {"url": "https://…", "fields": {"key": …, "policy": …, …}}}`.
 *
 * @throws Error with a message that says what is missing
 */
export function readUploadForm(answer: unknown): UploadForm {
  const form = record(record(answer, 'the answer')['url'], '"url"');
  const url = form['url'];
  if (typeof url !== 'string' || !isHttpUrl(url)) throw new Error('"url.url" is no http or https URL');
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(record(form['fields'], '"url.fields"'))) {
    if (typeof value !== 'string') throw new Error(`the field ${JSON.stringify(name)} is no string`);
    fields[name] = value;
  }
  const { key, policy } = fields;
  if (!key) throw new Error('the field "key" is missing');
  if (!policy) throw new Error('the field "policy" is missing');
  return { url, fields, key, expiresAt: expirationOf(policy) };
}

function expirationOf(policy: string): Date {
  let expiration: unknown;
  try {
    expiration = record(JSON.parse(Buffer.from(policy, 'base64').toString('utf8')), 'the policy')[
      'expiration'
    ];
  } catch (cause) {
    throw new Error('the field "policy" is no JSON in base64', { cause });
  }
  const expiresAt = new Date(typeof expiration === 'string' ? expiration : Number.NaN);
  if (Number.isNaN(expiresAt.getTime())) throw new Error('the policy has no valid "expiration"');
  return expiresAt;
}

function isHttpUrl(text: string): boolean {
  const protocol = URL.parse(text)?.protocol;
  return protocol === 'http:' || protocol === 'https:';
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is no JSON object`);
  return value as Record<string, unknown>;
}
