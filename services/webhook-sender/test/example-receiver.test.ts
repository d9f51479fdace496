import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startServiceProcess } from '../../../test/support/service-process.ts';
import { createHarness, endpointAt, SECRET } from './harness.ts';

const RECEIVER = fileURLToPath(new URL('../../../examples/webhook-receiver/receiver.mjs', import.meta.url));

t.test('the example takes each event once, and nothing with another signature', async (t) => {
  const receiver = startServiceProcess(t, RECEIVER, {
    WEBHOOK_SECRET: `whsec_${SECRET.toString('base64')}`,
    PORT: '0',
  });
  const { msg } = await receiver.logged(/^Server listening at /);
  const origin = /http:\S+/.exec(msg ?? '')?.[0] ?? '';
  const url = new URL('/webhooks', origin);
  // The standard's library takes a timestamp of the last five minutes.
  const options = { default: endpointAt({ origin }, { url }), startAt: new Date() };
  const { upload, processed, deliver, total } = await createHarness(t, options);
  const key = await upload();
  const event = processed(key);
  await deliver(event);
  await deliver(event);
  t.equal(total('WebhooksDelivered'), 2);
  await receiver.logged('request completed', 2);
  t.match(
    receiver.lines.filter(({ msg }) => msg === 'webhook'),
    [{ type: 'upload.processed', upload: key.replace('uploads/', ''), state: 'PROCESSED' }],
  );
  t.equal(receiver.lines.filter(({ msg }) => msg === 'webhook').length, 1);

  const forged = {
    default: endpointAt({ origin }, { url, secrets: [Buffer.alloc(32)] }),
    startAt: new Date(),
  };
  const forger = await createHarness(t, forged);
  await forger.postponed(forger.processed(await forger.upload()));
  t.match(forger.logLines, [{ reason: 'it responded with 400' }]);
});
