import { BYTES_A_GB, type CostLine, LineName } from './lines.ts';
import type { Parameters } from './parameters.ts';

const MILLION = 1e6;
const FUNCTIONS = 3;
const MIB_A_GB = 2 ** 10;

/** The client's POST and the function's copy. */
const S3_WRITES = 2;
/** One item is put when the form is issued, and deleted when the first upload takes it. */
const DYNAMODB_WRITES = 2;

/**
 * A million uploads with the design that this project replaces: a REST API, and a function each that gives the form, moves the first
 * upload and processes it, called by S3's events. It has no fixed part, and none of the promises of docs/design.md: no list of versions,
 * no lease, no queue. How much memory, time and log its functions need is an assumption, and a parameter.
 */
export function serverlessPerMillion({ prices, serverless }: Parameters): CostLine[] {
  const { memoryMib, milliseconds, logBytes } = serverless;
  const gbSeconds = MILLION * FUNCTIONS * (memoryMib / MIB_A_GB) * (milliseconds / 1_000);
  return [
    { name: LineName.s3Writes, dollars: S3_WRITES * prices.s3Writes.dollars },
    { name: LineName.dynamodbWrites, dollars: DYNAMODB_WRITES * prices.dynamodbWrites.dollars },
    { name: LineName.api, dollars: prices.restApi.dollars },
    {
      name: LineName.logs,
      dollars: ((MILLION * FUNCTIONS * logBytes) / BYTES_A_GB) * prices.logsIngested.dollars,
    },
    { name: 'Lambda: requests', dollars: FUNCTIONS * prices.lambdaRequests.dollars },
    { name: 'Lambda: time', dollars: gbSeconds * prices.lambdaTime.dollars },
  ];
}
