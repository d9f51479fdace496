import { type BinaryLike, createHash, createHmac } from 'node:crypto';
import type {
  AwsCredentialIdentity,
  HttpRequest,
  Provider,
  RequestSigner,
  RequestSigningArguments,
} from '@smithy/types';
import { createSigningKeys } from './signing-keys.ts';

/** What the SDK gives to a `signerConstructor`. */
interface SignerOptions {
  readonly service: string;
  readonly region: string | Provider<string>;
  readonly credentials: AwsCredentialIdentity | Provider<AwsCredentialIdentity>;
  readonly uriEscapePath?: boolean;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** What a hop on the way may change, as the SDK has it. */
const UNSIGNED_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'cache-control',
  'connection',
  'expect',
  'from',
  'keep-alive',
  'max-forwards',
  'pragma',
  'referer',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'x-amzn-trace-id',
]);
const signingKeyOf = createSigningKeys();

/**
 * Signs requests to AWS as the SDK's own signer does, to the byte (request-signer.test.ts), and faster: it keeps the day's key
 * as a `KeyObject` (AWS Identity and Access Management User Guide, "Create a signed AWS API request"). For the SDK's option
 * `signerConstructor`. It signs requests whose headers have no `proxy-` and no `sec-`, and no path that has to be normalized.
 */
export class KeptKeySigner implements RequestSigner {
  readonly #options: SignerOptions;

  constructor(options: SignerOptions) {
    this.#options = options;
  }

  /** @returns another request: the given one can be signed again for the next attempt */
  async sign(request: HttpRequest, args: RequestSigningArguments = {}): Promise<HttpRequest> {
    const { credentials, region, service, uriEscapePath = true } = this.#options;
    const identity = await resolved(credentials);
    if (typeof identity.accessKeyId !== 'string' || typeof identity.secretAccessKey !== 'string')
      throw new Error('the credentials of AWS have no access key id or no secret access key');
    const signingRegion = args.signingRegion ?? (await resolved(region));
    const signingService = args.signingService ?? service;
    const date = new Date(args.signingDate ?? Date.now()).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
    const day = date.slice(0, 8);
    const bodyHash = request.headers['x-amz-content-sha256'] ?? hashOfBody(request.body);
    const headers: Record<string, string> = {
      ...request.headers,
      'x-amz-date': date,
      ...(identity.sessionToken && { 'x-amz-security-token': identity.sessionToken }),
      'x-amz-content-sha256': bodyHash,
    };
    const path = uriEscapePath ? escaped(request.path).replaceAll('%2F', '/') : request.path;
    const signed = signedHeaders(headers);
    const names = signed.map(([name]) => name).join(';');
    const lines = signed.map(([name, value]) => `${name}:${value}\n`).join('');
    const canonical = [request.method, path, canonicalQuery(request.query), lines, names, bodyHash].join(
      '\n',
    );
    const scope = `${day}/${signingRegion}/${signingService}/aws4_request`;
    const toSign = `${ALGORITHM}\n${date}\n${scope}\n${sha256(canonical)}`;
    const key = signingKeyOf(identity.secretAccessKey, day, signingRegion, signingService);
    const signature = createHmac('sha256', key).update(toSign).digest('hex');
    headers['authorization'] =
      `${ALGORITHM} Credential=${identity.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
    return { ...request, headers };
  }
}

async function resolved<T>(given: T | Provider<T>): Promise<T> {
  return typeof given === 'function' ? (given as Provider<T>)() : given;
}

function hashOfBody(body: unknown): string {
  if (body === undefined || body === null) return sha256('');
  if (typeof body === 'string' || ArrayBuffer.isView(body)) return sha256(body as BinaryLike);
  if (body instanceof ArrayBuffer) return sha256(new Uint8Array(body));
  return 'UNSIGNED-PAYLOAD';
}

function sha256(content: BinaryLike): string {
  return createHash('sha256').update(content).digest('hex');
}

/** By name, in small letters. Of all white space, blanks and tabs alone are joined: a value can have others, which are bytes of its text. */
function signedHeaders(headers: Readonly<Record<string, string | undefined>>): [string, string][] {
  return Object.entries(headers)
    .flatMap(([name, value]): [string, string][] =>
      value === undefined
        ? []
        : [[name.toLowerCase(), value.replaceAll(/[\r\n\t ]+/g, ' ').replaceAll(/^ | $/g, '')]],
    )
    .filter(([name]) => !UNSIGNED_HEADERS.has(name))
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

function canonicalQuery(query: HttpRequest['query']): string {
  const values = new Map(Object.entries(query ?? {}).map(([name, value]) => [escaped(name), [value].flat()]));
  const pairs = [...values.keys()].sort().flatMap((name) =>
    values
      .get(name)
      ?.map((value) => `${name}=${escaped(value ?? '')}`)
      .sort(),
  );
  return pairs.join('&');
}

function escaped(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
