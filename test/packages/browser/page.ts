// What runs in the browser: `browser.test.ts` bundles it with the packed library, and reads what it posts.
import { createUpload, fileSha256, getUpload, revokeUpload, uploadFile } from '@upload-once/client';

declare const location: { readonly hash: string };
const access = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const file = { blob: new Blob(['by a page']), name: 'page.txt' };
const sizeBytes = file.blob.size;

async function upload(method: 'post' | 'put') {
  const sha256 = await fileSha256(file.blob);
  const sized = { minBytes: sizeBytes, maxBytes: sizeBytes };
  const { id, form } = await createUpload({ ...access, method, sha256, contentType: 'text/plain', ...sized });
  let sentBytes = 0;
  const onProgress = (progress: { readonly sentBytes: number }) => {
    sentBytes = progress.sentBytes;
  };
  const result = await uploadFile({ form, file, onProgress });
  return { id, form, result, sentBytes, knows: (await getUpload(access, id)).id === id };
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error) => [error.code, error.s3Code ?? error.issuerCode].filter(Boolean).join(' '),
  );

async function run() {
  const [posted, put] = [await upload('post'), await upload('put')];
  const unused = await createUpload({ ...access });
  return {
    uploads: [posted, put],
    sizeBytes,
    secondPut: await codeOf(uploadFile({ form: put.form, file })),
    tampered: await codeOf(
      uploadFile({
        form: {
          ...posted.form,
          fields: { ...('fields' in posted.form && posted.form.fields), key: 'uploads/other' },
        },
        file,
      }),
    ),
    noSuchHost: await codeOf(uploadFile({ form: { ...unused.form, url: 'https://s3.invalid/' }, file })),
    path: await codeOf(uploadFile({ form: unused.form, file: '/etc/hostname' })),
    revoked: await codeOf(revokeUpload(access, unused.id)),
    unknown: await codeOf(getUpload(access, 'none')),
  };
}

run()
  .catch((error) => ({ failed: String(error.stack) }))
  .then((result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) }));
