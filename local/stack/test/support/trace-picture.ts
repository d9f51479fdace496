import { chartFrame, round, WIDTH } from '../../../../scripts/chart/frame.ts';
import type { OtlpAttribute, OtlpSpan, ResourceSpans } from '../../trace-receiver.ts';

const KINDS = ['', 'internal', 'server', 'client', 'producer', 'consumer'];
/** In the order in which they are shown below one span. */
const NAMES = [
  'issue',
  'upload',
  'accept',
  'list',
  'claim',
  'copy',
  'record',
  'process',
  'lease',
  'handler',
  'save',
  'webhook',
];

const LEFT = 250;
const RIGHT = WIDTH - 90;
const TOP = 48;
const ROW = 26;
const BAR = 14;
const INDENT = 16;
const STYLE = `
  .url-issuer { fill: #0072b2 } .acceptor { fill: #009e73 } .processor { fill: #d55e00 } .webhook-sender { fill: #8c6a00 }
  .service { fill: #59636e } .lead { stroke: #1f2328; stroke-width: 1.5; fill: none }`;
const DARK_STYLE = `
    .url-issuer { fill: #56b4e9 } .acceptor { fill: #2bc4a0 } .processor { fill: #f08a4b } .webhook-sender { fill: #f0e442 }
    .service { fill: #9198a1 } .lead { stroke: #f0f6fc }`;

/** A span with its place in its trace. */
export interface TraceRow {
  readonly depth: number;
  readonly service: string;
  readonly span: OtlpSpan;
}

/** The spans of a trace: each one below its parent. Those whose parent was not received are at the top. */
export function rowsOf(parts: readonly ResourceSpans[]): TraceRow[] {
  const all = parts.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({ span, service: textOf(resource?.attributes, 'service.name') })),
    ),
  );
  const ids = new Set(all.map(({ span }) => span.spanId));
  const rank = ({ span }: { span: OtlpSpan }) => NAMES.indexOf(span.name);
  const below = (parent: string | undefined, depth: number): TraceRow[] =>
    all
      .filter(({ span: { parentSpanId } }) =>
        parent === undefined ? !parentSpanId || !ids.has(parentSpanId) : parentSpanId === parent,
      )
      .sort((a, b) => rank(a) - rank(b))
      .flatMap((row) => [{ ...row, depth }, ...below(row.span.spanId, depth + 1)]);
  return below(undefined, 0);
}

/** What two pictures of the same course have in common: everything but times and ids. */
export function structureOf(rows: readonly TraceRow[]): string[] {
  return rows.map(({ depth, service, span }) =>
    [
      depth,
      service,
      span.name,
      KINDS[span.kind],
      ...(span.attributes ?? []).map(({ key }) => key).sort(),
    ].join(' '),
  );
}

/** The structure of a picture that was drawn before. */
export function structureIn(svg: string): string[] {
  return [...svg.matchAll(/<g data-span="([^"]*)">/g)].map(([, span = '']) => span);
}

/** A trace as a waterfall. The lead time is from the moment S3 stored the file to the end of its processing. */
export function drawTrace(rows: readonly TraceRow[]): string {
  const beginMs = Math.min(...rows.map(({ span }) => ms(span.startTimeUnixNano)));
  const endMs = Math.max(...rows.map(({ span }) => ms(span.endTimeUnixNano)));
  const x = (at: number) => round(LEFT + ((at - beginMs) / (endMs - beginMs)) * (RIGHT - LEFT));
  const structure = structureOf(rows);
  const bars = rows.map(({ depth, service, span }, at) => {
    const top = TOP + at * ROW;
    const [from, to] = [ms(span.startTimeUnixNano), ms(span.endTimeUnixNano)];
    const width = Math.max(1, round(x(to) - x(from)));
    return [
      `<g data-span="${structure[at]}">`,
      `<text x="${16 + depth * INDENT}" y="${top + 12}">${span.name} <tspan class="service">${service}</tspan></text>`,
      `<rect class="${service}" x="${x(from)}" y="${top + 1}" width="${width}" height="${BAR}"/>`,
      `<text x="${x(to) + 6}" y="${top + 12}">${shown(to - from)}</text>`,
      '</g>',
    ].join('\n');
  });
  const end = (name: string) => ms(rows.find(({ span }) => span.name === name)?.span.endTimeUnixNano ?? '0');
  const bottom = TOP + rows.length * ROW + 10;
  const [stored, processed] = [end('upload'), end('process')];
  const lead = [
    `<path class="lead" d="M${x(stored)} ${bottom - 5}v10M${x(stored)} ${bottom}H${x(processed)}M${x(processed)} ${bottom - 5}v10"/>`,
    `<text x="${x(stored)}" y="${bottom + 22}">lead time ${shown(processed - stored)}</text>`,
  ];
  return chartFrame({
    title: 'One upload, from the request to the webhook: one trace over four services',
    titleLeft: 16,
    height: bottom + 34,
    style: STYLE,
    darkStyle: DARK_STYLE,
    content: [...bars, ...lead].join('\n'),
  });
}

function ms(unixNano: string): number {
  return Number(BigInt(unixNano) / 1_000n) / 1_000;
}

function shown(durationMs: number): string {
  return `${durationMs < 10 ? durationMs.toFixed(1) : Math.round(durationMs)} ms`;
}

export function textOf(attributes: readonly OtlpAttribute[] | undefined, key: string): string {
  return attributes?.find((each) => each.key === key)?.value.stringValue ?? '';
}
