/** A part of a bill. Those of several designs stand in one row if they have the same name. */
export interface CostLine {
  readonly name: string;
  readonly dollars: number;
}

export function sum(lines: readonly CostLine[]): number {
  return lines.reduce((total, { dollars }) => total + dollars, 0);
}

export const HOURS_A_MONTH = 730;
/** A poll of an empty queue waits as long as SQS lets it, 20 seconds; each consumer's task has one. */
export const POLLS_A_MONTH = (HOURS_A_MONTH * 3600) / 20;
export const DAYS_A_MONTH = HOURS_A_MONTH / 24;
export const BYTES_A_GB = 2 ** 30;

/** The names that both designs have. */
export const LineName = {
  s3Writes: 'S3: PUT, COPY, POST and LIST requests',
  s3Reads: 'S3: GET and HEAD requests',
  dynamodbWrites: 'DynamoDB: writes',
  dynamodbReads: 'DynamoDB: reads',
  api: 'API Gateway: requests',
  logs: 'CloudWatch: log lines',
} as const;
