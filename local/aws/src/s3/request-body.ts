import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { S3Error } from '../s3-error.ts';
import { decodeAwsChunked, incompleteBody } from './aws-chunked.ts';
import { invalidArgument, invalidRequest, notImplemented } from './responses.ts';

const UNSIGNED = 'UNSIGNED-PAYLOAD';
const UNSIGNED_CHUNKS = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

/** The bytes of a request, out of whatever they were wrapped in. */
export interface RequestBody extends AsyncIterable<Uint8Array> {
  /** What the client says the bytes are, before they come; undefined when it does not say. */
  readonly sizeBytes: number | undefined;
  /** The headers that will trail the bytes, in lower case. */
  readonly announcedTrailers: readonly string[];
  /** Filled when the bytes have been read to their end. */
  readonly trailers: ReadonlyMap<string, string>;
}

/**
 * A request's bytes, to be read once. Reading fails with S3Error XAmzContentSHA256Mismatch (400) when they are not
 * those that were signed, and with IncompleteBody (400) when they are not as many as was said.
 *
 * @param payloadHash what the signature covers
 * @throws S3Error InvalidArgument (400), NotImplemented (501) for chunks that are signed one by one
 */
export function openBody(request: IncomingMessage, payloadHash: string): RequestBody {
  const trailers = new Map<string, string>();
  const chunked = payloadHash === UNSIGNED_CHUNKS;
  if (!chunked && payloadHash.startsWith('STREAMING-')) throw notImplemented(`A body of type ${payloadHash}`);
  if (!chunked && payloadHash !== UNSIGNED && !/^[0-9a-f]{64}$/.test(payloadHash)) {
    throw invalidArgument(
      `x-amz-content-sha256 must be ${UNSIGNED}, ${UNSIGNED_CHUNKS}, or a valid sha256 value.`,
      'x-amz-content-sha256',
      payloadHash,
    );
  }
  const sizeBytes = readSize(request, chunked ? 'x-amz-decoded-content-length' : 'content-length');
  const announcedTrailers = chunked ? listOf(request.headersDistinct['x-amz-trailer']) : [];
  // A refusal half-way must still find its way back: the default ends the connection with the reading.
  const sent: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false });
  const bytes = chunked ? decodeAwsChunked(sent, trailers) : sent;
  const checked = payloadHash === UNSIGNED || chunked ? bytes : hashed(bytes, payloadHash);
  return {
    sizeBytes,
    announcedTrailers,
    trailers,
    [Symbol.asyncIterator]: () => counted(checked, sizeBytes, announcedTrailers, trailers),
  };
}

/** An unsigned body: its bytes as they arrive. */
export function openUnsignedBody(request: IncomingMessage): RequestBody {
  return openBody(request, UNSIGNED);
}

/** The whole of a short body. @throws S3Error MaxMessageLengthExceeded (400) */
export async function readAll(body: RequestBody, maxBytes: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of body) {
    sizeBytes += piece.byteLength;
    if (sizeBytes > maxBytes) {
      throw new S3Error('MaxMessageLengthExceeded', 400, 'Your request was too big.', {
        MaxMessageLengthBytes: String(maxBytes),
      });
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  sizeBytes: number | undefined,
  announcedTrailers: readonly string[],
  trailers: ReadonlyMap<string, string>,
): AsyncGenerator<Uint8Array, void> {
  let read = 0;
  for await (const piece of bytes) {
    read += piece.byteLength;
    yield piece;
  }
  if (sizeBytes !== undefined && read !== sizeBytes) throw incompleteBody();
  for (const name of announcedTrailers) {
    if (!trailers.has(name)) throw invalidRequest(`The trailer ${name} was announced but did not come.`);
  }
}

async function* hashed(bytes: AsyncIterable<Uint8Array>, expected: string): AsyncGenerator<Uint8Array, void> {
  const hash = createHash('sha256');
  for await (const piece of bytes) {
    hash.update(piece);
    yield piece;
  }
  const computed = hash.digest('hex');
  if (computed === expected) return;
  throw new S3Error(
    'XAmzContentSHA256Mismatch',
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    { ClientComputedContentSHA256: expected, S3ComputedContentSHA256: computed },
  );
}

function readSize(request: IncomingMessage, name: string): number | undefined {
  const value = request.headersDistinct[name]?.[0];
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw invalidArgument(`${name} is a number of bytes`, name, value);
  return Number(value);
}

function listOf(values: readonly string[] | undefined): string[] {
  return (values ?? [])
    .flatMap((value) => value.split(','))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}
