import t from 'tap';
import { codeAlarm, isSetOff } from '../../../test/support/code-alarm.ts';
import { createHarness } from './harness.ts';

t.test(
  'alarm attempts-failed: an endpoint that fails for an hour sets it off, and no shorter one',
  async (t) => {
    const alarm = codeAlarm('attempts-failed');
    const startAt = new Date('2026-01-01T00:00:00.000Z');
    const { upload, processed, postponed, receiver, clock, written } = await createHarness(t, { startAt });
    let body = processed(await upload());
    receiver.respond((response) => response.writeHead(503).end());
    for (const waitMs of [0, 5_000, 300_000]) {
      clock.advance(waitMs);
      ({ body } = await postponed(body));
    }
    t.notOk(isSetOff(alarm, 'webhook-sender', written()), 'three attempts in one half-hour');
    clock.advance(1_800_000);
    await postponed(body);
    t.ok(isSetOff(alarm, 'webhook-sender', written()));
  },
);

t.test('alarm endpoints-gone: an endpoint that responds with 410 sets it off', async (t) => {
  const alarm = codeAlarm('endpoints-gone');
  const { upload, processed, deliver, receiver, written } = await createHarness(t);
  receiver.respond((response) => response.writeHead(404).end());
  await t.rejects(deliver(processed(await upload())), { code: 'Postponed' });
  t.notOk(isSetOff(alarm, 'webhook-sender', written()), 'what is not found may come back');
  receiver.respond((response) => response.writeHead(410).end());
  await t.rejects(deliver(processed(await upload())), { code: 'Unprocessable' });
  t.ok(isSetOff(alarm, 'webhook-sender', written()));
});
