import { UploadRefused } from './errors.ts';
import { readXml } from './read-xml.ts';
import type { UploadForm, UploadPut } from './upload-form.ts';

/** What S3 says in the XML of an error (Amazon S3 API Reference, "Error responses"); empty when there is none. */
export interface S3Error {
  readonly code?: string;
  readonly message?: string;
  readonly maxSizeAllowed?: string;
  readonly minSizeAllowed?: string;
}

export function readS3Error(xml: string): S3Error {
  const document = readXml(xml);
  if (document?.root !== 'Error') return {};
  const said = {
    code: document.texts.get('Code'),
    message: document.texts.get('Message'),
    maxSizeAllowed: document.texts.get('MaxSizeAllowed'),
    minSizeAllowed: document.texts.get('MinSizeAllowed'),
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value));
}

/** Whether it is the document with which S3 responds to a form that asks for 201 (Amazon S3 API Reference, "POST Object"). */
export function isPostResponse(xml: string): boolean {
  return readXml(xml)?.root === 'PostResponse';
}

/** S3's refusal in plain words: what was wrong and what to do about it. */
export function refusalOf(
  status: number,
  error: S3Error,
  upload: { readonly form: UploadForm | UploadPut; readonly sizeBytes: number },
): UploadRefused {
  return new UploadRefused(plainWords(error, upload.form, upload.sizeBytes), {
    status,
    s3Code: error.code,
    s3Message: error.message,
  });
}

function plainWords(error: S3Error, form: UploadForm | UploadPut, sizeBytes: number): string {
  const said = error.message ? `: “${error.message}”` : '';
  switch (error.code) {
    case 'AccessDenied':
      if (/expired/i.test(error.message ?? '')) {
        return `the form has expired (it was good until ${form.expiresAt.toISOString()}): ask for a new one`;
      }
      if (/policy/i.test(error.message ?? '')) {
        return `a field of the form is not what was signed; the form must be sent exactly as it was given${said}`;
      }
      return `S3 does not allow this upload; the signer of the form lacks the permission${said}. Tell the people who run the service`;
    case 'SignatureDoesNotMatch':
      return 'the policy or the signature of the form was changed, or it was signed with another secret; send the form exactly as it was given';
    case 'InvalidPolicyDocument':
      return `S3 can't read the policy of the form; send the form exactly as it was given${said}`;
    case 'ExpiredToken':
    case 'InvalidToken':
    case 'InvalidAccessKeyId':
      return `the credentials that the form was signed with are no longer good: ask for a new one${said}`;
    case 'PreconditionFailed':
      return `something was uploaded before with the presigned URL of this upload, as ${form.key}. This try stored nothing. Your file may be stored already`;
    case 'EntityTooLarge':
      return `the file is too large${sizes(sizeBytes, 'the form allows up to', error.maxSizeAllowed)}`;
    case 'EntityTooSmall':
      return `the file is too small${sizes(sizeBytes, 'the form asks for at least', error.minSizeAllowed)}`;
    case 'BadDigest':
    case 'XAmzContentSHA256Mismatch':
      return `the file is not the one that the form was made for: its checksum differs${said}`;
    case 'RequestTimeout':
      return 'nothing came through the connection for too long, and S3 gave up waiting. The file was not stored: upload it again';
    case 'SlowDown':
    case 'ServiceUnavailable':
      return 'S3 is too busy to take the upload now. The file was not stored: upload it again later';
    case 'NoSuchBucket':
      return 'the bucket that the form is for does not exist';
    default:
      if (error.code === undefined)
        return 'the file was not stored. The upload was refused by a response that has no error code of S3: something between here and S3 may have refused it, such as a proxy or a firewall. Ask the people who run your network, then upload the file again';
      return `S3 refused the upload${said}. The file was not stored: upload it again, and if that fails too, tell the people who run the service`;
  }
}

function sizes(sizeBytes: number, allows: string, limit: string | undefined): string {
  return `: it has ${sizeBytes} bytes${limit ? `, ${allows} ${limit}` : ''}`;
}
