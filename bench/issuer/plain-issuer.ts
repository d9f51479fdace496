import { createHash, randomBytes } from 'node:crypto';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import rateLimit from '@fastify/rate-limit';
import Fastify from 'fastify';

/**
 * An issuer as anyone writes it in an hour: an API key by its hash, a rate, an item for each upload by PutItem, and a form by the AWS
 * SDK. It writes no log, counts no metric, and knows no quota.
 */
const { UPLOADS_TABLE: TableName, BUCKET: Bucket = '', API_KEY = '' } = process.env;
const hashOf = (key: string) => createHash('sha256').update(key).digest('hex');
const keyHash = hashOf(API_KEY);

const dynamoDb = new DynamoDBClient();
const s3 = new S3Client();
const app = Fastify();
await app.register(rateLimit, { max: 1_000_000, timeWindow: 1_000 });

app.get('/getpresignedurl', async (request, reply) => {
  if (hashOf(String(request.headers['x-api-key'])) !== keyHash) {
    return reply.code(403).send({ message: 'Forbidden' });
  }
  const issuedAt = new Date().toISOString();
  const Key = `uploads/UploadFilename-${issuedAt}-${randomBytes(16).toString('hex')}`;
  const form = await createPresignedPost(s3, {
    Bucket,
    Key,
    Conditions: [['content-length-range', 0, 5_368_709_120]],
    Expires: 600,
  });
  const put = new PutItemCommand({
    TableName,
    Item: {
      uploadKey: { S: Key },
      item: { S: 'upload' },
      state: { S: 'ISSUED' },
      issuedAt: { S: issuedAt },
      deleteAt: { N: String(Math.floor(Date.now() / 1000) + 86_400) },
    },
    ConditionExpression: 'attribute_not_exists(uploadKey)',
  });
  await dynamoDb.send(put);
  return { url: form };
});

console.log(`listening at ${await app.listen({ host: '127.0.0.1', port: 0 })}`);
