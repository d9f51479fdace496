/**
 * The handler of the acceptance suite: it fails an upload whose metadata has `fail`, and tells the client that text.
 * @type {import('@upload-once/processor').Handler}
 */
export async function handleUpload({ metadata }) {
  const { fail } = metadata;
  if (fail !== undefined) throw Object.assign(new Error('as its metadata asks'), { clientMessage: fail });
}
