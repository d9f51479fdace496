import { lookupName } from './lookup-name.ts';
import { KeptKeySigner } from './request-signer.ts';

/**
 * One place for time-outs and retries of the AWS clients. Every call ends: in a response, or in an error that the
 * caller can see, after at most `maxAttempts` tries with the SDK's jittered, growing waits between them (AWS SDKs and
 * Tools Reference Guide, "Retry behavior", mode standard). Endpoints and credentials are the SDK's own environment.
 *
 * Names are resolved without libuv's thread pool, which a handler can fill (`createLookup`).
 *
 * `requestTimeout` bounds the time until a response begins, `socketTimeout` the silence after that; without
 * `throwOnRequestTimeout` the SDK only logs a warning and goes on waiting.
 */

const CONNECTION_TIMEOUT_MS = 2_000;

/**
 * S3 copies an object, or a part of up to 5 GiB, before it responds, or responds at once and finishes later: minutes,
 * either way. The same silence is allowed to a handler that reads an object's stream slowly.
 */
const S3_REQUEST_TIMEOUT_MS = 5 * 60_000;
const S3_SOCKET_TIMEOUT_MS = 15 * 60_000;

/** What SQS needs beyond the time that a long poll waits for messages. */
const SQS_RESPONSE_MS = 10_000;

/** DynamoDB responds in milliseconds; a request that waits for it must still get its response in time. */
const DYNAMODB_REQUEST_TIMEOUT_MS = 3_000;

/** Beside the work: probes, and responses that are read to their end while the next call begins. */
const SPARE_SOCKETS = 16;
/** The SDK's own. */
const LEAST_SOCKETS = 50;

/**
 * For `new S3Client(…)`: 5 attempts, minutes for each (S3 asks for more timeout than its SDK has: 503 Slow Down).
 * @param options.callsAtOnce how many calls are under way at once, at most: the SDK takes the wait for a free
 *   connection for one that can't be had, and fails it after 2 seconds
 */
export function s3ClientConfig(options: { region: string; forcePathStyle: boolean; callsAtOnce?: number }) {
  const maxSockets = Math.max(LEAST_SOCKETS, (options.callsAtOnce ?? 0) + SPARE_SOCKETS);
  return {
    region: options.region,
    forcePathStyle: options.forcePathStyle,
    signerConstructor: KeptKeySigner,
    maxAttempts: 5,
    retryMode: 'standard',
    requestHandler: {
      ...timeouts(S3_REQUEST_TIMEOUT_MS, S3_SOCKET_TIMEOUT_MS),
      httpAgent: { maxSockets, lookup: lookupName },
      httpsAgent: { maxSockets, lookup: lookupName },
    },
  };
}

/**
 * For `new SQSClient(…)`: 3 attempts, each bounded by the long poll plus 10 seconds. A call that must end sooner has a timeout of its own.
 * @param options.longPollSeconds the greatest `WaitTimeSeconds` that the client is used with, 0 to 20
 */
export function sqsClientConfig(options: { region: string; longPollSeconds: number }) {
  const requestTimeoutMs = options.longPollSeconds * 1000 + SQS_RESPONSE_MS;
  return {
    region: options.region,
    signerConstructor: KeptKeySigner,
    maxAttempts: 3,
    retryMode: 'standard',
    requestHandler: timeouts(requestTimeoutMs, requestTimeoutMs),
  };
}

/** For `new DynamoDBClient(…)`: 4 attempts of 3 seconds each at most. */
export function dynamoDbClientConfig(options: { region: string }) {
  return {
    region: options.region,
    signerConstructor: KeptKeySigner,
    maxAttempts: 4,
    retryMode: 'standard',
    requestHandler: timeouts(DYNAMODB_REQUEST_TIMEOUT_MS, DYNAMODB_REQUEST_TIMEOUT_MS),
  };
}

function timeouts(requestTimeoutMs: number, socketTimeoutMs: number) {
  return {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: requestTimeoutMs,
    socketTimeout: socketTimeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: { lookup: lookupName },
    httpsAgent: { lookup: lookupName },
  };
}
