import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Responds to each call as DynamoDB and S3 do when all is well. A program of its own, so that its CPU is not counted. */
const item = {
  Attributes: {
    FullFilename: { S: 'uploads/UploadFilename-20261129_050607-abcdefghijklmnopqrstuvwxyz' },
    item: { S: 'upload' },
    state: { S: 'CLAIMED' },
    schemaVersion: { N: '1' },
    constraints: { M: { method: { S: 'post' }, minBytes: { N: '0' }, maxBytes: { N: '5368709120' } } },
    versionId: { S: 'x'.repeat(32) },
    eTag: { S: 'a'.repeat(32) },
    claimedAt: { S: '2026-11-29T05:06:07.890Z' },
  },
};
const copied =
  '<?xml version="1.0" encoding="UTF-8"?><CopyObjectResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
  '<LastModified>2026-11-29T05:06:07.000Z</LastModified><ETag>&quot;aaaa&quot;</ETag></CopyObjectResult>';

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume().on('end', () => {
    if (request.headers['x-amz-target'] !== undefined) response.end(JSON.stringify(item));
    else response.setHeader('content-type', 'application/xml').end(copied);
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening at http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
