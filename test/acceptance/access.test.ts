import t from 'tap';
import { deployment } from './support/deployment.ts';

const url = `${deployment.issuerUrl}/getpresignedurl`;

t.test('P7: without a key that is known there is no form', async (t) => {
  const refused: Record<string, Record<string, string>> = {
    'no key': {},
    'an empty key': { 'x-api-key': '' },
    'an unknown key': { 'x-api-key': 'uo_example_of_no_key' },
    'a key with something behind it': { 'x-api-key': `${deployment.apiKey}x` },
    'a key of 100 kB': { 'x-api-key': 'k'.repeat(100_000) },
    'the key as another header': { authorization: deployment.apiKey },
  };
  for (const [what, headers] of Object.entries(refused)) {
    const response = await fetch(url, { headers });
    t.equal(response.status, 403, what);
    t.strictSame(await response.json(), { message: 'Forbidden', code: 'Forbidden' }, what);
  }
});

t.test('an unknown path returns JSON as well', async (t) => {
  const response = await fetch(`${deployment.issuerUrl}/nothing/here`);
  t.equal(response.status, 404);
  t.match(await response.json(), { message: String, code: String });
});

t.test('the issuer reports that it is live', async (t) => {
  const { origin } = new URL(deployment.issuerUrl);
  for (const path of ['/livez', '/readyz']) t.equal((await fetch(`${origin}${path}`)).status, 200, path);
});
