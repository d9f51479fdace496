import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { readSettings } from './main-settings.ts';
import { provision } from './provision.ts';
import { startLocalAws } from './start.ts';

/**
 * The process: starts everything, provisions it, then prints one line of JSON with the endpoints and names, so that
 * another process can start services on it. SIGTERM or SIGINT stops it, exit code 0.
 */
const { settings, violations } = readSettings(process.env);
if (settings === undefined) {
  for (const violation of violations) process.stderr.write(`${violation}\n`);
  process.exit(78);
}

const localAws = await startLocalAws({
  ...settings.localAws,
  onFault: (error) =>
    process.stderr.write(`S3 failed: ${error instanceof Error ? error.stack : String(error)}\n`),
}).catch((error: unknown) => {
  // An occupied port, a folder that cannot be written: the message says which.
  process.stderr.write(
    `local-aws could not start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  return process.exit(78);
});
const { endpoints, region, credentials } = localAws;
// Copies: the SDK writes into what it is given.
const common = { region, credentials: { ...credentials } };
const s3 = new S3Client({ ...common, endpoint: endpoints.s3, forcePathStyle: true });
const sqs = new SQSClient({ ...common, endpoint: endpoints.sqs });
const dynamoDb = new DynamoDBClient({ ...common, endpoint: endpoints.dynamodb });
const provisioned = await provision({ s3, sqs, dynamoDb, sqsEndpoint: endpoints.sqs }, settings.provision);
for (const client of [s3, sqs, dynamoDb]) client.destroy();

process.stdout.write(`${JSON.stringify({ endpoints, credentials, ...provisioned, region })}\n`);

const stop = () => {
  process.removeAllListeners('SIGTERM').removeAllListeners('SIGINT');
  localAws.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`local-aws did not stop cleanly: ${String(error)}\n`);
      process.exit(1);
    },
  );
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
