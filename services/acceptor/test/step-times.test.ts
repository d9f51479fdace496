import t from 'tap';
import { createHarness, uploaded } from './harness.ts';

t.test('UploadTime and AcceptTime are the client’s part of an upload, and the acceptor’s', async (t) => {
  const { harness, event } = await uploaded('hello');
  harness.clock.now = new Date(harness.clock.now.getTime() + 500);
  await harness.deliver(event);
  t.strictSame(harness.values('UploadTime'), [1_234]);
  t.strictSame(harness.values('AcceptTime'), [500]);
});

t.test('an upload by a link has no UploadTime: the link can have been open for weeks', async (t) => {
  const harness = createHarness();
  const key = await harness.issue({ signatureSeconds: 60 });
  harness.clock.now = new Date(harness.clock.now.getTime() + 7 * 86_400_000);
  await harness.deliver(harness.upload(key, 'hello'));
  t.strictSame(harness.values('UploadsAccepted'), [1]);
  t.strictSame(harness.values('UploadTime'), []);
});

t.test('QueueTime is the wait of an event for its first receive, and is counted once', async (t) => {
  const harness = createHarness();
  const event = harness.upload(await harness.issue(), 'hello');
  harness.clock.now = new Date(harness.clock.now.getTime() + 7_000);
  await harness.deliver(event);
  harness.clock.now = new Date(harness.clock.now.getTime() + 60_000);
  await harness.deliver(event, { receiveCount: 2 });
  t.strictSame(harness.values('QueueTime'), [7_000]);
});

t.test('an event from a clock that is ahead has waited for no time', async (t) => {
  const harness = createHarness();
  const event = harness.upload(await harness.issue(), 'hello');
  harness.clock.now = new Date(harness.clock.now.getTime() - 5_000);
  await harness.deliver(event);
  t.strictSame(harness.values('QueueTime'), [0]);
  t.strictSame(harness.values('AcceptTime'), [0]);
});
