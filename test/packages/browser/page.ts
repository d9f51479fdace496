// What runs in the browser: `browser.test.ts` bundles it with the packed library, and reads what it posts.
import { fileSha256, type UploadForm, uploadFile } from '@upload-once/client';

const file = { blob: new Blob(['by a page']), name: 'page.txt' };
const sizeBytes = file.blob.size;

/** The page's own server has the API key. */
async function requestForm(conditions: object = {}): Promise<UploadForm> {
  const response = await fetch('/form', { method: 'POST', body: JSON.stringify(conditions) });
  return (await response.json()) as UploadForm;
}

async function upload(method: 'post' | 'put') {
  const sha256 = await fileSha256(file.blob);
  const sized = { minBytes: sizeBytes, maxBytes: sizeBytes };
  const form = await requestForm({ method, sha256, contentType: 'text/plain', ...sized });
  let sentBytes = 0;
  const onProgress = (progress: { readonly sentBytes: number }) => {
    sentBytes = progress.sentBytes;
  };
  const result = await uploadFile({ form, file, onProgress });
  return { form, result, sentBytes };
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error) => [error.code, error.s3Code].filter(Boolean).join(' '),
  );

async function run() {
  const [posted, put] = [await upload('post'), await upload('put')];
  const unused = await requestForm();
  return {
    uploads: [posted, put],
    sizeBytes,
    secondPut: await codeOf(uploadFile({ form: put.form, file })),
    tampered: await codeOf(
      uploadFile({
        form: { ...posted.form, fields: { ...posted.form.fields, key: 'uploads/other' } },
        file,
      }),
    ),
    noSuchHost: await codeOf(uploadFile({ form: { ...unused, url: 'https://s3.invalid/' }, file })),
    path: await codeOf(uploadFile({ form: unused, file: '/etc/hostname' })),
  };
}

run()
  .catch((error) => ({ failed: String(error.stack) }))
  .then((result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) }));
