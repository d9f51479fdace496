import { createFaultScript, createMemoryTable } from '@upload-once/table/testing';
import t from 'tap';
import { createTableAccessStore } from '../src/api-keys/table-access-store.ts';
import type { ItemKey, KeyItem, SecretItem } from '../src/item.ts';
import { apiKey, sha256 } from './contract/access-store-contract.ts';

// Two operators change keys at the same time: what happens between two calls of one of them.

/** A key `k1` that the value `a` opens, and two stores over its table; the calls of `slow` can be held. */
async function twoOperators() {
  const table = createMemoryTable<ItemKey, KeyItem | SecretItem>({ partitionKey: 'id' });
  const faults = createFaultScript();
  const store = createTableAccessStore(table);
  await store.addKey(apiKey('k1'), sha256('a'));
  return { table, store, faults, slow: createTableAccessStore(table.over(faults)) };
}

const secret = (digit: string) => ({ sha256: sha256(digit), createdAt: new Date(0) });

t.test('a key that gets a value while it is deleted is deleted with that value', async (t) => {
  const { table, store, faults, slow } = await twoOperators();
  faults.stallNext('before', 'delete').release();
  const keyDeletion = faults.stallNext('before', 'delete');
  const deleted = slow.deleteKey('k1');
  t.match(await keyDeletion.reached, { key: 'key#k1' });
  const found = await store.getKey('k1');
  await store.changeSecrets(found, [...found.secrets, secret('b')]);
  keyDeletion.release();
  await deleted;
  t.strictSame((await Array.fromAsync(table.scan())).flat(), []);
});

t.test('a value that became another key is not removed by the key that had it', async (t) => {
  const { store, faults, slow } = await twoOperators();
  const removal = faults.stallNext('before', 'delete');
  const changed = slow.changeSecrets(await store.getKey('k1'), [secret('b')]);
  t.match(await removal.reached, { key: `secret#${sha256('a')}` });
  await store.addKey(apiKey('k2'), sha256('a'));
  removal.release();
  await changed;
  t.equal((await store.findBySecret(sha256('a')))?.key.keyId, 'k2');
});

t.test('a value that its last key removes at this moment can be a key', async (t) => {
  const { store, faults, slow } = await twoOperators();
  const found = await store.getKey('k1');
  const removal = faults.stallNext('before', 'delete');
  const changed = slow.changeSecrets(found, [secret('b')]);
  await removal.reached;
  for (let put = 0; put < 2; put += 1) faults.stallNext('before', 'putIfAbsent').release();
  const takeover = faults.stallNext('before', 'putIfAbsent');
  const added = slow.addKey(apiKey('k2'), sha256('a'));
  await takeover.reached;
  removal.release();
  await changed;
  takeover.release();
  await added;
  t.equal((await store.findBySecret(sha256('a')))?.key.keyId, 'k2');
});
