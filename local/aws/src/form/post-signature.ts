import { timingSafeEqual } from 'node:crypto';
import type { Credential } from '../s3/call.ts';
import { sign } from '../s3/signature-v4.ts';
import { S3Error } from '../s3-error.ts';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const LONG_DATE = /^\d{8}T\d{6}Z$/;
const SIGNING_FIELDS = ['policy', 'x-amz-algorithm', 'x-amz-credential', 'x-amz-date', 'x-amz-signature'];

/**
 * Checks that a form's policy was signed with one of the given keys, as the Amazon S3 API Reference says under
 * "Authenticating Requests in Browser-Based Uploads Using POST (AWS Signature Version 4)": the string to sign is the
 * policy field as it was sent.
 *
 * @param fields names in lower case
 * @throws S3Error AccessDenied (403) for an unsigned form; InvalidArgument (400) for a missing or
 *   malformed field; InvalidRequest (400) for another kind of signature; AuthorizationHeaderMalformed (400) for another
 *   region; InvalidAccessKeyId (403); InvalidToken (400); SignatureDoesNotMatch (403)
 */
export function checkPostSignature(
  fields: ReadonlyMap<string, string>,
  known: { readonly credentials: readonly Credential[]; readonly region: string },
): void {
  refuseOtherSignatures(fields);
  const scope = parseCredential(requireField(fields, 'x-amz-credential'), known.region);
  checkDate(requireField(fields, 'x-amz-date'), scope.date);

  const credential = known.credentials.find(({ accessKeyId }) => accessKeyId === scope.accessKeyId);
  if (credential === undefined) {
    throw new S3Error(
      'InvalidAccessKeyId',
      403,
      'The AWS Access Key Id you provided does not exist in our records.',
      { AWSAccessKeyId: scope.accessKeyId },
    );
  }
  if (fields.get('x-amz-security-token') !== credential.sessionToken) {
    throw new S3Error('InvalidToken', 400, 'The provided token is malformed or otherwise invalid.');
  }

  const policy = requireField(fields, 'policy');
  const provided = requireField(fields, 'x-amz-signature');
  if (
    !isEqual(provided, sign(credential.secretAccessKey, { date: scope.date, region: known.region }, policy))
  ) {
    throw new S3Error(
      'SignatureDoesNotMatch',
      403,
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      { AWSAccessKeyId: scope.accessKeyId, StringToSign: policy, SignatureProvided: provided },
    );
  }
}

function refuseOtherSignatures(fields: ReadonlyMap<string, string>): void {
  if (fields.has('awsaccesskeyid') || fields.has('signature')) {
    throw new S3Error(
      'InvalidRequest',
      400,
      `The authorization mechanism you have provided is not supported. Please use ${ALGORITHM}.`,
    );
  }
  if (!SIGNING_FIELDS.some((name) => fields.has(name)))
    throw new S3Error('AccessDenied', 403, 'Access Denied');
  for (const name of SIGNING_FIELDS) requireField(fields, name);
  const algorithm = requireField(fields, 'x-amz-algorithm');
  if (algorithm !== ALGORITHM) throw invalidArgument('x-amz-algorithm', algorithm, `must be ${ALGORITHM}`);
}

function requireField(fields: ReadonlyMap<string, string>, name: string): string {
  const value = fields.get(name);
  if (value === undefined || value === '') {
    throw new S3Error(
      'InvalidArgument',
      400,
      `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`,
      { ArgumentName: name, ArgumentValue: '' },
    );
  }
  return value;
}

interface Scope {
  readonly accessKeyId: string;
  /** `YYYYMMDD`. */
  readonly date: string;
}

function parseCredential(value: string, region: string): Scope {
  const [accessKeyId, date, signedRegion, service, end, ...more] = value.split('/');
  if (
    !accessKeyId ||
    !date ||
    !/^\d{8}$/.test(date) ||
    service !== 's3' ||
    end !== 'aws4_request' ||
    more.length
  ) {
    throw invalidArgument('x-amz-credential', value, 'must be <key>/<YYYYMMDD>/<region>/s3/aws4_request');
  }
  if (signedRegion !== region) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      400,
      `The authorization header is malformed; the region '${signedRegion}' is wrong; expecting '${region}'`,
      { Region: region },
    );
  }
  return { accessKeyId, date };
}

function checkDate(value: string, scopeDate: string): void {
  if (!LONG_DATE.test(value)) {
    throw invalidArgument('x-amz-date', value, "must be in the ISO8601 Long Format yyyyMMdd'T'HHmmss'Z'");
  }
  if (!value.startsWith(scopeDate)) {
    throw invalidArgument('x-amz-date', value, `must have the date of x-amz-credential, ${scopeDate}`);
  }
}

function isEqual(provided: string, expected: string): boolean {
  const [left, right] = [Buffer.from(provided), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function invalidArgument(name: string, value: string, rule: string): S3Error {
  return new S3Error('InvalidArgument', 400, `${name} ${rule}`, { ArgumentName: name, ArgumentValue: value });
}
