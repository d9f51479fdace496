import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { deployment, dynamoDb } from './deployment.ts';
import { eventually } from './eventually.ts';

/** An item of the table `uploads`, as stored: packages/uploads/src/domain/item.ts. */
export interface UploadRecord {
  readonly filename?: string;
  readonly FullFilename: string;
  readonly item: string;
  readonly state: string;
  readonly versionId?: string;
  readonly sizeBytes?: number;
  readonly storedAt?: string;
  readonly acceptedVersionId?: string;
  readonly acceptedAt?: string;
  readonly processedAt?: string;
  readonly attempt: number;
  readonly reported?: boolean;
  readonly deleteAt: number;
}

const TableName = deployment.uploadsTable;

export async function readUpload(key: string): Promise<UploadRecord | undefined> {
  const Key = { FullFilename: key, item: 'upload' };
  const response = await dynamoDb.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
  return response.Item as UploadRecord | undefined;
}

/** Everything that was recorded under a key beside the upload itself, as `<kind>#<versionId>`. */
export async function readObservedVersions(key: string): Promise<UploadRecord[]> {
  const query = new QueryCommand({
    TableName,
    ConsistentRead: true,
    KeyConditionExpression: 'FullFilename = :key',
    ExpressionAttributeValues: { ':key': key },
  });
  const { Items = [] } = await dynamoDb.send(query);
  return (Items as UploadRecord[]).filter(({ item }) => /^(duplicate|refused|orphan)#/.test(item));
}

export function processed(key: string): Promise<UploadRecord> {
  return eventually(
    `PROCESSED of ${key}`,
    () => readUpload(key),
    (upload) => upload?.state === 'PROCESSED',
  ) as Promise<UploadRecord>;
}

/** Waits until so many other versions are recorded and reported. */
export function reportedObservedVersions(key: string, count: number): Promise<UploadRecord[]> {
  return eventually(
    `${count} observed versions of ${key}`,
    () => readObservedVersions(key),
    (found) => found.length >= count && found.every((each) => each.reported === true),
  );
}
