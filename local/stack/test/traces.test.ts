// Spans of real service processes, over local-aws, as a collector gets them.
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createLink, createUpload, type UploadForm, uploadFile } from '@upload-once/client';
import t from 'tap';
import { startWebhookReceiver } from '../../../test/support/webhook-receiver.ts';
import { startStack } from '../stack.ts';
import { type OtlpSpan, startTraceReceiver, type TraceReceiver } from '../trace-receiver.ts';
import { drawTrace, rowsOf, structureIn, structureOf, textOf } from './support/trace-picture.ts';

const PICTURE = fileURLToPath(new URL('../../../docs/pictures/trace.svg', import.meta.url));
const HANDLER = fileURLToPath(new URL('../save-to-folder.ts', import.meta.url));
const SECRET = `whsec_${Buffer.alloc(32, 'a secret of a test').toString('base64')}`;
const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const file = (content: string) => ({ blob: new Blob([content]), name: 'file.txt' });

/** Services with webhooks, which send spans to `endpoint`. A webhook that has come says that all of an upload is over. */
async function startTraced(endpoint: string, webhooks: string, folder: string) {
  return startStack({
    logFolder: `${folder}/logs`,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
    settings: {
      'url-issuer': { LINK_ORIGIN: 'http://127.0.0.1' },
      processor: { PROCESSOR_HANDLER: HANDLER, SAVE_TO_FOLDER: `${folder}/saved` },
      'webhook-sender': {
        WEBHOOKS: JSON.stringify({ default: { url: webhooks, secrets: [SECRET] } }),
        WEBHOOK_ALLOWED_ORIGINS: webhooks,
      },
    },
  });
}

function spansOf(receiver: TraceReceiver): OtlpSpan[] {
  return receiver.traceIds().flatMap((id) => rowsOf(receiver.trace(id) ?? []).map(({ span }) => span));
}

t.test(
  'one upload is one trace over all services, as the picture shows; what is not it is linked',
  async (t) => {
    const receiver = await startTraceReceiver({ port: 0 });
    t.teardown(() => receiver.close());
    const { origin, received } = await startWebhookReceiver(t);
    const stack = await startTraced(receiver.url, origin, t.testdir());
    t.teardown(() => stack.stop());
    const { issuerUrl, apiKey } = stack;
    const hasWebhooks = (count: number) => received.until((entries) => entries.length === count);

    // The first upload waits for what every process opens once.
    const first = await createUpload({ issuerUrl, apiKey });
    await uploadFile({ form: first.form, file: file('warm') });
    await hasWebhooks(1);
    const { id, form } = await createUpload({ issuerUrl, apiKey });
    await uploadFile({ form, file: file('first') });
    await hasWebhooks(2);
    await uploadFile({ form, file: file('second') });
    await hasWebhooks(3);

    const link = new URL((await createLink({ issuerUrl, apiKey })).url);
    const authorization = `Bearer ${link.hash.slice(1)}`;
    const signed = await fetch(`${issuerUrl}/u/sign`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ sizeBytes: 5 }),
    });
    const put = (await signed.json()) as { readonly url: string; readonly headers: Record<string, string> };
    t.equal((await fetch(put.url, { method: 'PUT', headers: put.headers, body: 'third' })).status, 200);
    await hasWebhooks(4);

    for (const flags of ['00', '01']) {
      const traceparent = `00-${CALLER.traceId}-${CALLER.spanId}-${flags}`;
      const asked = await fetch(`${issuerUrl}/getpresignedurl`, {
        headers: { 'x-api-key': apiKey, traceparent },
      });
      const { url: form } = (await asked.json()) as { readonly url: UploadForm };
      await uploadFile({ form, file: file('fourth') });
      await hasWebhooks(flags === '00' ? 5 : 6);
    }
    // Right after the last webhook: what is not exported yet is exported by the stop.
    await stack.stop();

    const all = spansOf(receiver);
    const withId = (span: OtlpSpan) => textOf(span.attributes, 'upload_once.upload_id') === id;
    const issue = all.find((span) => span.name === 'issue' && withId(span));
    const rows = rowsOf(receiver.trace(issue?.traceId ?? '') ?? []);
    if (process.env.UPDATE_PICTURES === '1') await writeFile(PICTURE, drawTrace(rows));
    const picture = await readFile(PICTURE, 'utf8');
    t.strictSame(
      structureOf(rows),
      structureIn(picture),
      'as docs/pictures/trace.svg; UPDATE_PICTURES=1 draws it anew',
    );
    t.strictSame(structureIn(drawTrace(rows)), structureOf(rows), 'the picture shows all of it');
    t.ok(rows.every(({ span }) => span.status?.code !== 2));
    t.ok(rows.every(({ span }) => BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)));

    // Each service exports for itself: the spans come in any order.
    const ofDuplicate = all
      .filter((span) => withId(span) && span.traceId !== issue?.traceId)
      .sort((a, b) => a.name.localeCompare(b.name));
    t.match(
      ofDuplicate.map(({ name, links, parentSpanId }) => ({ name, links, parentSpanId: parentSpanId ?? '' })),
      [
        { name: 'accept', links: [{ traceId: issue?.traceId, spanId: issue?.spanId }], parentSpanId: '' },
        { name: 'webhook', links: [{ traceId: issue?.traceId, spanId: issue?.spanId }], parentSpanId: '' },
      ],
    );

    const click = all.find(({ name }) => name === 'click');
    const [created] = click?.links ?? [];
    t.not(click?.traceId, created?.traceId);
    t.strictSame(
      rowsOf(receiver.trace(created?.traceId ?? '') ?? []).map(({ span }) => span.name),
      ['issue'],
      'the trace of the link',
    );
    t.strictSame(
      rowsOf(receiver.trace(click?.traceId ?? '') ?? []).map(({ depth, span }) => `${depth} ${span.name}`),
      [
        '0 click',
        ...structureIn(picture)
          .slice(1)
          .map((row) => row.split(' ').toSpliced(1, 1).slice(0, 2).join(' '))
          .filter((row) => row !== '2 list'),
      ],
      'the rest of it is in the trace of the click; a PUT needs no list',
    );

    const ofCaller = rowsOf(receiver.trace(CALLER.traceId) ?? []);
    t.equal(ofCaller.length, rows.length, 'of two uploads with a traceparent only the sampled one');
    t.match(ofCaller[0]?.span, { name: 'issue', parentSpanId: CALLER.spanId });
  },
);

t.test('an endpoint that hangs costs nothing but spans', async (t) => {
  let asked = 0;
  const hanging = createServer(() => {
    asked += 1;
  });
  await once(hanging.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => void hanging.close().closeAllConnections());
  const { origin, received } = await startWebhookReceiver(t);
  const { port } = hanging.address() as AddressInfo;
  const stack = await startTraced(`http://127.0.0.1:${port}`, origin, t.testdir());
  t.teardown(() => stack.stop());
  for (let count = 1; count <= 3; count += 1) {
    const { form } = await createUpload({ issuerUrl: stack.issuerUrl, apiKey: stack.apiKey });
    await uploadFile({ form, file: file('content') });
    await received.until((entries) => entries.length === count);
  }
  await stack.stop();
  const exits = await Promise.all(stack.processes.map(({ exit }) => exit));
  t.strictSame(
    exits.map(({ code }) => code),
    stack.processes.map(() => 0),
  );
  t.ok(asked > 0, 'they tried');
});
