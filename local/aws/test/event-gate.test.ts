import t from 'tap';
import type { EventForQueue } from '../src/events/event.ts';
import { EventGate } from '../src/events/event-gate.ts';

function event(id: string, key = `uploads/${id}`): EventForQueue {
  return { id, queueArn: 'q', eventName: 'ObjectCreated:Put', key, versionId: 'v', sequencer: '0', body: '' };
}

function gateWith(): { gate: EventGate; sent: string[] } {
  const sent: string[] = [];
  return { gate: new EventGate(({ id }) => sent.push(id)), sent };
}

t.test('what is held is released in order, reversed, or several times', async (t) => {
  const { gate, sent } = gateWith();
  const holdTwo = () => {
    gate.hold();
    gate.pass(event('a'));
    gate.pass(event('b'));
  };
  holdTwo();
  t.same(sent, []);
  gate.release();
  holdTwo();
  gate.release({ reversed: true });
  holdTwo();
  gate.release({ copies: 2 });
  gate.pass(event('c'));
  t.same(sent, ['a', 'b', 'b', 'a', 'a', 'a', 'b', 'b', 'c']);
});

t.test('a hold is for a prefix or a queue, the others pass', async (t) => {
  const { gate, sent } = gateWith();
  gate.hold({ keyPrefix: 'accepted/' });
  gate.hold({ queueArn: 'other' });
  gate.pass(event('a'));
  gate.pass(event('b', 'accepted/b'));
  gate.pass({ ...event('c'), queueArn: 'other' });
  t.same(sent, ['a']);
  t.same(
    gate.held().map(({ id }) => id),
    ['b', 'c'],
  );
});

t.test('chosen ones are sent in the order chosen, and can be sent again later', async (t) => {
  const { gate, sent } = gateWith();
  gate.hold();
  for (const id of ['a', 'b', 'c']) gate.pass(event(id));
  gate.sendHeld({ ids: ['c', 'a'], keep: true });
  gate.sendHeld({ ids: ['c'], copies: 2 });
  t.same(sent, ['c', 'a', 'c', 'c']);
  t.same(
    gate.held().map(({ id }) => id),
    ['a', 'b'],
  );
  t.throws(() => gate.sendHeld({ ids: ['x'] }), { code: 'UnknownId' });
  gate.pass(event('d'));
  t.equal(gate.held().length, 3, 'it goes on holding');
});
