import { createHash } from 'node:crypto';
import t from 'tap';
import { policyUntil, s3ErrorXml } from '../../../test/support/form-servers.ts';
import { EXPIRES_AT } from '../../../test/support/v1-server.ts';
import * as page from '../src/browser.ts';
import * as node from '../src/index.ts';

// The browser's entry on an XMLHttpRequest that does what a test says; test/packages has a real browser.

type Event = 'progress' | 'load' | 'error';
const URL_OF_S3 = 'https://s3.test/bucket';
const FORM = {
  url: URL_OF_S3,
  fields: { key: 'uploads/a', policy: policyUntil(EXPIRES_AT) },
  key: 'uploads/a',
  expiresAt: new Date(EXPIRES_AT),
};
const PUT = {
  url: `${URL_OF_S3}/uploads/a?X-Amz-Signature=s`,
  headers: { 'content-length': '5', 'If-None-Match': '*' },
  key: 'uploads/a',
  expiresAt: new Date(EXPIRES_AT),
};

class FakeXhr {
  static last: FakeXhr;
  readonly listeners: Record<string, (event: { loaded: number }) => void> = {};
  readonly headers: Record<string, string> = {};
  readonly upload = {
    addEventListener: (name: string, listener: () => void) => {
      this.listeners[`upload ${name}`] = listener;
    },
  };
  status = 0;
  responseText = '';
  responseURL = '';
  method = '';
  sent: Blob | undefined;
  isAborted = false;
  responseHeaders = '';

  constructor() {
    FakeXhr.last = this;
  }
  addEventListener(name: string, listener: () => void) {
    this.listeners[name] = listener;
  }
  open(method: string, url: string) {
    this.method = method;
    this.responseURL = url;
  }
  setRequestHeader(name: string, value: string) {
    if (/[\r\n]/.test(value)) throw new SyntaxError(`${name} can't be sent`);
    this.headers[name] = value;
  }
  getAllResponseHeaders() {
    return this.responseHeaders;
  }
  send(body: Blob) {
    this.sent = body;
    onSend(this);
  }
  abort() {
    this.isAborted = true;
  }
  fire(name: `upload ${Event}` | Event, loaded = 0) {
    this.listeners[name]?.({ loaded });
  }
  sentWhole() {
    this.fire('upload progress', this.sent?.size);
    this.fire('upload load', this.sent?.size);
    return this;
  }
  respond(status: number, body = '', headers = '') {
    this.status = status;
    this.responseText = body;
    this.responseHeaders = headers;
    this.fire('load');
  }
}

let onSend: (xhr: FakeXhr) => void = () => {};
const thrown: unknown[] = [];
Object.assign(globalThis, { XMLHttpRequest: FakeXhr, reportError: (error: unknown) => thrown.push(error) });

/** Uploads "hello" while the other side does that. */
function upload(does: (xhr: FakeXhr) => void, options: Partial<node.UploadOptions> = {}) {
  onSend = (xhr) => queueMicrotask(() => does(xhr));
  return page.uploadFile({
    form: FORM,
    file: { blob: new Blob(['hello'], { type: 'a/b' }), name: 'a' },
    ...options,
  });
}

t.test('a page gets the names of Node’s entry, but for those that need an API key', async (t) => {
  const sameTypes: Pick<typeof node, keyof typeof page> = page;
  const { createUpload, getUpload, requestUpload, revokeUpload, watchUpload, FINAL_STATES, ...rest } = node;
  const { changeLink, createLink, listLinks, revokeLink, ...others } = rest;
  t.strictSame(Object.keys(sameTypes).sort(), Object.keys(others).sort());
});

t.test('S3’s success response to the whole file proves that it was stored: a form', async (t) => {
  const progress: unknown[] = [];
  const stored = await upload(
    (xhr) => xhr.sentWhole().respond(204, '', 'etag: "e"\r\nx-amz-version-id: v\r\n'),
    {
      onProgress: (each) => progress.push(each),
    },
  );
  t.strictSame(stored, { status: 204, key: 'uploads/a', sizeBytes: 5, versionId: 'v', eTag: 'e' });
  t.strictSame(progress.at(-1), { sentBytes: 5, totalBytes: 5 });
  const { method, headers, sent } = FakeXhr.last;
  const [, boundary] = /^multipart\/form-data; boundary=(\S+)$/.exec(headers['content-type'] ?? '') ?? [];
  t.equal(method, 'POST');
  t.match(await sent?.text(), new RegExp(`name="key"\r\n\r\nuploads/a\r\n[^]*hello\r\n--${boundary}--\r\n$`));
});

t.test('S3’s success response to the whole file proves that it was stored: a PUT', async (t) => {
  const stored = await upload((xhr) => xhr.sentWhole().respond(200, '', 'ETag: "e"\r\n'), { form: PUT });
  t.strictSame(stored, { status: 200, key: 'uploads/a', sizeBytes: 5, eTag: 'e' });
  const { method, headers, sent } = FakeXhr.last;
  t.strictSame(
    [method, headers],
    ['PUT', { 'if-none-match': '*' }],
    'the browser sends the length by itself',
  );
  t.equal(sent?.type, '', 'nor a type that was not signed');
  t.equal(await sent?.text(), 'hello');
});

