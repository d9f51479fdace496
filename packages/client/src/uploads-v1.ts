import { InvalidArgument, IssuerUnavailable } from './errors.ts';
import {
  askIssuer,
  DEFAULT_TIMEOUT_SECONDS,
  type IssuerAccess,
  type IssuerResponse,
  refusal,
} from './issuer-request.ts';
import { withRetries } from './issuer-retries.ts';
import { randomHex } from './random-hex.ts';
import {
  assertAsSecure,
  parseForm,
  readTexts,
  record,
  text,
  type UploadForm,
  type UploadPut,
} from './upload-form.ts';

export const WAIT_MAX_SECONDS = 20;

export type UploadState =
  | 'ISSUED'
  | 'REVOKED'
  | 'CLAIMED'
  | 'ACCEPTED'
  | 'PROCESSING'
  | 'PROCESSED'
  | 'FAILED';

/** What an upload may be; whatever is left out is the installation's default. */
export interface NewUploadOptions {
  /** What the id begins with: 1 to 900 bytes of UTF-8 without "/", "$", control characters and characters that hide or reorder text. */
  readonly name?: string | undefined;
  /** `put`: S3 takes one upload and responds to every other with 412; it needs the exact size, as `minBytes` and `maxBytes`. */
  readonly method?: 'post' | 'put' | undefined;
  readonly contentType?: string | undefined;
  readonly minBytes?: number | undefined;
  readonly maxBytes?: number | undefined;
  /** In 64 hexadecimal digits, or in base64. */
  readonly sha256?: string | undefined;
  readonly expiresInSeconds?: number | undefined;
  /** The name of the file: 1 to 255 bytes of UTF-8 without a path. */
  readonly filename?: string | undefined;
  /** What S3 responds to a stored form; by default 204. */
  readonly successStatus?: 200 | 201 | 204 | undefined;
  /** Where S3 sends the browser when it has stored the file; the installation limits the origins. */
  readonly successRedirect?: string | undefined;
  /** Names of a-z, 0-9, ".", "_", "-", values of printable ASCII; 2,048 bytes together. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export interface CreatedUpload {
  readonly id: string;
  /** ISSUED, unless the same request with the same `idempotencyKey` had a response before. */
  readonly state: UploadState;
  /** For `uploadFile`. */
  readonly form: UploadForm | UploadPut;
}

/** What became of an upload; times are there once they have come. */
export interface UploadStatus {
  readonly id: string;
  readonly state: UploadState;
  readonly method: 'post' | 'put';
  readonly contentType?: string;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly filename?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly revokedAt?: string;
  readonly storedAt?: string;
  readonly claimedAt?: string;
  readonly acceptedAt?: string;
  readonly processedAt?: string;
  /** While the state is FAILED; absent where an earlier release recorded it. */
  readonly failedAt?: string;
  /** While the state is FAILED: what the handler has to say to the client; absent where it has nothing. */
  readonly failureReason?: string;
  readonly sizeBytes?: number;
  readonly eTag?: string;
  readonly sha256?: string;
  readonly duplicates: number;
  readonly refused: number;
  /** How many more came than are kept; an upload can be counted more than once. */
  readonly duplicatesRemoved: number;
  readonly refusedRemoved: number;
  readonly leadTimeSeconds?: number;
}

/**
 * `POST /v1/uploads`, again as `retries` say: all tries of one call give one upload. With an `idempotencyKey` (1 to 255 printable
 * characters of the caller's own, for 24 hours) you can also call it again with the same options after any failure, and get the same
 * upload. Without one, each call makes a key of its own, and a second call is a second upload.
 *
 * @throws InvalidArgument, RequestRefused, IssuerUnavailable, the signal's reason; as `requestUpload`
 */
