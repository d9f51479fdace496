import { type Upload, UploadState } from '@upload-once/uploads';
import type { IssuerRound } from './issuer-round.ts';
import type { FormResponse } from './request-forms.ts';

/** What the round must come to, beyond what holds for all. */
export interface ExpectedIssuing {
  /** Whether clients can get 503. */
  readonly mayFail: boolean;
  /** The least and the most items without a form that a client got. */
  readonly unused: readonly [least: number, most: number];
}

/** All forms that a round gave, those of repeats as well. */
export function formsOf({ first, repeats }: Pick<IssuerRound, 'first' | 'repeats'>) {
  return [...first, ...repeats].flatMap((response) => (response?.form ? [response.form] : []));
}

/**
 * What does not hold after a round, a line each; seen from outside, whatever the issuer says of itself.
 * @param items all that is on record for the round's API key
 */
export function brokenIssuing(
  round: IssuerRound,
  items: readonly Upload[],
  { mayFail, unused }: ExpectedIssuing,
): string[] {
  const { fault, dailyQuota, isIdempotent = false, first, repeats, used } = round;
  const broken: string[] = [];
  const must = (isSo: boolean, what: string) => isSo || broken.push(what);
  const isKilled = 'signal' in fault && fault.signal === 'SIGKILL';

  must(round.wasReached, 'the call was never reached');
  const end = 'signal' in fault ? (isKilled ? 'SIGKILL' : 'exit code 0') : undefined;
  must(round.end === end, `the process ended with ${round.end}, not ${end}`);
  const resets = first.filter(({ status }) => status === undefined).length;
  must(!isKilled || resets > 0, 'each request had a response from a process that was killed');

  for (const { status, body } of [...first, ...repeats.filter((each) => each !== undefined)]) {
    if (status === 201) continue;
    must(!('fields' in body) && !('url' in body), `P7: a response ${status} has a form`);
  }
  const allowed = [201, ...(mayFail ? [503] : []), ...(isKilled ? [undefined] : [])];
  const refusals = dailyQuota === undefined ? [] : [429];
  must(hasOnly(first, [...allowed, ...refusals]), `the responses are ${statusesOf(first)}`);
  must(hasOnly(repeats, [201, ...refusals]), `the responses to the repeats are ${statusesOf(repeats)}`);

  const forms = formsOf(round);
  const keys = new Set(forms.map(({ key }) => key));
  const issued = new Set(
    items
      .filter(({ state, claimed, attempt }) => state === UploadState.issued && !claimed && attempt === 0)
      .map(({ key }) => key),
  );
  must(issued.size === items.length, `P5: ${items.length - issued.size} items are more than ISSUED`);
  for (const key of keys) must(issued.has(key), `P7: ${key} was given, and is not on record as ISSUED`);
  if (!isIdempotent) must(keys.size === forms.length, 'P1: two clients got the same key');
  const unusedItems = items.length - keys.size;
  const [least, most] = unused;
  must(
    unusedItems >= least && unusedItems <= most,
    `${unusedItems} items have no form, not ${least} to ${most}`,
  );

  if (isIdempotent) {
    for (const [at, response] of first.entries()) {
      const again = repeats[at]?.form?.key;
      must(!response.form || response.form.key === again, `a repeat got ${again}, not ${response.form?.key}`);
    }
    must(keys.size === first.length, `${keys.size} uploads were given for ${first.length} idempotency keys`);
  }

  if (dailyQuota !== undefined) {
    const failed = first.filter(({ status }) => status !== 201 && status !== 429).length;
    must(forms.length <= dailyQuota, `P7: ${forms.length} forms were given, the quota is ${dailyQuota}`);
    must(
      used >= forms.length && used <= Math.min(dailyQuota, forms.length + failed),
      `P7: ${used} units are used for ${forms.length} forms and ${failed} requests that failed`,
    );
    must(used === dailyQuota, `the repeats left ${dailyQuota - used} units of the quota`);
  }
  return broken;
}

function hasOnly(
  responses: readonly (FormResponse | undefined)[],
  allowed: readonly (number | undefined)[],
): boolean {
  return responses.every((response) => response === undefined || allowed.includes(response.status));
}

function statusesOf(responses: readonly (FormResponse | undefined)[]): string {
  const counts = Map.groupBy(
    responses.filter((response) => response !== undefined),
    ({ status }) => status,
  );
  return [...counts].map(([status, { length }]) => `${length} × ${status ?? 'a reset'}`).join(', ');
}
