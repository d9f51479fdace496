import { Unprocessable } from './failures.ts';

/** One stored object version, as S3 reports it. */
export interface ObjectCreated {
  readonly bucket: string;
  /** As the object is called: URL-decoded. */
  readonly key: string;
  readonly versionId: string;
  /** Without the quotes that HTTP puts around it. */
  readonly eTag: string;
  readonly sizeBytes: number;
  /** Orders the events of one key, as hexadecimal numbers; '' where the sender gives none. */
  readonly sequencer: string;
  /** `ObjectCreated:Post`, `ObjectCreated:Copy` … */
  readonly eventName: string;
  readonly storedAt: Date;
}

const SHOWN_CHARACTERS = 200;

/**
 * What an S3 event notification reports about new versions, in its own order; an empty list for `s3:TestEvent` and for records
 * of any other kind than `ObjectCreated:*`.
 * (Amazon S3 User Guide, "Event message structure": the major event version changes when a field is removed or means something
 * else, the minor one when fields are added; keys are URL-encoded, a space is a `+`.)
 * @param body of the SQS message, anything at all
 * @throws Unprocessable for whatever is no such notification: not JSON, another major version than 2, a missing or malformed
 * field. One bad record makes the whole message Unprocessable, so that none of it is lost.
 */
export function parseS3Event(body: string): readonly ObjectCreated[] {
  const message = parseObject(body);
  if (message['Event'] === 's3:TestEvent') return [];
  const records = message['Records'];
  if (!Array.isArray(records))
    throw new Unprocessable(`no S3 event: Records is a list, not ${show(records)}`);
  return records.flatMap((record: unknown, index) => parseRecord(new Fields(record, `Records[${index}]`)));
}

function parseObject(body: string): Record<string, unknown> {
  let message: unknown;
  try {
    message = JSON.parse(body);
  } catch (cause) {
    throw new Unprocessable(`no S3 event: the message is not JSON: ${show(body)}`, { cause });
  }
  if (!isObject(message))
    throw new Unprocessable(`no S3 event: the message is a JSON object, not ${show(message)}`);
  return message;
}

function parseRecord(record: Fields): ObjectCreated[] {
  const eventVersion = record.text('eventVersion');
  if (!/^2\.\d+$/.test(eventVersion)) record.refuse('eventVersion', 'one of the versions 2.x', eventVersion);
  const eventName = record.text('eventName');
  if (!eventName.startsWith('ObjectCreated:')) return [];
  const s3 = record.object('s3');
  const object = s3.object('object');
  return [
    {
      bucket: s3.object('bucket').text('name'),
      key: object.urlDecoded('key'),
      versionId: object.text('versionId'),
      eTag: object.text('eTag').replace(/^"(.*)"$/, '$1'),
      sizeBytes: object.size('size'),
      sequencer: object.optionalText('sequencer'),
      eventName,
      storedAt: record.time('eventTime'),
    },
  ];
}

/** Reads the fields of one JSON object; an invalid field is reported with its path and its value. */
class Fields {
  readonly #values: Record<string, unknown>;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    if (!isObject(value)) throw new Unprocessable(`no S3 event: ${path} is an object, not ${show(value)}`);
    this.#values = value;
    this.#path = path;
  }

  refuse(name: string, expected: string, value: unknown, cause?: unknown): never {
    const message = `no S3 event that can be read: ${this.#path}.${name} is ${expected}, not ${show(value)}`;
    throw new Unprocessable(message, { cause });
  }

  object(name: string): Fields {
    return new Fields(this.#values[name], `${this.#path}.${name}`);
  }

  text(name: string): string {
    const value = this.#values[name];
    return typeof value === 'string' && value !== ''
      ? value
      : this.refuse(name, 'a text that is not empty', value);
  }

  optionalText(name: string): string {
    const value = this.#values[name];
    return value === undefined || value === '' ? '' : this.text(name);
  }

  urlDecoded(name: string): string {
    const value = this.text(name);
    try {
      return decodeURIComponent(value.replaceAll('+', ' '));
    } catch (cause) {
      return this.refuse(name, 'URL-encoded UTF-8', value, cause);
    }
  }

  size(name: string): number {
    const value = this.#values[name];
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      ? value
      : this.refuse(name, 'a whole number of bytes', value);
  }

  time(name: string): Date {
    const value = this.text(name);
    const time = new Date(value);
    const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) && !Number.isNaN(time.getTime());
    return isTime ? time : this.refuse(name, 'a time like 2030-01-31T12:00:00.000Z', value);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Never the inside of a list or an object: it may be nested deeper than can be written down. */
function show(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value !== 'string')
    return Array.isArray(value) ? 'a list' : isObject(value) ? 'an object' : String(value);
  if (value.length <= SHOWN_CHARACTERS) return JSON.stringify(value);
  return `${JSON.stringify(value.slice(0, SHOWN_CHARACTERS))}… (${value.length} characters)`;
}

/** The keys of the objects of one bucket that a message reports; none if it is no event of S3. Never throws. */
export function objectKeysIn(body: string, bucket: string): string[] {
  try {
    return parseS3Event(body).flatMap((event) => (event.bucket === bucket ? event.key : []));
  } catch {
    return [];
  }
}
