import { acceptedKeyOf, UploadState } from '@upload-once/uploads';
import t from 'tap';
import { createHarness } from './harness.ts';

const OF_LINK = { signatureSeconds: 60 };

/** An upload whose file has this in its metadata. */
async function uploaded(metadata: Record<string, string>, issued: object = OF_LINK) {
  const harness = createHarness();
  const key = await harness.issue(issued);
  const event = harness.upload(key, 'the file', 'Post', metadata);
  return { harness, key, deliver: () => harness.deliver(event) };
}

t.test('what came by a link is recorded with the name that its object has', async (t) => {
  const { harness, key, deliver } = await uploaded({ filename: 'Z%C3%A4hler%20100%25.pdf', customer: '7' });
  await deliver();
  t.match(await harness.uploads.get(key), { state: UploadState.accepted, filename: 'Zähler 100%.pdf' });
});

t.test('of two files that came by a link, the name is that of the accepted one', async (t) => {
  const { harness, key, deliver } = await uploaded({ filename: 'first.pdf' });
  harness.upload(key, 'another', 'Post', { filename: 'second.pdf' });
  await deliver();
  t.match(await harness.uploads.get(key), { filename: 'first.pdf' });
});

t.test('P2: of two versions under accepted/, the name is that of the accepted one', async (t) => {
  const { harness, key, deliver } = await uploaded({ filename: 'first.pdf' });
  const head = harness.bucketFaults.stallNext('before', 'head');
  const delivered = deliver();
  await head.reached;
  harness.upload(acceptedKeyOf(key), 'another', 'Put', { filename: 'second.pdf' });
  head.release();
  await delivered;
  t.match(await harness.uploads.get(key), { filename: 'first.pdf' });
});

t.test('P3: a name that cannot be read brings the event back, which records it', async (t) => {
  const { harness, key, deliver } = await uploaded({ filename: 'a.pdf' });
  harness.bucketFaults.failNext('before', 'head', new Error('S3 does not respond'));
  await t.rejects(deliver(), { message: 'S3 does not respond' });
  t.match(await harness.uploads.get(key), { state: UploadState.claimed });
  await deliver();
  t.match(await harness.uploads.get(key), { state: UploadState.accepted, filename: 'a.pdf' });
  t.equal((await harness.objects.listVersions(acceptedKeyOf(key))).length, 1);
});

t.test('a file without a name, or with what is none, is accepted without one', async (t) => {
  const noNames = ['%', '', '..', '../../etc/passwd', 'a\nb.pdf', 'a\u202eb.pdf', 'ä'.repeat(128)];
  for (const name of [undefined, ...noNames]) {
    const filename = name === '%' ? name : name && encodeURIComponent(name);
    const { harness, key, deliver } = await uploaded(filename === undefined ? {} : { filename });
    await deliver();
    t.match(await harness.uploads.get(key), { state: UploadState.accepted, filename: undefined });
  }
});

t.test('for what came by a form, S3 is not asked', async (t) => {
  const { harness, key, deliver } = await uploaded({ filename: 'a.pdf' }, {});
  await deliver();
  t.match(await harness.uploads.get(key), { state: UploadState.accepted, filename: undefined });
  t.notOk(harness.bucketFaults.calls.some(({ operation }) => operation === 'head'));
});
