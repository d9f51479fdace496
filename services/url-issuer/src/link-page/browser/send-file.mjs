/**
 * Sends a file once, and never again by itself.
 * @param {import('./service.mjs').Signed} signed
 * @param {File} file
 * @param {{ signal: AbortSignal, onProgress: (ratio: number) => void }} options
 * @returns {Promise<{ status: number, versionId: string | null }>} status 0: it was cancelled, or the connection broke. What became of the
 *   file is then unknown.
 */
export function sendFile(signed, file, { signal, onProgress }) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.upload.addEventListener('progress', ({ loaded, total }) =>
      onProgress(total ? loaded / total : 1),
    );
    request.addEventListener('loadend', () =>
      resolve({
        status: request.status,
        versionId: request.status ? request.getResponseHeader('x-amz-version-id') : null,
      }),
    );
    signal.addEventListener('abort', () => request.abort());
    request.open(signed.method, signed.url);
    for (const [name, value] of Object.entries(signed.headers ?? {})) {
      // The browser sets it, and lets no script do so.
      if (name !== 'content-length') request.setRequestHeader(name, value);
    }
    request.send(signed.fields ? formOf(signed.fields, file) : file);
  });
}

/**
 * S3 takes the file as the last field.
 * @param {Record<string, string>} fields
 * @param {File} file
 */
function formOf(fields, file) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', file);
  return form;
}
