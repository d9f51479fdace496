import type { AwsService } from './aws-call.ts';
import { RefusalKind } from './call-outcome.ts';

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Status, code and message of each error, as the services' own references list them. */
const ERRORS: Readonly<Record<AwsService, Readonly<Record<RefusalKind, readonly [number, string, string]>>>> =
  {
    // Amazon S3 API Reference, "Error responses".
    s3: {
      [RefusalKind.internal]: [500, 'InternalError', 'We encountered an internal error. Please try again.'],
      [RefusalKind.unavailable]: [503, 'ServiceUnavailable', 'Service is unable to handle request.'],
      [RefusalKind.throttled]: [503, 'SlowDown', 'Please reduce your request rate.'],
    },
    // Amazon SQS API Reference, "Common Errors"; "DeleteMessageBatch" for RequestThrottled.
    sqs: {
      [RefusalKind.internal]: [
        500,
        'com.amazonaws.sqs#InternalFailure',
        'The request processing has failed because of an unknown error, exception or failure.',
      ],
      [RefusalKind.unavailable]: [
        503,
        'com.amazonaws.sqs#ServiceUnavailable',
        'The request has failed due to a temporary failure of the server.',
      ],
      [RefusalKind.throttled]: [
        400,
        'com.amazonaws.sqs#RequestThrottled',
        'The request was denied due to request throttling.',
      ],
    },
    // Amazon DynamoDB Developer Guide, "Error messages and codes".
    dynamodb: {
      [RefusalKind.internal]: [
        500,
        'com.amazonaws.dynamodb.v20120810#InternalServerError',
        'The request processing has failed because of an internal error.',
      ],
      [RefusalKind.unavailable]: [
        503,
        'com.amazonaws.dynamodb.v20120810#ServiceUnavailable',
        'DynamoDB is currently unavailable.',
      ],
      [RefusalKind.throttled]: [
        400,
        'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
        'The level of configured provisioned throughput for the table was exceeded.',
      ],
    },
  };

/** An error as that service returns it: XML from S3, JSON from the others. */
export function refusalOf(service: AwsService, kind: RefusalKind): Refusal {
  const [status, code, message] = ERRORS[service][kind];
  return service === 's3'
    ? {
        status,
        headers: { 'content-type': 'application/xml' },
        body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
      }
    : {
        status,
        headers: { 'content-type': 'application/x-amz-json-1.0' },
        body: JSON.stringify({ __type: code, message }),
      };
}