export async function createUpload(
  request: IssuerAccess & NewUploadOptions & { readonly idempotencyKey?: string | undefined },
): Promise<CreatedUpload> {
  const { issuerUrl, apiKey, timeoutSeconds, signal, fetch, retries, idempotencyKey, ...body } = request;
  if (idempotencyKey !== undefined) assertIdempotencyKey(idempotencyKey);
  const access = { issuerUrl, apiKey, timeoutSeconds, signal, fetch, retries };
  const headers = { 'idempotency-key': idempotencyKey ?? randomHex(16) };
  return withRetries(access, async () => {
    const response = await askIssuer(access, {
      method: 'POST',
      path: '/v1/uploads',
      body,
      headers,
    });
    if (response.status !== 201) throw refusal(response);
    return readResponse(response, 'upload', (created) => {
      const form = parseForm(created);
      assertAsSecure(form.url, response.url);
      return { id: text(created, 'id'), state: text(created, 'state') as UploadState, form };
    });
  });
}

/** How a request for an upload's state waits for another state. */
export interface StatusWait {
  /** The response comes when the state changes, or after this time, 1 to 20 s. It is added to `timeoutSeconds`. */
  readonly waitSeconds: number;
  /** The state that the caller knows: any other is responded at once. */
  readonly knownState?: UploadState | undefined;
}

/**
 * `GET /v1/uploads/{id}`
 * @param wait Without it, the response comes at once. It can come at once with it, too: the issuer lets only so many requests wait.
 * @throws RequestRefused with `issuerCode` `UploadNotFound` for what this API key did not make; and as `createUpload`
 */
export async function getUpload(access: IssuerAccess, id: string, wait?: StatusWait): Promise<UploadStatus> {
  const path = pathOf(id) + queryOf(wait);
  const timeoutSeconds = (access.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) + (wait?.waitSeconds ?? 0);
  return withRetries(access, async () => {
    const response = await askIssuer({ ...access, timeoutSeconds }, { method: 'GET', path });
    if (response.status !== 200) throw refusal(response);
    return readResponse(response, 'upload', (status) => {
      text(status, 'id');
      text(status, 'state');
      // By these it is judged whose file it is.
      if (!isSize(status['sizeBytes'])) throw new Error('"sizeBytes" is no number of bytes');
      if (!isSha256(status['sha256'])) throw new Error('"sha256" is not 64 hexadecimal digits in lower case');
      const metadata = status['metadata'] === undefined ? {} : readTexts(status, 'metadata', '');
      return { ...status, metadata } as unknown as UploadStatus;
    });
  });
}

/**
 * `DELETE /v1/uploads/{id}`: nothing that arrives from now on is accepted. Again is no error.
 * @throws RequestRefused with `issuerCode` `AlreadyClaimed` once an upload has come; and as `getUpload`
 */
export async function revokeUpload(access: IssuerAccess, id: string): Promise<void> {
  await withRetries(access, async () => {
    const response = await askIssuer(access, { method: 'DELETE', path: pathOf(id) });
    if (response.status !== 204) throw refusal(response);
  });
}

export function assertIdempotencyKey(key: string): void {
  if (/^(?=.{1,255}$)[!-~]([ -~]*[!-~])?$/.test(key)) return;
  throw new InvalidArgument(
    `idempotencyKey is 1 to 255 characters of printable ASCII without a space at either end, not ${JSON.stringify(key.slice(0, 300))}`,
  );
}

function queryOf(wait: StatusWait | undefined): string {
  if (wait === undefined) return '';
  const { waitSeconds, knownState } = wait;
  if (!Number.isInteger(waitSeconds) || waitSeconds < 1 || waitSeconds > WAIT_MAX_SECONDS)
    throw new InvalidArgument(
      `waitSeconds is a whole number of seconds from 1 to ${WAIT_MAX_SECONDS}, not ${String(waitSeconds)}`,
    );
  return `?wait=${waitSeconds}${knownState === undefined ? '' : `&state=${encodeURIComponent(knownState)}`}`;
}

function pathOf(id: string): string {
  return `/v1/uploads/${encodeURIComponent(id)}`;
}

function isSize(value: unknown): boolean {
  return value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0);
}

function isSha256(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value));
}

export function readResponse<T>(
  response: IssuerResponse,
  what: string,
  from: (body: Record<string, unknown>) => T,
): T {
  const { url, status, shown } = response;
  try {
    return from(record(JSON.parse(response.text), 'the response'));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? 'it is no JSON' : (cause as Error).message;
    throw new IssuerUnavailable(`the response from ${url} has no ${what}: ${shown(why)}`, { status, cause });
  }
}
