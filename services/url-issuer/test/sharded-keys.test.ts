import { randomUUID } from 'node:crypto';
import t from 'tap';
import { appUnderTest, DEFAULTS, KEY_VALUE } from './app-under-test.ts';
import { linkClient } from './link-client.ts';

const SHARDED = { ...DEFAULTS, shardedKeys: true };
const KEY = /^uploads\/([a-z2-7])\/UploadFilename-20250304_050607-\1[a-z2-7]{24}[bfjnrvz5]$/;
const headers = { 'x-api-key': KEY_VALUE };

/** The setting, as another deployment changes it. */
function changing(shardedKeys: () => boolean) {
  return {
    ...DEFAULTS,
    get shardedKeys() {
      return shardedKeys();
    },
  };
}

t.test('forms and URLs are for sharded keys, whose ids need no slash', async (t) => {
  const { app, get, uploadStore } = await appUnderTest(t, { defaults: SHARDED });
  const { url: old } = (await get()).json();
  t.match(old.fields.key, KEY);

  const create = async (payload: object) =>
    (await app.inject({ method: 'POST', url: '/v1/uploads', headers, payload })).json();
  const form = await create({});
  const put = await create({ method: 'put', minBytes: 1, maxBytes: 1 });
  const [, bucket = '', keyOfUrl = ''] = /^https:\/\/([^.]+)[^/]+\/(.*)\?/.exec(put.url) ?? [];
  t.not(bucket, '');
  for (const [id, key] of [
    [form.id, form.fields.key],
    [put.id, decodeURIComponent(keyOfUrl)],
  ]) {
    t.match(key, KEY);
    t.equal(id, key.slice('uploads/k/'.length));
    t.match(await uploadStore.get(key), { state: 'ISSUED' });
    for (const path of [id, encodeURIComponent(key.slice('uploads/'.length))]) {
      const found = await app.inject({ method: 'GET', url: `/v1/uploads/${path}`, headers });
      t.equal(found.statusCode, 200, path);
      t.match(found.json(), { id, state: 'ISSUED' });
    }
    t.equal((await app.inject({ method: 'DELETE', url: `/v1/uploads/${id}`, headers })).statusCode, 204);
    t.match(await uploadStore.get(key), { state: 'REVOKED' });
  }
});

t.test('after the setting has changed, uploads of both forms are found', async (t) => {
  let shardedKeys = true;
  const { app } = await appUnderTest(t, { defaults: changing(() => shardedKeys) });
  const ids: string[] = [];
  for (shardedKeys of [true, false]) {
    const created = await app.inject({ method: 'POST', url: '/v1/uploads', headers, payload: {} });
    ids.push(created.json().id);
  }
  t.match(ids, [/[bfjnrvz5]$/, /[aeimquy4]$/]);
  for (shardedKeys of [true, false]) {
    for (const id of ids) {
      const found = await app.inject({ method: 'GET', url: `/v1/uploads/${id}`, headers });
      t.match(found.json(), { id, state: 'ISSUED' });
    }
  }
});

t.test('a repeat with an Idempotency-Key keeps the key that the first request got', async (t) => {
  let shardedKeys = true;
  const { app } = await appUnderTest(t, { defaults: changing(() => shardedKeys) });
  const idempotent = { ...headers, 'idempotency-key': randomUUID() };
  const create = () => app.inject({ method: 'POST', url: '/v1/uploads', headers: idempotent, payload: {} });
  const first = (await create()).json();
  shardedKeys = false;
  const again = (await create()).json();
  t.match(first.fields.key, KEY);
  t.equal(again.fields.key, first.fields.key);
  t.equal(again.id, first.id);
});

t.test('a link is for a sharded key, and its URL has the id alone', async (t) => {
  const client = await linkClient(t, { defaults: SHARDED });
  const { id, token } = await client.make();
  t.notMatch(decodeURIComponent(token), /\//);
  const signed = await client.sign(token);
  t.equal(signed.statusCode, 200);
  t.match(
    decodeURIComponent(new URL(signed.json().url).pathname),
    new RegExp(`/uploads/${id.at(-26)}/${id}$`),
  );
  t.match((await client.manage('GET', id)).json(), { id });
  const listed = await client.app.inject({ method: 'GET', url: '/v1/links', headers });
  t.match(listed.json(), { links: [{ id }] }, 'the list of a key’s links');
  t.equal((await client.manage('DELETE', id)).statusCode, 204);
});
