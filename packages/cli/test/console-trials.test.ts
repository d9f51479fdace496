import { TrialKind } from '@upload-once/console';
import t, { type Test } from 'tap';
import { readPost, s3ErrorXml, withServers } from '../../../test/support/form-servers.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { createTrials } from '../src/console/trials.ts';

const never = new AbortController().signal;

/** What S3 says of a form whose key is not the signed one. */
const FAILED_CONDITION =
  'Invalid according to Policy: Policy Condition failed: ["eq", "$key", "uploads/name-1"]';

async function stage(t: Test) {
  const servers = await withServers(t);
  const clock = new VirtualClock();
  const trials = createTrials({ issuerUrl: servers.url, apiKey: 'key-1', clock });
  const sent = () =>
    servers.received.map(({ fields, sha256, sizeBytes }) => ({
      key: new Map(fields).get('key'),
      sha256,
      sizeBytes,
    }));
  const refuse = (code: string, message: string) => {
    servers.take = async (request, response) => {
      servers.received.push(await readPost(request));
      response.writeHead(403, { 'content-type': 'application/xml' }).end(s3ErrorXml(code, message));
    };
  };
  return { servers, clock, trials, sent, refuse };
}

t.test('once: one form, and one file', async (t) => {
  const { servers, trials, sent } = await stage(t);
  t.strictSame(await trials.run(TrialKind.once, never), {
    uploadId: 'name-1',
    steps: ['S3 responded with 204: it has the file'],
    refusal: undefined,
  });
  t.match(servers.asked, [{ apiKey: 'key-1', body: { name: 'trial-once' } }]);
  t.match(sent(), [{ key: 'uploads/name-1' }]);
});

t.test('twice: one form, and two files that differ', async (t) => {
  const { servers, trials, sent } = await stage(t);
  const { uploadId, steps, refusal } = await trials.run(TrialKind.twice, never);
  t.strictSame([uploadId, steps.length, refusal], ['name-1', 2, undefined]);
  t.equal(servers.asked.length, 1);
  const [first, second] = sent();
  t.strictSame([first?.key, second?.key], ['uploads/name-1', 'uploads/name-1']);
  t.not(first?.sha256, second?.sha256);
});

t.test('tampered with: another key than the signed one, and what S3 says', async (t) => {
  const { trials, sent, refuse } = await stage(t);
  refuse('AccessDenied', FAILED_CONDITION);
  const said = 'S3 refused it: 403 AccessDenied (Policy Condition failed)';
  t.strictSame(await trials.run(TrialKind.tampered, never), {
    uploadId: 'name-1',
    steps: [said],
    refusal: said,
  });
  t.match(sent(), [{ key: 'uploads/name-1-of-my-own-choice' }]);
});

t.test('too late: a form of the shortest life, used after its end', async (t) => {
  const { servers, clock, trials, sent, refuse } = await stage(t);
  refuse('AccessDenied', 'Invalid according to Policy: Policy expired.');
  const running = trials.run(TrialKind.late, never);
  await clock.untilSet(2_500);
  t.match(servers.asked, [{ body: { name: 'trial-late', expiresInSeconds: 1 } }]);
  clock.advance(2_499);
  t.strictSame(sent(), []);
  clock.advance(1);
  const said = 'S3 refused it: 403 AccessDenied (Policy expired.)';
  t.strictSame(await running, { uploadId: 'name-1', steps: [said], refusal: said });
  t.equal(sent().length, 1);
});

t.test('a page that goes while the form runs out: nothing is sent', async (t) => {
  const { clock, trials, sent } = await stage(t);
  const page = new AbortController();
  const running = trials.run(TrialKind.late, page.signal);
  await clock.untilSet(2_500);
  page.abort();
  await t.rejects(running);
  t.strictSame(sent(), []);
  t.equal(clock.pendingCount, 0);
});

t.test('an S3 that takes what it should refuse is no refusal', async (t) => {
  const { trials } = await stage(t);
  t.match(await trials.run(TrialKind.tampered, never), {
    steps: ['S3 responded with 204: it has the file'],
    refusal: undefined,
  });
});

t.test('what S3 refuses of a good form, and an issuer that refuses, are failures', async (t) => {
  const { servers, trials, sent, refuse } = await stage(t);
  refuse('AccessDenied', 'Access Denied');
  await t.rejects(trials.run(TrialKind.once, never), { code: 'UploadRefused' });
  servers.issue = (_request, response) =>
    void response.writeHead(403, { 'content-type': 'application/json' }).end('{"message":"Forbidden"}');
  const before = sent().length;
  await t.rejects(trials.run(TrialKind.tampered, never), { message: /403/ });
  t.equal(sent().length, before);
});
