import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { provision, startLocalAws } from '@upload-once/local-aws';
import type { Test } from 'tap';

/** S3 and DynamoDB of this machine with bucket and tables, for one file of tests. */
export async function startLocal(t: Test) {
  const localAws = await startLocalAws();
  t.teardown(() => localAws.stop());
  const { endpoints, region, credentials } = localAws;
  const common = { region, credentials };
  const s3Config = { ...common, endpoint: endpoints.s3, forcePathStyle: true };
  const s3 = new S3Client(s3Config);
  const sqs = new SQSClient({ ...common, endpoint: endpoints.sqs });
  const dynamoDbConfig = { ...common, endpoint: endpoints.dynamodb };
  const dynamoDb = new DynamoDBClient(dynamoDbConfig);
  t.teardown(() => {
    for (const client of [s3, sqs, dynamoDb]) client.destroy();
  });
  const provisioned = await provision(
    { s3, sqs, dynamoDb, sqsEndpoint: endpoints.sqs },
    { bucket: 'uploads-test', visibilitySeconds: 30, maxReceiveCount: 5 },
  );
  return { ...provisioned, s3, s3Config, dynamoDbConfig, calls: localAws.calls };
}
