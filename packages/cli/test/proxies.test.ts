// The command through a proxy on loopback, to an issuer and an S3 that only the proxy's log shows to have been reached through it.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import t, { type Test } from 'tap';
import { makeCertificate } from '../../../test/support/certificate.ts';
import {
  CREATE_UPLOAD_PATH,
  createdUpload,
  policyUntil,
  readPost,
} from '../../../test/support/form-servers.ts';
import { runCommand } from './command-stage.ts';
import { startProxy } from './proxy-server.ts';

const { key, cert } = makeCertificate(t.testdir({}));
const ca = readFileSync(cert, 'utf8');
setDefaultCACertificates([...getCACertificates('default'), ca]);

const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

/** Issuer and S3 in one, over https or http. */
async function startTarget(t: Test, scheme: 'http' | 'https') {
  const target = { url: '', posts: 0 };
  const respond: Parameters<typeof createServer>[1] = async (incoming, response) => {
    const isV1 = CREATE_UPLOAD_PATH.test(incoming.url ?? '');
    if (incoming.method === 'POST' && !isV1) {
      await readPost(incoming);
      target.posts += 1;
      response.writeHead(204).end();
      return;
    }
    const fields = { key: 'uploads/a', policy: policyUntil('2030-01-02T03:04:05.000Z') };
    response.writeHead(isV1 ? 201 : 200);
    response.end(JSON.stringify(createdUpload({ url: `${target.url}/bucket`, fields })));
  };
  const server =
    scheme === 'https'
      ? createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, respond)
      : createServer(respond);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  target.url = `${scheme}://localhost:${portOf(server)}`;
  return target;
}

async function stage(t: Test, scheme: 'http' | 'https') {
  const [proxy, target] = [await startProxy(t), await startTarget(t, scheme)];
  const file = join(t.testdir({ a: 'hello' }), 'a');
  const upload = (env: Record<string, string>, args: readonly string[] = []) =>
    runCommand(['upload', file, ...args], {
      env: { UPLOAD_ONCE_URL: target.url, UPLOAD_ONCE_API_KEY: 'k', ...env },
    });
  return { proxy, target, upload, host: target.url.split('//')[1] ?? '' };
}

for (const name of ['HTTPS_PROXY', 'https_proxy']) {
  t.test(`https goes through ${name}, to the issuer and to S3, by CONNECT`, async (t) => {
    const { proxy, target, upload, host } = await stage(t, 'https');
    const seen = await upload({ [name]: proxy.url.replace('//', '//user:pass-word@'), HTTP_PROXY: '' });
    t.match(seen, { code: 0, stderr: '' });
    t.strictSame(proxy.log, [`CONNECT ${host}`, `CONNECT ${host}`]);
    t.equal(proxy.authorization, `Basic ${Buffer.from('user:pass-word').toString('base64')}`);
    t.equal(target.posts, 1);
  });
}

t.test('http goes through HTTP_PROXY', async (t) => {
  const { proxy, target, upload } = await stage(t, 'http');
  t.match(await upload({ HTTP_PROXY: proxy.url }), { code: 0, stderr: '' });
  t.equal(proxy.log.length, 2);
  t.equal(proxy.log[1], `POST ${target.url}/bucket`);
  t.equal(target.posts, 1);
});

t.test('a proxy is used however its URL is written, or refused with a word', async (t) => {
  const { proxy, upload } = await stage(t, 'http');
  const place = proxy.url.replace('http://', '');
  for (const HTTP_PROXY of [
    ` ${proxy.url}`,
    `\t${proxy.url}\n`,
    `HTTP://${place}`,
    `http:/${place}`,
    `http:${place}`,
  ]) {
    proxy.log.length = 0;
    t.match(await upload({ HTTP_PROXY }), { code: 0, stderr: '' }, JSON.stringify(HTTP_PROXY));
    t.equal(proxy.log.length, 2, JSON.stringify(HTTP_PROXY));
  }
  proxy.log.length = 0;
  for (const HTTP_PROXY of [place, `socks5://${place}`, `http://user:%zz@${place}`, 'http://'])
    t.match(await upload({ HTTP_PROXY }), {
      code: 2,
      stderr: /^upload-once: HTTP_PROXY is the http or https URL/,
    });
  for (const NO_PROXY of ['[::1]', '[::1]:80', '127.*', '*.*'])
    t.match(
      await upload({ HTTP_PROXY: proxy.url, NO_PROXY }),
      { code: 2, stderr: /NO_PROXY takes/ },
      NO_PROXY,
    );
  t.strictSame(proxy.log, []);
});

