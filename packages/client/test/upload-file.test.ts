import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, openAsBlob, truncateSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, utimes, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import t from 'tap';
import {
  EXPIRES_AT,
  readPost,
  s3ErrorXml,
  sha256Of,
  startServers,
  withServers,
} from '../../../test/support/form-servers.ts';
import { resetting, startHostileServers } from '../../../test/support/hostile-servers.ts';
import {
  describeFile,
  fileSha256,
  UploadIncomplete,
  type UploadOptions,
  UploadRefused,
  uploadFile,
} from '../src/index.ts';

const MIB = 1024 * 1024;

/** biome-ignore lint/suspicious/noExplicitAny: the test looks at the fields of whatever error came */
async function failureOf(promise: Promise<unknown>): Promise<any> {
  return promise.then(
    (value) => {
      throw new Error(`a failure was expected, not ${JSON.stringify(value)}`);
    },
    (error: Error) => error,
  );
}

/** Bytes that are made as they are asked for; tells how many were. */
function generated(sizeBytes: number, chunkBytes = 64 * 1024) {
  const made = { bytes: 0, ended: false };
  async function* stream() {
    try {
      while (made.bytes < sizeBytes) {
        const chunk = Buffer.alloc(Math.min(chunkBytes, sizeBytes - made.bytes), 'x');
        made.bytes += chunk.length;
        yield chunk;
      }
    } finally {
      made.ended = true;
    }
  }
  return { made, file: { stream: stream(), name: 'generated', sizeBytes } };
}

t.test('sends the fields in their order and the file last, with the exact length', async (t) => {
  const servers = await withServers(t);
  const bytes = randomBytes(700_001);
  const path = join(t.testdir({}), 'photo.jpg');
  await writeFile(path, bytes);
  const fields = {
    key: 'uploads/a b+%é',
    policy: 'p==',
    'x-amz-meta-note': 'first\r\nsecond "q"',
    empty: '',
  };
  const progress: number[] = [];
  const result = await uploadFile({
    form: servers.form(fields),
    file: path,
    onProgress: ({ sentBytes, totalBytes }) => {
      t.equal(totalBytes, bytes.length);
      progress.push(sentBytes);
    },
  });
  t.same(result, {
    status: 204,
    key: 'uploads/a b+%é',
    sizeBytes: bytes.length,
    versionId: 'version-1',
    eTag: 'etag-1',
    location: `${servers.url}/bucket/uploads%2Fname`,
  });
  const [post] = servers.received;
  t.same(post?.fields, Object.entries(fields));
  t.same(post?.order, [...Object.keys(fields), 'file']);
  t.equal(post?.fileName, 'photo.jpg');
  t.equal(post?.sizeBytes, bytes.length);
  t.equal(post?.sha256, sha256Of(bytes));
  t.equal(post?.contentLength, post?.bodyBytes);
  t.equal(progress.at(-1), bytes.length);
  t.same(
    progress,
    [...progress].sort((a, b) => a - b),
  );
});

t.test('an empty file', async (t) => {
  const servers = await withServers(t);
  const path = join(t.testdir({ empty: '' }), 'empty');
  t.match(await uploadFile({ form: servers.form(), file: path }), { status: 204, sizeBytes: 0 });
  t.match(servers.received[0], {
    order: ['key', 'policy', 'file'],
    sizeBytes: 0,
    sha256: sha256Of(Buffer.alloc(0)),
  });
});

t.test('a stream, a web stream and a blob', async (t) => {
  const servers = await withServers(t);
  const bytes = randomBytes(200_000);
  const path = join(t.testdir({}), 'blob');
  await writeFile(path, bytes);
  const files: UploadOptions['file'][] = [
    { stream: Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]), name: 'n', sizeBytes: bytes.length },
    { stream: new Blob([bytes]).stream(), name: 'n', sizeBytes: bytes.length },
    { blob: await openAsBlob(path), name: 'n' },
  ];
  for (const file of files) {
    await uploadFile({ form: servers.form(), file });
    t.match(servers.received.at(-1), { fileName: 'n', sha256: sha256Of(bytes) });
  }
});

