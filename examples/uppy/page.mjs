import '@uppy/core/css/style.min.css';
import '@uppy/dashboard/css/style.min.css';
import { uploadIdIn, uppyAwsS3Options } from '@upload-once/client';
import AwsS3 from '@uppy/aws-s3';
import Uppy from '@uppy/core';
import Dashboard from '@uppy/dashboard';

const getForm = ({ name, type, size }) => ask('POST', '/uploads', { name, type, size });
const revoke = (id) => ask('DELETE', `/uploads/${id}`);

new Uppy()
  .use(Dashboard, { target: '#uppy', inline: true })
  .use(AwsS3, uppyAwsS3Options({ getForm, revoke }))
  .on('upload-success', async (file, { body }) => {
    const line = document.createElement('li');
    document.querySelector('ul').append(line);
    await follow(uploadIdIn(body.key), (words) => {
      line.textContent = `${file.name}: ${words}`;
    });
  });

/** Shows each state of an upload, to its end. */
async function follow(id, say) {
  let state = 'ISSUED';
  while (!['PROCESSED', 'FAILED', 'REVOKED'].includes(state)) {
    const status = await ask('GET', `/uploads/${id}?state=${state}`);
    state = status.state;
    say(status.duplicates > 0 ? `${state}, duplicates: ${status.duplicates}` : state);
  }
}

async function ask(method, path, body) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(path, { method, ...(body && { headers, body: JSON.stringify(body) }) });
  const text = await response.text();
  const json = text && JSON.parse(text);
  if (!response.ok) throw new Error(json.message);
  return json;
}
