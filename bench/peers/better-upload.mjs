import { S3Client } from '@aws-sdk/client-s3';
import { handleRequest, route } from 'better-upload/server';
import Fastify from 'fastify';

// better-upload as its documentation shows it: a router with one route, a key of its own for each file, and a presigned PUT as the response.
const router = {
  client: new S3Client(),
  bucketName: process.env.BUCKET ?? '',
  routes: {
    upload: route({
      fileTypes: ['application/pdf'],
      maxFileSize: 10_000_000,
      signedUrlExpiresIn: 600,
      onBeforeUpload: ({ file }) => ({
        objectInfo: { key: `uploads/${crypto.randomUUID()}-${file.name}` },
      }),
    }),
  },
};

const app = Fastify();
app.addContentTypeParser('application/json', { parseAs: 'string' }, async (_request, body) => body);
app.post('/upload', ({ headers, body }) =>
  handleRequest(new Request('http://127.0.0.1/upload', { method: 'POST', headers, body }), router),
);
console.log(`listening at ${await app.listen({ host: '127.0.0.1', port: 0 })}`);
