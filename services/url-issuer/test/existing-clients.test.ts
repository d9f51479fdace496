import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import t from 'tap';
import { createUploadSigner } from '../src/signing/upload-signer.ts';
import { appUnderTest, KEY_VALUE } from './app-under-test.ts';

/** Asks for a form, posts the file with it, gives the status of the second response. */
async function upload(issuerUrl: string, filePath: string): Promise<number> {
  const response = await fetch(issuerUrl, { headers: { 'x-api-key': KEY_VALUE } });
  const { url } = (await response.json()) as { url: { url: string; fields: Record<string, string> } };
  const form = new FormData();
  for (const [name, value] of Object.entries(url.fields)) form.append(name, value);
  form.append('file', await openAsBlob(filePath), 'a file.bin');
  return (await fetch(url.url, { method: 'POST', body: form })).status;
}

t.test('a client uploads without knowing more than the contract', async (t) => {
  const bucket = await startBucket(t);
  const { app } = await appUnderTest(t, {
    pathPrefix: '/prod',
    signer: createUploadSigner({
      client: new S3Client({
        region: 'eu-central-1',
        endpoint: bucket.endpoint,
        forcePathStyle: true,
        credentials: { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' },
      }),
      bucket: 'upload-bucket',
      now: () => new Date(),
    }),
  });
  const issuer = await app.listen({ host: '127.0.0.1', port: 0 });
  const filePath = join(t.testdir({}), 'a file.bin');
  await writeFile(filePath, 'the bytes of the file');

  t.equal(await upload(`${issuer}/prod/getpresignedurl`, filePath), 204);
  t.equal(bucket.posts.length, 1);
  const [post] = bucket.posts;
  t.equal(post?.path, '/upload-bucket');
  const names = [...(post?.form.keys() ?? [])];
  t.equal(names.at(-1), 'file', 'S3 ignores what follows the file');
  t.strictSame(names.slice(0, -1).sort(), [
    'key',
    'policy',
    'x-amz-algorithm',
    'x-amz-credential',
    'x-amz-date',
    'x-amz-security-token',
    'x-amz-signature',
  ]);
  t.match(post?.form.get('key'), /^uploads\/UploadFilename-/);
  const file = post?.form.get('file');
  t.equal(file instanceof Blob && (await file.text()), 'the bytes of the file');
});

/** Takes any form, as S3 takes a good one, and remembers it. */
async function startBucket(t: Parameters<typeof appUnderTest>[0]) {
  const posts: { path: string | undefined; form: FormData }[] = [];
  const server = createServer(async (request, response) => {
    const body = new Request('http://bucket/', {
      method: 'POST',
      headers: { 'content-type': String(request.headers['content-type']) },
      body: request,
      duplex: 'half',
    });
    posts.push({ path: request.url, form: await body.formData() });
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { posts, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
