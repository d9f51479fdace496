/** The handler of the acceptance suite: it fails where the upload's metadata asks for it. */
export async function handleUpload({ metadata }) {
  if (metadata.processing !== 'fails') return;
  throw Object.assign(new Error('it was asked to fail'), { clientMessage: 'You asked for it.' });
}
