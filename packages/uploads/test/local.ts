import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { provision, startLocalAws } from '@upload-once/local-aws';
import { lighten, s3ClientConfig } from '@upload-once/runtime';
import type { Test } from 'tap';

/** S3 and DynamoDB of this machine with bucket and tables, for one file of tests. The client of S3 is the one that services have. */
export async function startLocal(t: Test) {
  const localAws = await startLocalAws();
  t.teardown(() => localAws.stop());
  const { endpoints, region, credentials } = localAws;
  const common = { region, credentials };
  const s3Config = {
    ...s3ClientConfig({ region, forcePathStyle: true }),
    ...common,
    endpoint: endpoints.s3,
  };
  const s3 = lighten(new S3Client(s3Config));
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