t.test('a file name can not break out of its header', async (t) => {
  const servers = await withServers(t);
  for (const [name, seen] of [
    ['a"; name="key', 'a%22; name=%22key'],
    ['a\r\nX: y', 'a%0D%0AX: y'],
    ['überß.txt', 'überß.txt'],
  ] as const) {
    await uploadFile({ form: servers.form(), file: { blob: new Blob(['x']), name } });
    const post = servers.received.at(-1);
    t.same(post?.order, ['key', 'policy', 'file'], name);
    // The parser gives the bytes of the header one by one.
    const fileName = post?.fileName ?? '';
    t.ok([fileName, Buffer.from(fileName, 'latin1').toString('utf8')].includes(seen), fileName);
    t.equal(post?.sizeBytes, 1);
  }
});

t.test('each upload has a connection of its own', async (t) => {
  const servers = await withServers(t);
  for (let i = 0; i < 3; i++)
    await uploadFile({ form: servers.form(), file: { blob: new Blob(['x']), name: 'n' } });
  t.equal(servers.connections, 3);
});

t.test('other success responses, where the form asked for them', async (t) => {
  const servers = await withServers(t);
  const done = 'https://example.com/done';
  const cases: [Record<string, string>, number, string][] = [
    [{ success_action_status: '200' }, 200, ''],
    [{ success_action_status: '201' }, 201, '<?xml version="1.0"?><PostResponse><Key>a</Key></PostResponse>'],
    [{ success_action_redirect: done }, 303, ''],
  ];
  for (const [asked, status, body] of cases) {
    servers.take = async (request, response) => {
      await readPost(request);
      response.writeHead(status, { location: `${done}?key=a` }).end(body);
    };
    const form = servers.form({ key: 'uploads/a', policy: 'p', ...asked });
    const result = await uploadFile({ form, file: { blob: new Blob(['x']), name: 'n' } });
    t.same(result, { status, key: 'uploads/a', sizeBytes: 1, location: `${done}?key=a` });
  }
});

