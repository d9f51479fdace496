// The library's one file for browsers: dist/browser.js of the package.
import { parseForm, UploadOutcomeUnknown, uploadFile } from './client.js';

const form = document.querySelector('form');
const bar = document.querySelector('progress');
const { cancel } = form.elements;

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const [file] = form.elements.file.files;
  const stop = new AbortController();
  cancel.onclick = () => stop.abort();
  cancel.disabled = false;
  say('Sending …');
  try {
    await send(file, stop.signal);
  } catch (error) {
    say(`Not sent: ${error.message}`);
  }
  cancel.disabled = true;
});

// After a reload, too.
if (location.hash) follow(location.hash.slice(1));

/** Sends a file once, with a form of its own. */
async function send(file, signal) {
  const { id, ...given } = await ask('POST', '/uploads', {
    name: file.name,
    type: file.type,
    size: file.size,
  });
  location.hash = id;
  try {
    await uploadFile({
      form: parseForm(given),
      file: { blob: file, name: file.name },
      signal,
      onProgress: ({ sentBytes, totalBytes }) => {
        bar.value = sentBytes / totalBytes;
      },
    });
  } catch (error) {
    if (!(error instanceof UploadOutcomeUnknown)) throw error;
    say('Finding out what became of the file …');
    const { state } = await ask('GET', `/uploads/${id}?state=ISSUED`);
    // Once it is revoked, nothing that was sent with this form counts, however late it comes.
    if (state === 'ISSUED') {
      await ask('DELETE', `/uploads/${id}`);
      return say('Nothing was received. Send the file again.');
    }
  }
  await follow(id);
}

/** Shows each state of an upload, to its end. */
async function follow(id) {
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

function say(words) {
  document.querySelector('[role=status]').textContent = words;
}
