import Fastify from 'fastify';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
/** In your service: a table with `webhook-id` as its key. */
const done = new Set();
const app = Fastify({ logger: true });

// The signature is that of the text as it came, not of what a parser makes of it.
app.addContentTypeParser('application/json', { parseAs: 'string' }, async (_request, body) => body);

app.post('/webhooks', async (request, reply) => {
  let event;
  try {
    event = webhook.verify(request.body, request.headers);
  } catch (error) {
    return reply.code(400).send({ message: error.message });
  }
  const id = request.headers['webhook-id'];
  if (!done.has(id)) {
    // Your work. If it takes longer than some seconds, put the event into a queue of your own here.
    request.log.info({ type: event.type, upload: event.data.id, state: event.data.state }, 'webhook');
    done.add(id);
  }
  return reply.code(204).send();
});

await app.listen({ host: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 3000) });