const unknown: Record<string, (xhr: FakeXhr) => void> = {
  'a success before the browser has said that all was sent': (xhr) => xhr.respond(204),
  'a success after a redirect': (xhr) => {
    xhr.responseURL = 'https://login.test/';
    xhr.sentWhole().respond(204);
  },
  'a page of a proxy': (xhr) => xhr.sentWhole().respond(200, '<html></html>'),
  'a gateway that gave up, though not all seems sent': (xhr) => xhr.respond(504),
  'a connection that broke before the first byte seems sent': (xhr) => xhr.fire('error'),
  'a connection that broke after all was sent': (xhr) => xhr.sentWhole().fire('error'),
  'a response without an end': (xhr) => {
    xhr.status = 409;
    xhr.responseText = s3ErrorXml('OperationAborted', 'm');
    xhr.sentWhole().fire('progress', 64 * 1024 + 1);
  },
};
for (const [what, does] of Object.entries(unknown)) {
  t.test(`P4: nothing is known after ${what}`, async (t) => {
    await t.rejects(upload(does), {
      name: 'Error',
      code: 'UploadOutcomeUnknown',
      key: 'uploads/a',
      totalBytes: 5,
      message: /may or may not have been stored as uploads\/a/,
    });
  });
}

t.test('S3’s refusal is one, whatever was sent', async (t) => {
  for (const sent of [true, false])
    await t.rejects(
      upload((xhr) => (sent ? xhr.sentWhole() : xhr).respond(403, s3ErrorXml('AccessDenied', 'm'))),
      { code: 'UploadRefused', status: 403, s3Code: 'AccessDenied' },
    );
});

t.test('a signal breaks it off: before, nothing was sent; later, nothing is known', async (t) => {
  const abort = new AbortController();
  const aborted = upload(() => abort.abort(new Error('enough')), { signal: abort.signal });
  await t.rejects(aborted, { code: 'UploadOutcomeUnknown', message: /was interrupted/ });
  t.ok(FakeXhr.last.isAborted);
  await t.rejects(
    upload(() => {}, { signal: abort.signal }),
    { message: 'enough' },
  );
});

t.test('it ends within each limit', async (t) => {
  const ends = async (
    limit: 'idleSeconds' | 'responseSeconds' | 'totalSeconds',
    does: (xhr: FakeXhr) => void,
  ) => {
    const error = await upload(does, { timeouts: { [limit]: 0.001 } }).catch((thrown) => thrown);
    t.match(error, { code: 'UploadOutcomeUnknown', message: '0.001 s' }, limit);
    t.ok(FakeXhr.last.isAborted);
  };
  await ends('idleSeconds', () => {});
  await ends('idleSeconds', (xhr) => xhr.fire('upload progress', 1));
  await ends('responseSeconds', (xhr) => xhr.sentWhole());
  await ends('totalSeconds', (xhr) => xhr.sentWhole());
  await t.rejects(
    upload(() => {}, { timeouts: { idleSeconds: 0 } }),
    { code: 'InvalidArgument' },
  );
});

t.test('what can’t be sent is not', async (t) => {
  const never = () => t.fail('it was sent');
  const broken = { ...PUT, headers: { ...PUT.headers, 'x-amz-meta-a': 'a\r\nb' } };
  await t.rejects(upload(never, { form: broken }), { code: 'UploadNotSent' });
  await t.rejects(upload(never, { form: { ...PUT, headers: {} } }), { code: 'UploadNotSent' });
  for (const file of [
    'a',
    { stream: new Blob(['a']).stream(), name: 'a', sizeBytes: 1 },
  ] as node.FileToUpload[])
    await t.rejects(upload(never, { file }), { code: 'FileUnusable', message: /^a: a page uploads/ });
  await t.rejects(page.describeFile('a'), { code: 'FileUnusable' });
});

t.test('the reported bytes are the file’s; what the listener throws ends no upload', async (t) => {
  const told: number[] = [];
  await upload(
    (xhr) => {
      for (const loaded of [1, (xhr.sent?.size ?? 0) - 1]) xhr.fire('upload progress', loaded);
      xhr.sentWhole().respond(204);
    },
    {
      onProgress({ sentBytes }) {
        told.push(sentBytes);
        throw new Error('of the page');
      },
    },
  );
  t.strictSame([...new Set(told)], [0, 5]);
  t.match(thrown[0], { message: 'of the page' });
});

t.test('a checksum is that of the blob', async (t) => {
  const blob = new Blob(['hello']);
  const expected = createHash('sha256').update('hello').digest('hex');
  for (const { fileSha256 } of [page, node]) t.equal(await fileSha256(blob), expected);
  await t.rejects(page.fileSha256('a'), { code: 'FileUnusable' });
  await t.rejects(page.fileSha256(blob, AbortSignal.abort(new Error('enough'))), { message: 'enough' });
  const gone = Object.assign(new Blob([]), { arrayBuffer: () => Promise.reject(new Error('gone')) });
  await t.rejects(page.fileSha256(gone), { code: 'FileUnusable', message: /gone/ });
  t.intercept(globalThis.crypto, 'subtle', { value: undefined });
  await t.rejects(page.fileSha256(blob), { code: 'FileUnusable', message: /https/ });
});
