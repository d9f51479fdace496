import Fastify from 'fastify';

/** The limit of what an issuer on Fastify can do: a response of the same size, without any work. */
const FORM = {
  url: {
    url: 'https://upload-bucket.s3.eu-central-1.amazonaws.com/',
    fields: {
      key: 'uploads/UploadFilename-20250304T050607890Z-0123456789abcdef0123456789abcdef',
      'x-amz-algorithm': 'AWS4-HMAC-SHA256',
      'x-amz-credential': 'AKIDEXAMPLE/20250304/eu-central-1/s3/aws4_request',
      'x-amz-date': '20250304T050607Z',
      policy: 'x'.repeat(600),
      'x-amz-signature': '0'.repeat(64),
    },
  },
};

const app = Fastify();
app.get('/getpresignedurl', async () => FORM);
console.log(`listening at ${await app.listen({ host: '127.0.0.1', port: 0 })}`);
