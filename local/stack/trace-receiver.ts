import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const MOST_TRACES = 200;
/** Of one trace; a handler that never ends cannot fill the memory. */
const MOST_SPANS = 2_000;
const MOST_BODY_BYTES = 4 * 1024 * 1024;

/** A span as OTLP has it in JSON (OpenTelemetry, "OTLP Specification", "JSON Protobuf Encoding"), as far as it is used here. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 1: internal, 2: server, 3: client, 4: producer, 5: consumer. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly OtlpAttribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 2: error. */
  readonly status?: { readonly code?: number };
}

export interface OtlpAttribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: number | string;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
  };
}

export interface ResourceSpans {
  readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
  readonly scopeSpans: readonly { readonly scope?: object; readonly spans: readonly OtlpSpan[] }[];
}

export interface TraceReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT, and for UPLOAD_ONCE_TRACES_URL. */
  readonly url: string;
  /** The ids of the traces that are kept, the last to get a span last. */
  traceIds(): readonly string[];
  /** What was received of a trace; undefined: nothing, or it is no longer kept. */
  trace(traceId: string): readonly ResourceSpans[] | undefined;
  close(): Promise<void>;
}

/**
 * A receiver of spans for one machine: it takes OTLP over HTTP with JSON at `POST /v1/traces`, keeps the last 200 traces in memory, and serves
 * `GET /traces/<trace id>` as OTLP JSON. It listens on 127.0.0.1 only, refuses a foreign Host, and allows no other origin.
 * @param options.port 0: a free one
 */
export async function startTraceReceiver(options: { readonly port: number }): Promise<TraceReceiver> {
  const kept = new Map<string, { spans: number; readonly parts: ResourceSpans[] }>();

  function keep(traceId: string, part: ResourceSpans, count: number): void {
    const found = kept.get(traceId) ?? { spans: 0, parts: [] };
    kept.delete(traceId);
    kept.set(traceId, found);
    if (found.spans < MOST_SPANS) found.parts.push(part);
    found.spans += count;
    const [oldest] = kept.keys();
    if (kept.size > MOST_TRACES && oldest !== undefined) kept.delete(oldest);
  }

  function take({ resourceSpans = [] }: { readonly resourceSpans?: readonly ResourceSpans[] }): void {
    for (const { scopeSpans, ...ofResource } of resourceSpans)
      for (const { spans, ...ofScope } of scopeSpans)
        for (const [traceId, own] of Map.groupBy(spans, (span) => span.traceId))
          keep(traceId, { ...ofResource, scopeSpans: [{ ...ofScope, spans: own }] }, own.length);
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const { method, url = '', headers } = request;
    if (!isOwnHost(headers.host)) return void send(403, { error: 'the Host is 127.0.0.1 or localhost' });
    if (method === 'POST' && url === '/v1/traces') {
      take(JSON.parse(await textOf(request)));
      return void send(200, {});
    }
    const [, traceId = ''] = /^\/traces\/([0-9a-f]{32})$/.exec(url) ?? [];
    const resourceSpans = method === 'GET' ? kept.get(traceId)?.parts : undefined;
    if (resourceSpans) send(200, { resourceSpans });
    else send(404, { error: 'there is no such trace' });
  }

  const server = createServer((request, response) => {
    respond(request, response).catch((error: Error) => {
      response.writeHead(400, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify({ error: error.message }));
    });
  });
  await once(server.listen(options.port, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    traceIds: () => [...kept.keys()],
    trace: (traceId) => kept.get(traceId)?.parts,
    async close() {
      server.close().closeAllConnections();
      await once(server, 'close');
    },
  };
}

function isOwnHost(host = ''): boolean {
  return /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host);
}

/** @throws Error for a body that is too large */
async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MOST_BODY_BYTES) throw new Error(`a body has at most ${MOST_BODY_BYTES} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
