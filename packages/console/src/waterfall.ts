import type { Upload } from '@upload-once/uploads';
import { isTime } from './log-line.ts';
import type { Span } from './ports.ts';

/** One bar of a waterfall. */
export interface Bar {
  readonly name: string;
  readonly service: string;
  readonly startMs: number;
  readonly endMs: number;
  /** 0 for a bar without a parent. */
  readonly depth: number;
  readonly isError: boolean;
  /** What the bar's times are known from, or its attributes. */
  readonly detail: string;
}

/** A trace can have any number of spans; more than these are not drawn. */
export const MOST_BARS = 200;

/** From the moments of the upload's own item. */
export function barsOfMoments(upload: Upload): Bar[] {
  const { issuedAt, claimed, acceptedAt, processedAt, failedAt, attempt, revokedAt } = upload;
  const doneAt = processedAt ?? failedAt;
  const bar = (
    name: string,
    service: string,
    from: Date,
    to: Date,
    detail: string,
    isError = false,
  ): Bar => ({
    name,
    service,
    startMs: from.getTime(),
    endMs: Math.max(from.getTime(), to.getTime()),
    depth: 0,
    isError,
    detail,
  });
  return [
    bar('issue', 'url-issuer', issuedAt, issuedAt, 'the form was recorded'),
    ...(revokedAt ? [bar('revoke', 'url-issuer', revokedAt, revokedAt, 'the upload was revoked')] : []),
    ...(claimed
      ? [
          bar(
            'upload',
            'client',
            issuedAt,
            claimed.storedAt,
            'from the form to the stored file: when the client began to send is not known',
          ),
          bar('event', 'S3, SQS', claimed.storedAt, claimed.claimedAt, 'from the stored file to the claim'),
        ]
      : []),
    ...(claimed && acceptedAt
      ? [bar('copy', 'acceptor', claimed.claimedAt, acceptedAt, 'from the claim to the recorded copy')]
      : []),
    ...(acceptedAt && doneAt
      ? [
          bar(
            'process',
            'processor',
            acceptedAt,
            doneAt,
            `from the recorded copy to the ${processedAt ? 'end' : 'failure'} of attempt ${attempt}`,
            !processedAt,
          ),
        ]
      : []),
  ];
}

/**
 * The first spans of a trace, each below its parent, in the order of their beginnings. Spans whose parents form a circle come last. A handler or
 * a client can send spans of its own: one whose times no page can show is left out.
 */
export function barsOfSpans(spans: readonly Span[]): Bar[] {
  const shown = spans
    .filter(({ startMs, endMs }) => isTime(startMs) && isTime(endMs))
    .sort((one, other) => one.startMs - other.startMs)
    .slice(0, MOST_BARS);
  const ids = new Set(shown.map(({ spanId }) => spanId));
  const byParent = new Map<string, Span[]>();
  for (const span of shown) {
    const { parentSpanId } = span;
    const parent = parentSpanId !== undefined && ids.has(parentSpanId) ? parentSpanId : '';
    byParent.set(parent, [...(byParent.get(parent) ?? []), span]);
  }
  const bars: Bar[] = [];
  const drawn = new Set<Span>();
  const draw = (span: Span, depth: number): void => {
    if (drawn.has(span)) return;
    drawn.add(span);
    bars.push(barOfSpan(span, depth));
    for (const child of byParent.get(span.spanId) ?? []) draw(child, depth + 1);
  };
  for (const root of byParent.get('') ?? []) draw(root, 0);
  for (const span of shown) draw(span, 0);
  return bars;
}

function barOfSpan(span: Span, depth: number): Bar {
  const { name, service, startMs, endMs, isError, attributes, links } = span;
  const facts = Object.entries(attributes).map(([key, value]) => `${key} = ${value}`);
  const linked = links.map((traceId) => `linked to trace ${traceId}`);
  const detail = [...facts, ...linked].join('\n');
  return { name, service, startMs, endMs: Math.max(startMs, endMs), depth, isError, detail };
}
