import { S3Error } from '../../s3-error.ts';
import type { Operation } from '../call.ts';
import { corsHeaders } from '../cors.ts';
import { respondEmpty } from '../responses.ts';

/** Amazon S3 User Guide, "Using cross-origin resource sharing": what a browser asks before the call itself. */
export const preflight: Operation = async ({ bucket, key, request, response }, { storage }) => {
  const { origin } = request.headers;
  const method = request.headers['access-control-request-method'];
  if (origin === undefined || method === undefined) {
    const missing = origin === undefined ? 'Origin' : 'Access-Control-Request-Method';
    throw new S3Error('BadRequest', 400, `Insufficient information. ${missing} request header needed.`);
  }
  const { corsRules } = storage.bucket(bucket);
  const headers = (request.headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const allowed = corsHeaders(corsRules, { origin, method, headers });
  if (allowed === undefined) {
    throw new S3Error(
      'AccessForbidden',
      403,
      corsRules.length === 0
        ? 'CORSResponse: CORS is not enabled for this bucket.'
        : 'CORSResponse: This CORS request is not allowed. The bucket has no rule for this origin, method and headers.',
      { Method: method, ResourceType: key === '' ? 'BUCKET' : 'OBJECT' },
    );
  }
  respondEmpty(response, 200, allowed);
};
