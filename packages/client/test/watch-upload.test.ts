import t from 'tap';
import { STATUS, startV1Server } from '../../../test/support/v1-server.ts';
import { getUpload, type UploadStatus, watchUpload } from '../src/index.ts';

t.test(
  'each state is told once, up to a final one; the issuer is asked for a change of the known one',
  async (t) => {
    const servers = await startV1Server(t);
    const states = ['ISSUED', 'ISSUED', 'CLAIMED', 'PROCESSED'];
    const slept: number[] = [];
    const retries = { maxSeconds: 0, sleep: async (seconds: number) => void slept.push(seconds) };
    const seen: string[] = [];
    servers.issuerResponse.body = { ...STATUS, state: states.shift() };
    let nowMs = 0;
    const now = () => {
      servers.issuerResponse.body = { ...STATUS, state: states[servers.asked.length - 1] ?? 'ISSUED' };
      nowMs += 250;
      return nowMs;
    };
    for await (const { state } of watchUpload({ ...servers, retries }, 'a', now)) seen.push(state);
    t.strictSame(seen, ['ISSUED', 'CLAIMED', 'PROCESSED']);
    t.strictSame(
      servers.asked.map(({ path }) => path),
      ['', '?wait=20&state=ISSUED', '?wait=20&state=ISSUED', '?wait=20&state=CLAIMED'].map(
        (query) => `/v1/uploads/a${query}`,
      ),
    );
    t.strictSame(slept, [0.75, 0.75], 'an issuer that does not wait is asked once a second');
  },
);

t.test('an error ends it', async (t) => {
  const servers = await startV1Server(t);
  servers.issuerResponse = { status: 404, headers: {}, body: { code: 'UploadNotFound', message: 'm' } };
  await t.rejects(watchUpload(servers, 'a').next(), { code: 'RequestRefused', issuerCode: 'UploadNotFound' });
});

t.test('a wait is added to the time that a response may take', async (t) => {
  const servers = await startV1Server(t);
  servers.issuerResponse.body = STATUS;
  const asked: AbortSignal[] = [];
  const ask: typeof fetch = async (url, init) => {
    if (init?.signal) asked.push(init.signal);
    return fetch(url, init);
  };
  const access = { ...servers, timeoutSeconds: 0.000_001, fetch: ask };
  const found: UploadStatus = await getUpload(access, 'a', { waitSeconds: 20 });
  t.equal(found.state, 'PROCESSED');
  t.equal(servers.asked[0]?.path, '/v1/uploads/a?wait=20');
  for (const waitSeconds of [0, 21, 1.5, Number.NaN])
    await t.rejects(getUpload(access, 'a', { waitSeconds }), { code: 'InvalidArgument' });
  t.equal(asked.length, 1);
});
