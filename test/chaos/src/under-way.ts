import type { FaultStack } from './fault-stack.ts';
import type { Outside } from './outside.ts';

/**
 * What is still on its way; undefined: nothing is. It looks in the order of the way: what has passed one place can only be at a
 * later one.
 */
export async function underWay(
  { endpoints, queues }: Pick<FaultStack, 'endpoints' | 'queues'>,
  outside: Outside,
): Promise<string | undefined> {
  for (const [queue, service] of [
    [queues.uploadEvents, 'acceptor'],
    [queues.acceptedEvents, 'processor'],
  ] as const) {
    // On a connection of its own: one that lay idle may be closed at that moment.
    const headers = { connection: 'close' };
    const response = await fetch(`${endpoints.control}/events/held?atLeast=0`, { headers });
    const { unsent } = (await response.json()) as { unsent: number };
    if (unsent > 0) return `${unsent} events that S3 has not sent`;
    const messages = await outside.depthOf(queue);
    if (messages > 0) return `${messages} messages for the ${service}`;
  }
  return undefined;
}