t.test('S3’s refusals in plain words, with its status, code and message', async (t) => {
  const servers = await withServers(t);
  const cases: [number, string, string, RegExp, string?][] = [
    [
      403,
      'AccessDenied',
      'Invalid according to Policy: Policy expired.',
      /form has expired.*2030-01-02T03:04:05.000Z.*new one/,
    ],
    [
      403,
      'AccessDenied',
      'Invalid according to Policy: Policy Condition failed: ["eq", "$key", "a"]',
      /field of the form is not what was signed/,
    ],
    [403, 'AccessDenied', 'Access Denied', /the signer of the form lacks the permission/],
    [403, 'SignatureDoesNotMatch', 'm', /signature of the form was changed/],
    [400, 'InvalidPolicyDocument', 'Invalid Policy: x', /can't read the policy/],
    [400, 'ExpiredToken', 'm', /credentials .* no longer good/],
    [403, 'InvalidAccessKeyId', 'm', /credentials .* no longer good/],
    [
      400,
      'EntityTooLarge',
      'm',
      /too large: it has 1 bytes, the form allows up to 10/,
      '<ProposedSize>11</ProposedSize><MaxSizeAllowed>10</MaxSizeAllowed>',
    ],
    [400, 'EntityTooLarge', 'm', /the file is too large: it has 1 bytes$/],
    [
      400,
      'EntityTooSmall',
      'm',
      /too small: it has 1 bytes, the form asks for at least 2/,
      '<ProposedSize>1</ProposedSize><MinSizeAllowed>2</MinSizeAllowed>',
    ],
    [400, 'BadDigest', 'm', /checksum differs/],
    [400, 'RequestTimeout', 'm', /nothing came through the connection for too long/],
    [503, 'SlowDown', 'm', /too busy/],
    [404, 'NoSuchBucket', 'm', /bucket .* does not exist/],
    [412, 'SomethingNew', 'of tomorrow', /S3 refused the upload: “of tomorrow”/],
    [307, 'TemporaryRedirect', 'elsewhere', /S3 refused the upload: “elsewhere”/],
  ];
  for (const [status, code, message, says, extra] of cases) {
    servers.take = async (request, response) => {
      await readPost(request);
      response.writeHead(status, { 'content-type': 'application/xml' }).end(s3ErrorXml(code, message, extra));
    };
    const error = await failureOf(
      uploadFile({ form: servers.form(), file: { blob: new Blob(['x']), name: 'n' } }),
    );
    t.type(error, UploadRefused, code);
    t.match(error.message, says);
    t.match(error, { code: 'UploadRefused', status, s3Code: code, s3Message: message });
  }
});

t.test('an error without S3’s code, after everything was sent, proves no refusal', async (t) => {
  const servers = await withServers(t);
  for (const body of [
    '',
    '<html><body>no</body></html>',
    '<Error>',
    '<Error>text</Error>',
    'x <<< & y',
    '<Error><Code/></Error>',
  ]) {
    servers.take = async (request, response) => {
      await readPost(request);
      response.writeHead(403).end(body);
    };
    const error = await failureOf(
      uploadFile({ form: servers.form(), file: { blob: new Blob(['x']), name: 'n' } }),
    );
    t.match(
      error,
      {
        code: 'UploadOutcomeUnknown',
        status: 403,
        message: /which does not tell whether the file was stored/,
      },
      body,
    );
  }
});

t.test('an early refusal ends the sending', async (t) => {
  for (const closes of ['leaves the connection open', 'closes the connection']) {
    const servers = await withServers(t);
    servers.take = async (request, response) => {
      await once(request, 'data');
      request.pause();
      if (closes === 'closes the connection') response.setHeader('connection', 'close');
      response.writeHead(403);
      response.end(s3ErrorXml('AccessDenied', 'Invalid according to Policy: Policy expired.'));
    };
    const { made, file } = generated(256 * MIB);
    const error = await failureOf(uploadFile({ form: servers.form(), file }));
    t.match(
      error,
      { code: 'UploadRefused', status: 403, s3Code: 'AccessDenied', message: /expired/ },
      closes,
    );
    t.ok(made.bytes < 256 * MIB, 'the rest was not even read');
    t.equal(made.ended, true, 'the source was told to end');
  }
});

t.test('an early refusal whose body breaks off still counts by its status', async (t) => {
  const servers = await withServers(t);
  servers.take = async (request, response) => {
    await once(request, 'data');
    request.pause();
    response.writeHead(403, { 'content-length': '1000' });
    response.write('<Error><Code>Acc', () => request.socket.destroySoon());
  };
  const error = await failureOf(uploadFile({ form: servers.form(), file: generated(64 * MIB).file }));
  t.match(error, { code: 'UploadRefused', status: 403, s3Code: undefined });
});

t.test('success that comes before everything was sent is not believed', async (t) => {
  const servers = await withServers(t);
  servers.take = async (request, response) => {
    await once(request, 'data');
    request.pause();
    response.writeHead(204).end();
  };
  const error = await failureOf(uploadFile({ form: servers.form(), file: generated(64 * MIB).file }));
  t.match(error, { code: 'UploadIncomplete', status: 204, message: /The file was not stored/ });
});

t.test('a connection that breaks half-way: it was not stored, and nothing is sent again', async (t) => {
  const servers = await withServers(t);
  let posts = 0;
  servers.take = async (request) => {
    posts += 1;
    await once(request, 'data');
    request.socket.resetAndDestroy();
  };
  const { file, made } = generated(64 * MIB);
  const error = await failureOf(uploadFile({ form: servers.form(), file }));
  t.type(error, UploadIncomplete);
  t.match(error, {
    code: 'UploadIncomplete',
    totalBytes: 64 * MIB,
    status: undefined,
  });
  t.ok(error.sentBytes < 64 * MIB && error.sentBytes <= made.bytes);
  t.match(
    error.message,
    /connection broke .*were sent\. The file was not stored: .*\. Upload the file again$/,
  );
  t.equal(posts, 1);
  t.equal(made.ended, true);
});

t.test(
  'a connection that breaks after everything was sent: it may or may not have been stored',
  async (t) => {
    const servers = await withServers(t);
    let posts = 0;
    servers.take = async (request) => {
      posts += 1;
      await readPost(request);
      request.socket.destroy();
    };
    const error = await failureOf(uploadFile({ form: servers.form(), file: generated(MIB).file }));
    t.match(error, { code: 'UploadOutcomeUnknown', key: 'uploads/a', totalBytes: MIB });
    t.match(error.message, /may or may not have been stored.*not sent again/s);
    t.equal(posts, 1);
  },
);

t.test('a 5xx leaves the outcome unknown, unless S3 says that it did nothing', async (t) => {
  const servers = await withServers(t);
  for (const [status, body] of [
    [500, s3ErrorXml('InternalError', 'We encountered an internal error. Please try again.')],
    [502, '<html>bad gateway</html>'],
    [503, '<html>another server’s</html>'],
    [504, ''],
  ] as const) {
    servers.take = async (request, response) => {
      await readPost(request);
      response.writeHead(status).end(body);
    };
    const error = await failureOf(
      uploadFile({ form: servers.form(), file: { blob: new Blob(['x']), name: 'n' } }),
    );
    t.match(error, {
      code: 'UploadOutcomeUnknown',
      status,
      message: new RegExp(`was ${status}`),
    });
  }
});

t.test('no connection: nothing was sent', async (t) => {
  const servers = await startServers();
  const form = servers.form();
  await servers.close();
  const error = await failureOf(uploadFile({ form, file: generated(MIB).file }));
  t.match(error, {
    code: 'UploadNotSent',
    message: /127\.0\.0\.1:\d+: .*ECONNREFUSED.*form has not been used/,
  });
});

t.test('no TLS at the other end: nothing was sent', async (t) => {
  const servers = await withServers(t);
  const form = { ...servers.form(), url: servers.url.replace('http:', 'https:') };
  t.match(await failureOf(uploadFile({ form, file: generated(MIB).file })), { code: 'UploadNotSent' });
  t.same(servers.received, []);
});

t.test('time-outs', async (t) => {
  const sockets: Socket[] = [];
  const silent = createTcpServer((socket) => {
    socket.pause();
    socket.on('error', () => {});
    sockets.push(socket);
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const form = (scheme: string) => ({
    url: `${scheme}://${host}/b`,
    fields: { key: 'k', policy: 'p' },
    key: 'k',
    expiresAt: EXPIRES_AT,
  });
  const noConnection = await failureOf(
    uploadFile({ form: form('https'), file: generated(10).file, timeouts: { connectSeconds: 0.05 } }),
  );
  t.match(noConnection, { code: 'UploadNotSent', message: /no connection within 0.05 s/ });
  const stuck = await failureOf(
    uploadFile({ form: form('http'), file: generated(64 * MIB).file, timeouts: { idleSeconds: 0.05 } }),
  );
  t.match(stuck, {
    code: 'UploadIncomplete',
    message: /less than 64 KiB in 0.05 s/,
  });
  const withoutResponse = await failureOf(
    uploadFile({ form: form('http'), file: generated(10).file, timeouts: { responseSeconds: 0.05 } }),
  );
  t.match(withoutResponse, {
    code: 'UploadOutcomeUnknown',
    message: /no response within 0.05 s/,
  });
});

t.test('the signal', async (t) => {
  const servers = await withServers(t);
  const reason = new Error('enough');

  const before = generated(MIB);
  const aborted = uploadFile({ form: servers.form(), file: before.file, signal: AbortSignal.abort(reason) });
  t.equal(await failureOf(aborted), reason);
  t.equal(servers.connections, 0);

  const halfway = new AbortController();
  servers.take = async (request) => {
    await once(request, 'data');
    request.pause();
    halfway.abort(reason);
  };
  const { file, made } = generated(64 * MIB);
  const half = await failureOf(uploadFile({ form: servers.form(), file, signal: halfway.signal }));
  t.match(half, {
    code: 'UploadIncomplete',
    cause: reason,
    message: /was interrupted\. .* were sent\. The file was not stored/,
  });
  t.equal(made.ended, true);

  const atTheEnd = new AbortController();
  servers.take = async (request) => {
    await readPost(request);
    atTheEnd.abort(reason);
  };
  const end = await failureOf(
    uploadFile({ form: servers.form(), file: generated(10).file, signal: atTheEnd.signal }),
  );
  t.match(end, { code: 'UploadOutcomeUnknown', cause: reason });
});

t.test(
  'a signal that fires while the connection is being made: its reason, for nothing was sent',
  async (t) => {
    const reason = new Error('enough');
    const abort = new AbortController();
    const silent = createTcpServer((socket) => {
      socket.on('error', () => {});
      abort.abort(reason);
    });
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    t.teardown(() => silent.close());
    const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}/b`;
    const form = { url, fields: { key: 'k', policy: 'p' }, key: 'k', expiresAt: EXPIRES_AT };
    t.equal(await failureOf(uploadFile({ form, file: generated(10).file, signal: abort.signal })), reason);
  },
);

/** Changes the file as soon as S3 sees the beginning of it, which is long before the client has read it to its end. */
async function uploadWhile(
  servers: Awaited<ReturnType<typeof startServers>>,
  path: string,
  change: () => unknown,
): Promise<{ error: { code: string; message: string }; whole: boolean }> {
  let whole = false;
  const closed = Promise.withResolvers<void>();
  servers.take = async (request: IncomingMessage) => {
    request.on('end', () => {
      whole = true;
    });
    request.on('close', closed.resolve);
    request.on('error', () => {});
    await once(request, 'readable');
    await change();
    request.resume();
  };
  const error = await failureOf(uploadFile({ form: servers.form(), file: path }));
  await closed.promise;
  return { error, whole };
}

t.test('a file that is written to while it is read: the upload never comes to its end', async (t) => {
  const servers = await withServers(t);
  const path = join(t.testdir({}), 'log.txt');
  const changes: Record<string, () => unknown> = {
    grows: () => appendFileSync(path, 'more'),
    shrinks: () => truncateSync(path, 60 * MIB),
    'keeps its size': () => utimes(path, new Date(), new Date(Date.now() + 60_000)),
  };
  for (const [how, change] of Object.entries(changes)) {
    writeFileSync(path, Buffer.alloc(64 * MIB, 'y'));
    const { error, whole } = await uploadWhile(servers, path, change);
    t.match(error, { code: 'FileChanged', message: /written to while it was being read.*stopped/ }, how);
    t.equal(whole, false, how);
  }
});

t.test('a stream that has more or fewer bytes than were named, or fails', async (t) => {
  const servers = await startServers();
  let whole = 0;
  servers.take = async (request) => {
    request.on('error', () => {});
    request.on('end', () => {
      whole += 1;
    });
    request.resume();
  };
  const bytes = (...sizes: number[]) => Readable.from(sizes.map((size) => Buffer.alloc(size)));
  for (const stream of [bytes(6, 5), bytes(6, 3), bytes()]) {
    const error = await failureOf(
      uploadFile({ form: servers.form(), file: { stream, name: 'n', sizeBytes: 10 } }),
    );
    t.match(error, { code: 'FileChanged' });
    t.equal(stream.destroyed, true);
  }
  async function* failing() {
    yield Buffer.alloc(5);
    throw new Error('the disk is gone');
  }
  const failed = await failureOf(
    uploadFile({ form: servers.form(), file: { stream: failing(), name: 'n', sizeBytes: 10 } }),
  );
  t.match(failed, { code: 'FileUnusable', message: /^n can't be read: the disk is gone/ });
  for (const sizeBytes of [-1, 1.5, Number.NaN]) {
    const error = await failureOf(
      uploadFile({ form: servers.form(), file: { stream: bytes(1), name: 'n', sizeBytes } }),
    );
    t.match(error, { code: 'FileUnusable', message: /whole number/ });
  }
  await servers.close();
  t.equal(whole, 0);
});

t.test('a fault in the caller’s onProgress takes no result away: it becomes a warning', async (t) => {
  const servers = await withServers(t);
  const warnings: string[] = [];
  const onWarning = ({ message }: Error) => warnings.push(message);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));
  const faults: (() => unknown)[] = [
    () => {
      throw new Error('of the caller');
    },
    async () => {
      throw new Error('of the caller');
    },
  ];
  const store = servers.take;
  for (const onProgress of faults) {
    warnings.length = 0;
    servers.take = store;
    const uploaded = await uploadFile({ form: servers.form(), file: generated(MIB).file, onProgress });
    t.match(uploaded, { status: 204, sizeBytes: MIB });
    t.match(warnings, [/onProgress of uploadFile failed, the upload goes on: Error: of the caller/]);
    t.equal(warnings.length, 1, 'once for each upload');

    servers.take = async (request, response) => {
      await readPost(request);
      response.writeHead(403).end(s3ErrorXml('AccessDenied', 'm'));
    };
    const refused = uploadFile({ form: servers.form(), file: generated(MIB).file, onProgress });
    t.match(await failureOf(refused), { code: 'UploadRefused', s3Code: 'AccessDenied' });
  }
});

t.test('a PUT that breaks: unknown only where its last bytes were handed over', async (t) => {
  const servers = await startHostileServers();
  t.teardown(() => servers.close());
  const put = (file: UploadOptions['file'], sizeBytes: number) =>
    failureOf(
      uploadFile({
        form: {
          url: servers.url,
          headers: { 'content-length': String(sizeBytes) },
          key: 'uploads/a',
          expiresAt: EXPIRES_AT,
        },
        file,
      }),
    );
  servers.s3 = resetting();
  t.match(await put(generated(10).file, 10), { code: 'UploadOutcomeUnknown' });
  t.match(await put(generated(0).file, 0), { code: 'UploadOutcomeUnknown' });
  t.equal(servers.posts, 2);
  servers.moment = 'early';
  const { file, made } = generated(64 * MIB);
  t.match(await put(file, 64 * MIB), { code: 'UploadIncomplete', totalBytes: 64 * MIB });
  t.ok(made.bytes < 64 * MIB);
  t.equal(servers.posts, 2);
});

t.test('files that can not be uploaded, reported before anything is sent', async (t) => {
  const servers = await withServers(t);
  const directory = t.testdir({ file: 'x', folder: {} });
  await mkdir(join(directory, 'more'));
  const cases: [string, RegExp][] = [
    [join(directory, 'missing'), /missing does not exist/],
    [join(directory, 'file', 'below'), /does not exist/],
    [join(directory, 'folder'), /folder is a directory/],
    ['/dev/null', /no regular file/],
    [`${directory}/nul\0`, /can't be read/],
  ];
  for (const [path, says] of cases) {
    t.match(
      await failureOf(describeFile(path)),
      { code: 'FileUnusable', message: says },
      JSON.stringify(path),
    );
    t.match(await failureOf(uploadFile({ form: servers.form(), file: path })), {
      code: 'FileUnusable',
      message: says,
    });
  }
  t.equal(servers.connections, 0);
  t.same(await describeFile(join(directory, 'file')), { name: 'file', sizeBytes: 1 });
});

t.test('a file without permission', async (t) => {
  const path = join(t.testdir({ secret: 'x' }), 'secret');
  await chmod(path, 0);
  const isRoot = process.geteuid?.() === 0;
  // Root may read everything: the test looks at the file as another user.
  if (isRoot) process.seteuid?.(65_534);
  const error = await failureOf(describeFile(path)).finally(() => isRoot && process.seteuid?.(0));
  t.match(error, { code: 'FileUnusable', message: /secret must not be read: permission denied/ });
});

t.test('the bytes of a large file arrive as they are', async (t) => {
  const servers = await withServers(t);
  const hash = createHash('sha256');
  const path = join(t.testdir({}), 'large');
  writeFileSync(path, '');
  for (let i = 0; i < 32; i++) {
    const chunk = randomBytes(MIB + i);
    hash.update(chunk);
    appendFileSync(path, chunk);
  }
  await uploadFile({ form: servers.form(), file: path });
  t.equal(servers.received[0]?.sha256, hash.digest('hex'));
});

t.test('a time limit that is none is named, before anything is sent', async (t) => {
  const servers = await withServers(t);
  const names = ['connectSeconds', 'idleSeconds', 'responseSeconds', 'totalSeconds'];
  for (const name of names) {
    for (const value of [Number.POSITIVE_INFINITY, Number.NaN, -1, 0, 2_147_484]) {
      const error = await failureOf(
        uploadFile({ form: servers.form(), file: generated(10).file, timeouts: { [name]: value } }),
      );
      t.match(error, { code: 'InvalidArgument' });
      t.equal(
        error.message,
        `timeouts.${name} is a number of seconds, more than 0 and at most 2147483, not ${value}`,
      );
    }
    const timeouts = { [name]: 2_147_483 };
    t.match(await uploadFile({ form: servers.form(), file: generated(10).file, timeouts }), { status: 204 });
  }
  t.equal(servers.connections, names.length);
});

t.test(
  'a form for another size, with a field for the file, or that HTTP can not carry: nothing is sent',
  async (t) => {
    const servers = await withServers(t);
    const policy = (...range: unknown[]) =>
      Buffer.from(JSON.stringify({ conditions: [['content-length-range', ...range]] })).toString('base64');
    const put = (headers: Record<string, string>) => ({
      url: `${servers.url}/bucket`,
      headers,
      key: 'uploads/a',
      expiresAt: EXPIRES_AT,
    });
    const cases: [UploadOptions['form'], RegExp][] = [
      [
        servers.form({ key: 'a', policy: policy(0, 9) }),
        /generated has 10 bytes, the form allows from 0 to 9;/,
      ],
      [
        servers.form({ key: 'a', policy: policy('11', '12') }),
        /has 10 bytes, the form allows from 11 to 12;/,
      ],
      [servers.form({ key: 'a', policy: 'p', FILE: 'other' }), /has a field "file"/],
      [put({ 'Content-Length': '9' }), /for a file of 9 bytes, generated has 10/],
      [put({ 'content-length': '10', 'x-a': 'b\nc' }), /Invalid character/],
    ];
    for (const [form, says] of cases) {
      const error = await failureOf(uploadFile({ form, file: generated(10).file }));
      t.match(error, { code: 'UploadNotSent', message: says });
      t.match(error.message, /nothing was sent/);
    }
    t.equal(servers.connections, 0);
    for (const range of [[10, 10], [0], ['a', 'b'], [12, 3]]) {
      const form = servers.form({ key: 'a', policy: policy(...range) });
      t.match(
        await uploadFile({ form, file: generated(10).file }),
        { status: 204 },
        'S3 judges what can’t be read',
      );
    }
  },
);

t.test('a checksum ends with the signal', async (t) => {
  const reason = new Error('enough');
  const path = join(t.testdir({ a: 'x' }), 'a');
  t.equal(await fileSha256(path), sha256Of(Buffer.from('x')));
  await t.rejects(fileSha256(path, AbortSignal.abort(reason)), reason);
});
