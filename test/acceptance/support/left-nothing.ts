import type { Test } from 'tap';
import { postForm, requestForm } from './forms.ts';
import { listVersions } from './objects.ts';
import { processed, readObservedVersions, readUpload } from './records.ts';

/**
 * No object and no event came of what was tried: nothing lies under the keys, and once an honest upload that was sent
 * afterwards has gone all its way, nothing has been recorded under them either, which any event would have led to.
 *
 * @param issued keys of uploads that were asked for
 * @param others keys that the client tried to reach instead
 */
export async function leftNothing(
  t: Test,
  issued: readonly string[],
  others: readonly string[],
): Promise<void> {
  const honest = await requestForm();
  t.equal((await postForm(honest, 'honest')).status, 204);
  await processed(honest.key);
  for (const key of [...issued, ...others]) {
    t.strictSame(await listVersions(key), [], `no object ${key}`);
    t.strictSame(await readObservedVersions(key), [], `no event of ${key}`);
  }
  for (const key of issued) t.match(await readUpload(key), { state: 'ISSUED' }, key);
  for (const key of others) t.equal(await readUpload(key), undefined, key);
}
