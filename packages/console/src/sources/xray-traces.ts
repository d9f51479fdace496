import { BatchGetTracesCommand, type XRayClient } from '@aws-sdk/client-xray';
import type { Span, TraceSource } from '../ports.ts';

/** A segment or subsegment (AWS X-Ray Developer Guide, "X-Ray segment documents"). Times are epoch seconds. */
interface Segment {
  readonly id?: string;
  readonly parent_id?: string;
  readonly name?: string;
  readonly start_time?: number;
  readonly end_time?: number;
  readonly fault?: boolean;
  readonly error?: boolean;
  readonly annotations?: Readonly<Record<string, unknown>>;
  readonly links?: readonly { readonly trace_id?: string }[];
  readonly subsegments?: readonly Segment[];
}

/** Traces in AWS X-Ray. It has a trace some seconds after its last span, and keeps it for 30 days. */
export function createXRayTraces(client: XRayClient): TraceSource {
  return {
    name: 'AWS X-Ray',
    async spans(traceId) {
      const spans: Span[] = [];
      let NextToken: string | undefined;
      do {
        const page = await client.send(
          new BatchGetTracesCommand({
            TraceIds: [xRayTraceId(traceId)],
            ...(NextToken !== undefined && { NextToken }),
          }),
        );
        if ((page.UnprocessedTraceIds ?? []).length > 0)
          throw new Error('X-Ray could not read this trace now. Try again');
        const segments = (page.Traces ?? []).flatMap(({ Segments = [] }) => Segments);
        for (const { Document } of segments) if (Document) spans.push(...spansOf(JSON.parse(Document)));
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return spans;
    },
  };
}

/** `1-<8 digits>-<24 digits>` (AWS X-Ray Developer Guide, "Tracing header"). */
function xRayTraceId(traceId: string): string {
  return `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`;
}

/** A segment is its service's own span; what it did is among its subsegments. */
function spansOf(segment: Segment, service = segment.name ?? '', parentId = segment.parent_id): Span[] {
  const { id = '', name = '', start_time = 0, end_time = start_time } = segment;
  const own: Span = {
    spanId: id,
    ...(parentId !== undefined && { parentSpanId: parentId }),
    name,
    service,
    startMs: start_time * 1000,
    endMs: end_time * 1000,
    isError: segment.fault === true || segment.error === true,
    attributes: Object.fromEntries(
      Object.entries(segment.annotations ?? {}).map(([key, value]) => [key, String(value)]),
    ),
    links: (segment.links ?? []).flatMap(
      ({ trace_id }) => trace_id?.replace(/^1-/, '').replaceAll('-', '') ?? [],
    ),
  };
  return [own, ...(segment.subsegments ?? []).flatMap((each) => spansOf(each, service, id))];
}