t.test('the other scheme’s proxy, and one that NO_PROXY excepts, are not used', async (t) => {
  const { proxy, target, upload, host } = await stage(t, 'https');
  const cases: Record<string, string>[] = [
    { HTTP_PROXY: proxy.url },
    { HTTPS_PROXY: proxy.url, NO_PROXY: 'example.com, localhost' },
    { HTTPS_PROXY: proxy.url, no_proxy: host },
    { HTTPS_PROXY: proxy.url, NO_PROXY: '*' },
  ];
  for (const env of cases) t.match(await upload(env), { code: 0, stderr: '' }, JSON.stringify(env));
  t.strictSame(proxy.log, []);
  t.equal(target.posts, cases.length);
  t.match(await upload({ HTTPS_PROXY: proxy.url, NO_PROXY: 'ocalhost,host' }), { code: 0 });
  t.equal(proxy.log.length, 2);
});

t.test('a domain in NO_PROXY stands for its subdomains', async (t) => {
  const { proxy, upload } = await stage(t, 'https');
  // No such host can be, so that only the proxy's log tells which way was taken (RFC 6761).
  const args = ['--url', 'https://issuer.example.invalid', '--timeout', '3'];
  t.match(await upload({ HTTPS_PROXY: proxy.url, NO_PROXY: 'example.invalid' }, args), { code: 1 });
  t.strictSame(proxy.log, []);
  t.match(await upload({ HTTPS_PROXY: proxy.url, NO_PROXY: 'ample.invalid' }, args), { code: 1 });
  t.strictSame([...new Set(proxy.log)], ['CONNECT issuer.example.invalid:443']);
});

t.test('a network in NO_PROXY stands for its addresses; one that can’t be honoured is named', async (t) => {
  const { proxy, target, upload } = await stage(t, 'http');
  const at = (host: string) => ['--url', target.url.replace('localhost', host)];
  const direct = ['127.0.0.0/8', '127.0.0.1/32', '0.0.0.0/0', '127.0.0.1/8', '192.168.0.0/16,127.0.0.0/31'];
  for (const NO_PROXY of direct) {
    proxy.log.length = 0;
    t.match(await upload({ HTTP_PROXY: proxy.url, NO_PROXY: `${NO_PROXY},localhost` }, at('127.0.0.1')), {
      code: 0,
      stderr: '',
    });
    t.strictSame(proxy.log, [], NO_PROXY);
  }
  for (const NO_PROXY of ['127.0.0.2/32', '10.0.0.0/8', '127.0.0.4/30', '128.0.0.0/1']) {
    proxy.log.length = 0;
    t.match(await upload({ HTTP_PROXY: proxy.url, NO_PROXY: `${NO_PROXY},localhost` }, at('127.0.0.1')), {
      code: 0,
    });
    t.equal(proxy.log.length, 1, NO_PROXY);
  }
  const wrong = [
    'fd00::/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0/8',
    '10.0.0.0/8/8',
    'http://x.test/',
    '10.0.0.0/8:80',
  ];
  for (const network of wrong) {
    const seen = await upload({ HTTP_PROXY: proxy.url, no_proxy: `localhost,${network}` });
    t.match(seen, { code: 2, stderr: `IPv4 networks such as 10.0.0.0/8, not ${JSON.stringify(network)}` });
    t.match(await upload({ no_proxy: network }), { code: 0 }, 'without a proxy it is not read');
  }
});

t.test('status and revoke go through it as well, and what comes after does not', async (t) => {
  const { proxy, target, host } = await stage(t, 'https');
  const env = { UPLOAD_ONCE_URL: target.url, UPLOAD_ONCE_API_KEY: 'k' };
  t.match(await runCommand(['status', 'a'], { env: { ...env, HTTPS_PROXY: proxy.url } }), { code: 0 });
  t.strictSame(proxy.log, [`CONNECT ${host}`]);
  t.match(await runCommand(['status', 'a'], { env }), { code: 0 });
  t.equal(proxy.log.length, 1);
});

t.test(
  'a proxy that refuses, hangs up or is silent: nothing was sent, and its password is not shown',
  async (t) => {
    const { proxy, target, upload } = await stage(t, 'https');
    const { connect } = proxy;
    const responses: [(client: Socket) => unknown, RegExp][] = [
      [(client) => client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'), /407/],
      [(client) => client.destroy(), /./],
      [() => {}, /no connection within|longer than 3 s/],
    ];
    for (const [respond, says] of responses) {
      for (const refused of ['issuer', 'S3']) {
        let connections = 0;
        proxy.connect = (head, client, path) =>
          ++connections === 1 && refused === 'S3' ? connect(head, client, path) : respond(client);
        const url = proxy.url.replace('//', '//user:pass-word@');
        const seen = await upload({ HTTPS_PROXY: url }, ['--timeout', '3']);
        t.match(seen, {
          code: 1,
          stdout: '',
          stderr: refused === 'issuer' ? /the issuer at/ : /nothing was sent/,
        });
        if (refused === 'S3') t.match(seen.stderr, says);
        t.notMatch(seen.stderr, 'pass-word');
      }
    }
    t.equal(target.posts, 0);
  },
);
