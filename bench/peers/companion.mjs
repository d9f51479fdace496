import { tmpdir } from 'node:os';
import * as companion from '@uppy/companion';
import express from 'express';

// Uppy Companion as its documentation shows it, in an Express app: a form with a key of its own for each file.
const { AWS_REGION: region, AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret, BUCKET } = process.env;
const { app: companionApp } = companion.app({
  s3: {
    key,
    secret,
    region,
    bucket: BUCKET,
    expires: 600,
    conditions: [['content-length-range', 0, 10_000_000]],
    getKey: ({ filename }) => `uploads/${crypto.randomUUID()}-${filename}`,
  },
  server: { host: '127.0.0.1' },
  filePath: tmpdir(),
  secret: 'only for a bench',
  uploadUrls: ['https://upload-bucket.s3.eu-central-1.amazonaws.com/'],
  corsOrigins: true,
  metrics: false,
});

const app = express();
app.use(express.json());
app.use(companionApp);
const server = app.listen(0, '127.0.0.1', () =>
  console.log(`listening at http://127.0.0.1:${server.address().port}`),
);
