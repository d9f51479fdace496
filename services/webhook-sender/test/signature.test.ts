import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import t from 'tap';
import { signedHeaders, webhookIdOf } from '../src/signature.ts';
import { WebhookType } from '../src/webhook-event.ts';

const BODY = JSON.stringify({ type: 'upload.processed', data: { filename: 'Zählerstand 🚀.pdf' } });
const EVENT = { type: WebhookType.processed, key: 'uploads/a', acceptedVersionId: 'v1', at: new Date() };

t.test('a signature is verified by the standard’s own library, by each secret', async (t) => {
  for (const bytes of [24, 32, 64]) {
    const [old, next, other] = [randomBytes(bytes), randomBytes(bytes), randomBytes(bytes)];
    const headers = signedHeaders(webhookIdOf(EVENT), new Date(), BODY, [old, next]);
    const verifier = (secret: Buffer) => new Webhook(`whsec_${secret.toString('base64')}`);
    for (const secret of [old, next]) t.strictSame(verifier(secret).verify(BODY, headers), JSON.parse(BODY));
    t.throws(() => verifier(other).verify(BODY, headers), /No matching signature/);
    t.throws(() => verifier(old).verify(`${BODY} `, headers), /No matching signature/);
    const another = { ...headers, 'webhook-id': webhookIdOf({ ...EVENT, key: 'uploads/b' }) };
    t.throws(() => verifier(old).verify(BODY, another), /No matching signature/);
  }
});

t.test('the id of an event is that of its type, key, version and attempt, and nothing else', async (t) => {
  const id = webhookIdOf(EVENT);
  t.match(id, /^msg_[\w-]{43}$/);
  t.equal(webhookIdOf({ ...EVENT, at: new Date(0), reason: 'another' }), id);
  const duplicate = {
    type: WebhookType.duplicate,
    key: 'uploads/a',
    versionId: 'v1',
    sizeBytes: 1,
    storedAt: new Date(),
    at: new Date(),
  };
  const failed = { ...EVENT, type: WebhookType.failed };
  const others = [
    failed,
    { ...failed, attempt: 1 },
    { ...failed, attempt: 11 },
    { ...EVENT, key: 'uploads/b' },
    { ...EVENT, acceptedVersionId: 'v2' },
    // The parts do not run into each other.
    { ...EVENT, key: 'uploads/av', acceptedVersionId: '1' },
    duplicate,
    { ...duplicate, versionId: 'v2' },
  ];
  t.equal(new Set([id, ...others.map(webhookIdOf)]).size, others.length + 1);
});
