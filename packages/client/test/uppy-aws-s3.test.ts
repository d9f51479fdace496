import t, { type Test } from 'tap';
import { type UppyAwsS3Source, type UppyFile, uppyAwsS3Options } from '../src/index.ts';

// How Uppy calls the options; test/browser has Uppy itself, in a real browser.

const MINUTE_MS = 60_000;
const SIGNED_AT = Date.parse('2026-11-29T10:00:00Z');

/** As the issuer gives it: signed at 10:00 for ten minutes, for files of 1 to 10 bytes. */
function formOf(id: string) {
  const conditions = [['content-length-range', 1, 10]];
  const policy = { expiration: new Date(SIGNED_AT + 10 * MINUTE_MS), conditions };
  const fields = {
    key: `uploads/${id}`,
    'X-Amz-Date': '20261129T100000Z',
    policy: Buffer.from(JSON.stringify(policy)).toString('base64'),
  };
  return { id, url: 'https://s3.test/bucket', fields };
}

const fileOf = (name: string, bytes = 5): UppyFile => {
  const data = new Blob(['x'.repeat(bytes)]);
  return { name, type: '', size: data.size, meta: {}, data };
};

/** Options that get forms by number, and what was asked of the server. */
function start(t: Test, source: Partial<UppyAwsS3Source> = {}) {
  const calls: string[] = [];
  const clock = t.capture(Date, 'now', () => now);
  let now = SIGNED_AT;
  let forms = 0;
  const options = uppyAwsS3Options({
    async getForm(file) {
      calls.push(`form for ${file.name}`);
      forms += 1;
      return formOf(`${forms}`);
    },
    ...source,
  });
  /** What Uppy does each time it begins with a file. */
  const sign = (file: UppyFile) =>
    options.signRequest({ key: options.generateObjectKey(file) }).then(({ fields }) => fields['key']);
  return {
    ...options,
    calls,
    sign,
    clock,
    pass: (minutes: number) => {
      now += minutes * MINUTE_MS;
    },
  };
}

t.test('each file has a form of its own, and keeps it', async (t) => {
  const { sign, calls, shouldUseMultipart, pass } = start(t);
  t.equal(shouldUseMultipart, false);
  const [a, b] = [fileOf('a'), fileOf('b')];
  t.strictSame(await Promise.all([sign(a), sign(b)]), ['uploads/1', 'uploads/2']);
  pass(9);
  t.strictSame(
    [await sign({ ...b }), await sign(a)],
    ['uploads/2', 'uploads/1'],
    'again, within ten minutes',
  );
  t.strictSame(calls, ['form for a', 'form for b']);
  t.equal(await sign(fileOf('a')), 'uploads/3', 'a file that was chosen anew is another file');
});

t.test('a form that Uppy asks for twice at once is asked for once', async (t) => {
  const { sign, calls } = start(t);
  const file = fileOf('a');
  t.strictSame(await Promise.all([sign(file), sign(file)]), ['uploads/1', 'uploads/1']);
  t.equal(calls.length, 1);
});

t.test('what Uppy gets is the form as it was signed', async (t) => {
  const { generateObjectKey, signRequest } = start(t);
  // Uppy holds the file while it sends it.
  const file = fileOf('a');
  const key = generateObjectKey(file);
  t.match(key, /^[0-9a-f]{32}$/);
  const { id: _, ...form } = formOf('1');
  t.strictSame(await signRequest({ key }), form);
  await t.rejects(signRequest({ key: 'other' }), { code: 'UploadNotSent' });
  t.ok(file.data);
});

t.test('an expired form is revoked before there is another', async (t) => {
  let refusal: Error | undefined;
  const revoked: string[] = [];
  let isBusy = false;
  const asked: string[] = [];
  const { sign, pass } = start(t, {
    async getForm({ name }) {
      asked.push(name);
      if (isBusy) throw new Error('busy');
      return formOf(revoked.length === 0 ? '1' : '2');
    },
    async revoke(id) {
      if (refusal) throw refusal;
      revoked.push(id);
    },
  });
  const file = fileOf('a');
  await sign(file);
  pass(10);
  refusal = new Error('a file has come');
  await t.rejects(sign(file), refusal);
  await t.rejects(sign(file), refusal, 'each time');
  t.equal(asked.length, 1, 'there is no second form for a file that has come');
  refusal = undefined;
  isBusy = true;
  await t.rejects(sign(file), { message: 'busy' });
  isBusy = false;
  t.equal(await sign({ ...file, name: 'renamed' }), 'uploads/2');
  t.strictSame(revoked, ['1'], 'once, though there was no other form at first');
  t.strictSame(asked, ['a', 'a', 'renamed']);
});

t.test('without revoke, a file is not sent with a second form', async (t) => {
  const { sign, calls, pass } = start(t);
  const file = fileOf('a');
  await sign(file);
  pass(10);
  await t.rejects(sign(file), { code: 'UploadOutcomeUnknown', key: 'uploads/1', totalBytes: 5 });
  await t.rejects(sign(file), { code: 'UploadOutcomeUnknown' });
  t.equal(calls.length, 1);
});

t.test('a clock that is hours off changes nothing', async (t) => {
  for (const hours of [-5, 5]) {
    const { sign, calls, pass, clock } = start(t, { revoke: async () => undefined });
    pass(hours * 60);
    const file = fileOf('a');
    await sign(file);
    pass(9);
    t.equal(await sign(file), 'uploads/1');
    pass(1);
    t.equal(await sign(file), 'uploads/2');
    t.equal(calls.length, 2);
    clock.restore();
  }
});

t.test('a form without a date ends by the clock of the page', async (t) => {
  const { fields, ...rest } = formOf('1');
  const { 'X-Amz-Date': _, ...undated } = fields;
  const { sign, pass } = start(t, { getForm: async () => ({ ...rest, fields: undated }) });
  const file = fileOf('a');
  await sign(file);
  pass(9);
  t.equal(await sign(file), 'uploads/1');
  pass(1);
  await t.rejects(sign(file), { code: 'UploadOutcomeUnknown' });
});

t.test('a server that gives no form is asked again by the next try', async (t) => {
  const responses: unknown[] = [new Error('429'), { message: 'no' }, formOf('1')];
  const { sign } = start(t, {
    async getForm() {
      const next = responses.shift();
      if (next instanceof Error) throw next;
      return next;
    },
  });
  const file = fileOf('a');
  await t.rejects(sign(file), { message: '429' });
  await t.rejects(sign(file), { code: 'UploadNotSent', message: /^getForm gave no form \(/ });
  t.equal(await sign(file), 'uploads/1');
});

t.test('a form that does not fit the file, or a PUT, is not sent', async (t) => {
  const { sign } = start(t);
  await t.rejects(sign(fileOf('large', 11)), { code: 'UploadNotSent', message: /large has 11 bytes/ });
  const put = {
    method: 'put',
    id: '1',
    url: 'https://s3.test/',
    headers: {},
    expiresAt: '2026-11-29T10:10:00Z',
  };
  const { sign: signPut } = start(t, { getForm: async () => put });
  await t.rejects(signPut(fileOf('a')), { code: 'UploadNotSent', message: /presigned PUT/ });
});
