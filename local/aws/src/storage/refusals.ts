import { S3Error } from '../s3-error.ts';

export function preconditionFailed(condition: string): S3Error {
  return new S3Error(
    'PreconditionFailed',
    412,
    'At least one of the pre-conditions you specified did not hold',
    { Condition: condition },
  );
}

export function noSuchKey(key: string): S3Error {
  return new S3Error('NoSuchKey', 404, 'The specified key does not exist.', { Key: key });
}

export function noSuchVersion(key: string, versionId: string): S3Error {
  return new S3Error('NoSuchVersion', 404, 'The specified version does not exist.', {
    Key: key,
    VersionId: versionId,
  });
}

export function bucketNotEmpty(name: string): S3Error {
  return new S3Error('BucketNotEmpty', 409, 'The bucket you tried to delete is not empty', {
    BucketName: name,
  });
}

export function tooLarge(sizeBytes: number, maxBytes: number): S3Error {
  return new S3Error('EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed size', {
    ProposedSize: String(sizeBytes),
    MaxSizeAllowed: String(maxBytes),
  });
}

export function conflict(key: string, condition: string): S3Error {
  return new S3Error(
    'ConditionalRequestConflict',
    409,
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
    { Condition: condition, Key: key },
  );
}
