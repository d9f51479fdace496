// Run as a process of its own: uploads one file many times, some at once, and prints as JSON what that took. Arguments: by what, the
// URL, the file, how often.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { uploadFile } from '@upload-once/client';
import { CLIENT, NODE_HTTP, type SmallFilesFigure } from './report.ts';

const AT_ONCE = 16;
const FIELDS = { key: 'a', policy: 'p' };
const BOUNDARY = 'upload-once-0123456789abcdef';
const [name = '', url = '', file = '', count = ''] = process.argv.slice(2);
const uploads: Readonly<Record<string, () => Promise<unknown>>> = { [CLIENT]: byClient, [NODE_HTTP]: byNode };
const upload = uploads[name];
if (!upload) throw new Error(`no such program: ${name}`);

let left = Number(count);
const [startedAtMs, cpuBefore] = [performance.now(), process.cpuUsage()];
const uploadAll = async () => {
  while (left-- > 0) await upload();
};
await Promise.all(Array.from({ length: AT_ONCE }, uploadAll));
const { user, system } = process.cpuUsage(cpuBefore);
const took: Record<SmallFilesFigure, number> = {
  seconds: (performance.now() - startedAtMs) / 1_000,
  cpuSeconds: (user + system) / 1e6,
};
console.log(JSON.stringify(took));

async function byClient(): Promise<unknown> {
  return uploadFile({ form: { url, fields: FIELDS, key: 'a', expiresAt: new Date() }, file });
}

/** As anyone writes it in ten minutes: the whole body in memory, and no other look at the response than at its status. */
async function byNode(): Promise<void> {
  const field = ([name, value]: string[]) =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const body = Buffer.concat([
    Buffer.from(Object.entries(FIELDS).map(field).join('')),
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n\r\n`),
    await readFile(file),
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]);
  const headers = {
    'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
    'content-length': body.length,
  };
  const sent = request(url, { method: 'POST', agent: false, headers });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  if (response.statusCode !== 204) throw new Error(`node:http got ${response.statusCode}`);
}
