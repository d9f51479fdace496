import t from 'tap';
import { policyUntil } from '../../../test/support/form-servers.ts';
import { EXPIRES_AT } from '../../../test/support/v1-server.ts';
import { IssuerUnavailable, RequestRefused } from '../src/errors.ts';
import { createUpload, getUpload, requestUpload, revokeUpload } from '../src/index.ts';
import { type Retries, withRetries } from '../src/issuer-retries.ts';

type ScriptedResponse = {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
};

const FORM = { url: 'https://s3.test/', fields: { key: 'uploads/a-x', policy: policyUntil(EXPIRES_AT) } };
const CREATED = {
  status: 201,
  body: { id: 'a-x', state: 'ISSUED', method: 'post', ...FORM, expiresAt: EXPIRES_AT },
};
const CALLS = {
  requestUpload: [requestUpload, { status: 200, body: { url: FORM } }],
  createUpload: [createUpload, CREATED],
  getUpload: [
    (access: Access) => getUpload(access, 'a-x'),
    { status: 200, body: { id: 'a-x', state: 'ISSUED' } },
  ],
  revokeUpload: [(access: Access) => revokeUpload(access, 'a-x'), { status: 204 }],
} as const;
type Access = Parameters<typeof requestUpload>[0];

/** An issuer that responds in this order, and what it was asked; an error is a connection that failed. */
function scripted(responses: readonly (ScriptedResponse | Error)[], retries: Retries = {}) {
  const left = [...responses];
  const asked: Headers[] = [];
  const slept: number[] = [];
  const access: Access = {
    issuerUrl: 'https://issuer.test',
    apiKey: 'key-1',
    retries: { sleep: async (seconds) => slept.push(seconds), ...retries },
    async fetch(_, init) {
      asked.push(new Headers(init?.headers));
      const response = left.shift() ?? new Error('asked too often');
      if (response instanceof Error) throw response;
      const { status, headers = {}, body } = response;
      return new Response(body === undefined ? null : JSON.stringify(body), { status, headers });
    },
  };
  return { access, asked, slept, left };
}

const busy = (retryAfter?: string, status = 429): ScriptedResponse => ({
  status,
  headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
  body: { code: 'TooManyRequests', message: 'm' },
});

for (const [name, [call, response]] of Object.entries(CALLS)) {
  t.test(`${name} is repeated after 429, 5xx and a connection that failed`, async (t) => {
    const { access, slept, left } = scripted([
      busy('7'),
      busy('0', 503),
      busy(undefined, 502),
      new Error('reset'),
      response,
    ]);
    await (call as (access: Access) => Promise<unknown>)(access);
    t.strictSame(left, []);
    t.strictSame(slept.slice(0, 2), [7, 1], 'as long as the issuer asks, at least a second');
    const [first = 0, second = 0] = slept.slice(2);
    t.ok(first >= 0.25 && first <= 0.5, `${first}`);
    t.ok(second >= 0.5 && second <= 1, `${second}`);
  });
}

t.test('all tries of one createUpload have one idempotency key, and another call has another', async (t) => {
  const { access, asked } = scripted([new Error('reset'), busy('1'), CREATED, CREATED, busy('1'), CREATED]);
  await createUpload(access);
  await createUpload(access);
  await createUpload({ ...access, idempotencyKey: 'given' });
  const keys = asked.map((headers) => headers.get('idempotency-key') ?? '');
  t.match(keys[0], /^[0-9a-f]{32}$/);
  t.strictSame(keys.slice(0, 3), Array(3).fill(keys[0]));
  t.match(keys[3], /^[0-9a-f]{32}$/);
  t.not(keys[3], keys[0]);
  t.strictSame(keys.slice(4), ['given', 'given']);
});

t.test('without Retry-After it ends after three more tries, with what came last', async (t) => {
  const { access, asked } = scripted([1, 2, 3, 4].map((at) => busy(undefined, 500 + at)));
  await t.rejects(requestUpload(access), { code: 'IssuerUnavailable', status: 504 });
  t.equal(asked.length, 4);
});

t.test('what another try does not change is not tried again', async (t) => {
  for (const response of [
    { status: 400, body: { code: 'InvalidRequest', message: 'm' } },
    { status: 403, body: { code: 'Forbidden', message: 'm' } },
    { status: 404, body: 'not an issuer' },
    { status: 200, body: 'not a form' },
  ]) {
    const { access, asked } = scripted([response]);
    await t.rejects(requestUpload(access), /refused|has no|not an issuer’s response/);
    t.equal(asked.length, 1);
  }
  const { access, asked } = scripted([]);
  await t.rejects(requestUpload({ ...access, issuerUrl: 'ftp://x' }), { code: 'InvalidArgument' });
  t.equal(asked.length, 0);
});

t.test('no try begins after the limit: waits and responses count', async (t) => {
  const refused = (retryAfterSeconds: number) =>
    new RequestRefused('busy', { status: 429, retryAfterSeconds });
  const tries = async (
    maxSeconds: number | undefined,
    retryAfterSeconds: number,
    responseSeconds: number,
  ) => {
    let nowMs = 0;
    let count = 0;
    const ask = async () => {
      count += 1;
      nowMs += responseSeconds * 1000;
      throw refused(retryAfterSeconds);
    };
    const retries = { maxSeconds, sleep: async () => {} };
    await t.rejects(withRetries({ retries }, ask, { nowMs: () => nowMs, random: () => 0 }), {
      message: 'busy',
    });
    return count;
  };
  t.equal(await tries(0, 1, 0), 1);
  t.equal(await tries(10, 5, 0), 3);
  t.equal(await tries(10, 11, 0), 1);
  t.equal(await tries(10, 5, 3), 2);
  t.equal(await tries(undefined, 30, 0), 3, 'a minute');
});

t.test('a caller hears of each wait', async (t) => {
  const waits: unknown[] = [];
  const { access } = scripted([busy('7'), CREATED], { onWait: (wait) => waits.push(wait) });
  await createUpload(access);
  t.match(waits, [{ seconds: 7, error: { code: 'RequestRefused', status: 429, retryAfterSeconds: 7 } }]);
});

t.test('a signal ends a wait, and a limit that is none is refused', async (t) => {
  const abort = new AbortController();
  const { access, asked } = scripted([busy('50')], {
    sleep: undefined,
    onWait: () => queueMicrotask(() => abort.abort(new Error('enough'))),
  });
  await t.rejects(requestUpload({ ...access, signal: abort.signal }), { message: 'enough' });
  const early = scripted([busy('50')], { sleep: undefined, onWait: () => abort.abort() });
  await t.rejects(requestUpload({ ...early.access, signal: AbortSignal.any([abort.signal]) }), {
    message: 'enough',
  });
  t.equal(asked.length, 1);
  for (const maxSeconds of [-1, Number.NaN, 3_000_000, '1' as unknown as number])
    await t.rejects(requestUpload({ ...access, retries: { maxSeconds } }), {
      code: 'InvalidArgument',
      message: `retries.maxSeconds is a number of seconds from 0 to 2147483, not ${maxSeconds}`,
    });
});

t.test('by the clock it waits as long', async (t) => {
  let count = 0;
  const ask = async () => {
    if (++count === 1) throw new IssuerUnavailable('reset');
    return count;
  };
  // So that it is a wait of milliseconds.
  const random = () => -0.98;
  t.equal(await withRetries({}, ask, { nowMs: () => 0, random }), 2);
});
