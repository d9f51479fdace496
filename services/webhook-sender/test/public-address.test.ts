import type { LookupAddress, LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { systemClock } from '@upload-once/clock';
import t from 'tap';
import { createPost } from '../src/post.ts';
import { isPublicAddress, publicLookup } from '../src/public-address.ts';

/** Each leads, or could lead, to this machine, a private network, or AWS's metadata and credentials. */
const REFUSED = {
  'this machine': ['127.0.0.1', '127.8.8.8', '0.0.0.0', '0.1.2.3', '::1', '::'],
  'its IPv4 in IPv6': ['::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:7f00:0001', '::ffff:0:127.0.0.1'],
  'the old spelling of that': ['::127.0.0.1', '::7f00:1', '::a9fe:a9fe', '::a00:1'],
  'behind NAT64': ['64:ff9b::7f00:1', '64:ff9b::169.254.169.254', '64:ff9b:1::7f00:1'],
  'behind 6to4 and Teredo': ['2002:7f00:1::', '2002:a9fe:a9fe::1', '2001:0:7f00:1::', '2001::1'],
  'private networks': [
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    'fd00::1',
    'fc00::1',
    'fec0::1',
  ],
  'AWS metadata': ['169.254.169.254', 'fd00:ec2::254', '::ffff:169.254.169.254', '::ffff:a9fe:a9fe'],
  'AWS credentials': ['169.254.170.2', '169.254.170.23', 'fd00:ec2::23', '::ffff:a9fe:aa02'],
  'link-local': ['169.254.1.1', 'fe80::1', 'fe80::1%eth0', 'febf::1'],
  'shared by providers': ['100.64.0.1', '100.127.255.255'],
  multicast: ['224.0.0.1', '239.1.1.1', 'ff02::1'],
  reserved: [
    '192.0.0.192',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '240.0.0.1',
    '255.255.255.255',
  ],
  'reserved in IPv6': ['2001:db8::1', '3fff::1', '100::1', '5f00::1', '4000::1', '1::1'],
};

const PUBLIC = [
  '8.8.8.8',
  '52.95.110.1',
  '172.32.0.1',
  '::ffff:8.8.8.8',
  '2606:4700:4700::1111',
  '2a00:1450::1',
];

/** As people write an address in a URL. */
const SPELLINGS = {
  decimal: 'https://2130706433/',
  octal: 'https://0177.0.0.1/',
  hexadecimal: 'https://0x7f000001/',
  'hexadecimal parts': 'https://0x7f.0.0x0.1/',
  short: 'https://127.1/',
  'a dot at the end': 'https://127.0.0.1./',
  'digits in circles': 'https://①②⑦.⓪.⓪.①/',
  zero: 'https://0/',
  metadata: 'https://169.254.169.254/latest/meta-data/',
  'metadata, decimal': 'https://2852039166/',
  credentials: 'https://169.254.170.2/v2/credentials/1',
  'IPv6 loopback': 'https://[::1]/',
  'IPv6 loopback, long': 'https://[0000:0000:0000:0000:0000:0000:0000:0001]:8443/',
  'IPv4-mapped': 'https://[::ffff:127.0.0.1]/',
  'IPv4-mapped metadata': 'https://[::ffff:a9fe:a9fe]/',
  'IPv4-compatible': 'https://[::127.0.0.1]/',
  NAT64: 'https://[64:ff9b::7f00:1]/',
  '6to4': 'https://[2002:7f00:1::]/',
  'unique local': 'https://[fd00::1]/',
  'link-local': 'https://[fe80::1]/',
};

/** Resolves a name as the servers do that the test stands for: what is next in the list, each time that it is asked. */
function resolver(...turns: readonly (readonly string[])[]) {
  const asked: string[] = [];
  const lookup: LookupFunction = (hostname, options, callback) => {
    const addresses = (turns[Math.min(asked.push(hostname), turns.length) - 1] ?? []).map(
      (address): LookupAddress => ({ address, family: isIP(address) }),
    );
    if (options.all) return callback(null, addresses);
    callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
  };
  return { asked, lookup };
}

/** What a socket would get of a lookup. */
function lookUp(lookup: LookupFunction, options: LookupOptions) {
  return new Promise<unknown>((resolve, reject) => {
    lookup('receiver.example', options, (error, address, family) =>
      error ? reject(error) : resolve(family === undefined ? address : { address, family }),
    );
  });
}

/** An attempt at a URL whose origin is not allowed to be private. */
function post(url: string, lookup: LookupFunction) {
  const send = createPost({ lookup, clock: systemClock });
  const endpoint = { url: new URL(url), isAllowed: false };
  return send(endpoint, { headers: {}, body: '{}' }, new AbortController().signal);
}

for (const [what, addresses] of Object.entries(REFUSED)) {
  t.test(`no address of ${what} is public`, async (t) => {
    for (const address of addresses) t.equal(isPublicAddress(address), false, address);
  });
}

t.test('what is no address is not public', async (t) => {
  for (const text of ['', 'receiver.example', '8.8.8.8.8', '8.8.8.8/8', '::g'])
    t.equal(isPublicAddress(text), false, text);
});

t.test('addresses of the internet are public', async (t) => {
  for (const address of PUBLIC) t.equal(isPublicAddress(address), true, address);
});

t.test('a URL with an address is refused in each spelling, and no name is looked up', async (t) => {
  const { asked, lookup } = resolver(['8.8.8.8']);
  for (const [what, url] of Object.entries(SPELLINGS)) {
    await t.rejects(post(url, lookup), { code: 'AddressRefused', message: / is no public address$/ }, what);
  }
  t.strictSame(asked, []);
  t.throws(() => new URL('https://[fe80::1%25eth0]/'), 'a zone is no part of a URL');
});

t.test('a name is refused where any of its addresses is not public', async (t) => {
  for (const addresses of [
    ['10.0.0.1'],
    ['169.254.170.2'],
    ['8.8.8.8', '169.254.169.254'],
    ['2606:4700:4700::1111', '::ffff:169.254.169.254'],
    ['fd00:ec2::254', '8.8.8.8'],
  ]) {
    await t.rejects(post('https://receiver.example/', resolver(addresses).lookup), {
      code: 'AddressRefused',
      message: /^receiver\.example leads to .+, which is no public address$/,
    });
  }
});

t.test('a name without an address is refused', async (t) => {
  await t.rejects(post('https://receiver.example/', resolver([]).lookup), {
    message: 'receiver.example has no address',
  });
});

t.test('the address that was checked is the one that is connected to', async (t) => {
  const { asked, lookup } = resolver(['8.8.8.8', '2606:4700:4700::1111'], ['127.0.0.1']);
  const checked = publicLookup(lookup);
  // A socket asks once, and connects to what it was given.
  t.strictSame(await lookUp(checked, { all: true }), [
    { address: '8.8.8.8', family: 4 },
    { address: '2606:4700:4700::1111', family: 6 },
  ]);
  t.equal(asked.length, 1);
  await t.rejects(
    lookUp(checked, { all: true }),
    { code: 'AddressRefused' },
    'the next one is asked and checked anew',
  );

  const one = publicLookup(resolver(['8.8.8.8', '2606:4700:4700::1111']).lookup);
  t.strictSame(await lookUp(one, {}), { address: '8.8.8.8', family: 4 });
  const mixed = publicLookup(resolver(['8.8.8.8', '10.0.0.1']).lookup);
  await t.rejects(lookUp(mixed, {}), { code: 'AddressRefused' }, 'also where only the first is asked for');
});

t.test('names of this machine, as it resolves them itself', async (t) => {
  const { lookupName } = await import('@upload-once/runtime');
  for (const name of ['localhost', 'localhost.', 'LOCALHOST', 'any.localhost'])
    await t.rejects(post(`https://${name}/`, lookupName), { code: 'AddressRefused' }, name);
});

t.test('the error of a lookup is that of the attempt', async (t) => {
  const failing: LookupFunction = (_, _options, callback) =>
    callback(Object.assign(new Error('the name servers are away'), { code: 'EAI_AGAIN' }), '');
  await t.rejects(post('https://receiver.example/', failing), { code: 'EAI_AGAIN' });
});
