import fastifyStatic from '@fastify/static';
import { createUpload, getUpload, revokeUpload } from '@upload-once/client';
import Fastify from 'fastify';

// The API key stays here. Check before each of these who the visitor is, and what they may do.
const { UPLOAD_ONCE_URL: issuerUrl, UPLOAD_ONCE_API_KEY: apiKey, PORT = '3000' } = process.env;
const issuer = { issuerUrl, apiKey };
const app = Fastify();

app.post('/uploads', async ({ body: { name, type, size } }) => {
  const terms = { filename: name, contentType: type || undefined, minBytes: size, maxBytes: size };
  const { id, form } = await createUpload({ ...issuer, ...terms });
  return { id, ...form };
});
// Responds when the state is no longer the one that the page knows, or after five seconds.
app.get('/uploads/:id', ({ params, query }) =>
  getUpload(issuer, params.id, query.state && { waitSeconds: 5, knownState: query.state }),
);
app.delete('/uploads/:id', ({ params }) => revokeUpload(issuer, params.id));

const pages = ['plain-page', 'uppy'];
for (const page of pages) {
  const root = new URL(`../${page}/`, import.meta.url);
  app.register(fastifyStatic, { root, prefix: `/${page}/`, decorateReply: false });
}
const address = await app.listen({ host: '127.0.0.1', port: Number(PORT) });
for (const page of pages) process.stdout.write(`open ${address}/${page}/\n`);
