import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { XRayClient } from '@aws-sdk/client-xray';
import t from 'tap';
import { createXRayTraces } from '../src/aws.ts';
import { createOtlpTraces } from '../src/index.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
// As an OTLP/HTTP exporter of OpenTelemetry sends it in JSON.
const OTLP = {
  resourceSpans: [
    {
      resource: { attributes: [text('service.name', 'acceptor')] },
      scopeSpans: [
        {
          scope: { name: 'upload-once' },
          spans: [
            {
              traceId: TRACE,
              spanId: 'b7ad6b7169203331',
              parentSpanId: 'aaaa6b7169203331',
              name: 'accept',
              kind: 5,
              startTimeUnixNano: '1767225600123500000',
              endTimeUnixNano: '1767225600223500000',
              attributes: [
                text('upload.id', 'a'),
                { key: 'count', value: { intValue: '3' } },
                { key: 'all', value: { arrayValue: { values: [] } } },
              ],
              status: { code: 2 },
              links: [{ traceId: 'f'.repeat(32), spanId: '1'.repeat(16) }],
            },
          ],
        },
      ],
    },
    { scopeSpans: [{ spans: [{ spanId: 'c', name: 'bare', startTimeUnixNano: 0, endTimeUnixNano: 0 }] }] },
  ],
};

t.test('spans of a receiver of OTLP', async (t) => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    if (request.url?.endsWith(TRACE)) response.end(JSON.stringify(OTLP));
    else response.writeHead(request.url?.endsWith('broken') ? 500 : 404).end('none');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const traces = createOtlpTraces(`${url}/`);
  t.strictSame(await traces.spans(TRACE), [
    {
      spanId: 'b7ad6b7169203331',
      parentSpanId: 'aaaa6b7169203331',
      name: 'accept',
      service: 'acceptor',
      startMs: 1767225600123.5,
      endMs: 1767225600223.5,
      isError: true,
      attributes: { 'upload.id': 'a', count: '3', all: '{"values":[]}' },
      links: ['f'.repeat(32)],
    },
    {
      spanId: 'c',
      name: 'bare',
      service: '',
      startMs: 0,
      endMs: 0,
      isError: false,
      attributes: {},
      links: [],
    },
  ]);
  t.equal(asked[0], `/traces/${TRACE}`);
  t.strictSame(await traces.spans('0'.repeat(32)), [], 'there is no such trace');
  await t.rejects(traces.spans('broken'), {
    message: `${url} responded with 500 to the question for a trace`,
  });
  server.close();
  server.closeAllConnections();
  await t.rejects(traces.spans(TRACE));
});

t.test('segments and subsegments of X-Ray, over all pages', async (t) => {
  const asked: unknown[] = [];
  // A segment document as the AWS X-Ray Developer Guide has them.
  const document = {
    id: '70de5b6f19ff9a0a',
    name: 'processor',
    start_time: 1767225600.5,
    end_time: 1767225601,
    trace_id: '1-0af76519-16cd43dd8448eb211c80319c',
    parent_id: '53995c3f42cd8ad8',
    annotations: { upload_id: 'a', attempt: 1 },
    links: [{ trace_id: '1-ffffffff-ffffffffffffffffffffffff', id: '1' }],
    subsegments: [{ id: '53995c3f42cd8ad9', name: 'handler', start_time: 1767225600.6, fault: true }],
  };
  const pages = [
    { Traces: [{ Segments: [{ Document: JSON.stringify(document) }, {}] }], NextToken: 'more' },
    { Traces: [] },
  ];
  const client = {
    async send({ input }: { input: unknown }) {
      asked.push(input);
      return pages[asked.length - 1];
    },
  } as unknown as XRayClient;
  t.strictSame(await createXRayTraces(client).spans(TRACE), [
    {
      spanId: '70de5b6f19ff9a0a',
      parentSpanId: '53995c3f42cd8ad8',
      name: 'processor',
      service: 'processor',
      startMs: 1767225600500,
      endMs: 1767225601000,
      isError: false,
      attributes: { upload_id: 'a', attempt: '1' },
      links: ['f'.repeat(32)],
    },
    {
      spanId: '53995c3f42cd8ad9',
      parentSpanId: '70de5b6f19ff9a0a',
      name: 'handler',
      service: 'processor',
      startMs: 1767225600600,
      endMs: 1767225600600,
      isError: true,
      attributes: {},
      links: [],
    },
  ]);
  const TraceIds = ['1-0af76519-16cd43dd8448eb211c80319c'];
  t.strictSame(asked, [{ TraceIds }, { TraceIds, NextToken: 'more' }]);
});

t.test('a trace that X-Ray could not read is no trace that is not there', async (t) => {
  const client = {
    send: async () => ({ Traces: [], UnprocessedTraceIds: ['1-0af76519-16cd43dd8448eb211c80319c'] }),
  } as unknown as XRayClient;
  await t.rejects(createXRayTraces(client).spans(TRACE), { message: /^X-Ray could not read this trace now/ });
});
