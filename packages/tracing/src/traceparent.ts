const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const SAMPLED = 1;

/** version, trace id, parent id, flags; a later version may have more after them (W3C Trace Context, "traceparent Header"). */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The last digits of a trace id by which a trace is sampled: as many bits as a number holds exactly. */
const RATIO_DIGITS = 13;

/** One span's place in a trace. */
export interface SpanPlace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

/**
 * The traceparent to record and to pass on: the caller's trace with a new span id, or a new trace when the caller sent none or one that
 * W3C Trace Context tells us to ignore. Always version 00. A caller's decision whether its trace is sampled stays as it is.
 *
 * @param header the value of the request's `traceparent` header
 * @param randomBytes cryptographic randomness; ids are never all zero
 * @param ratio which part of the new traces is sampled, 0 to 1
 */
export function traceparentFrom(
  header: string | undefined,
  randomBytes: (count: number) => Uint8Array,
  ratio = 1,
): string {
  const caller = header === undefined ? undefined : parse(header);
  const traceId = caller?.traceId ?? randomId(TRACE_ID_BYTES, randomBytes);
  const flags = caller?.flags ?? (isInRatio(traceId, ratio) ? '01' : '00');
  return `00-${traceId}-${randomId(SPAN_ID_BYTES, randomBytes)}-${flags}`;
}

/**
 * The trace id, 32 hexadecimal digits; '' for a text that is no traceparent. It never throws: a trace helps
 * to find a reason later, and no upload must fail because it has none.
 */
export function traceIdOf(traceparent: string): string {
  return parse(traceparent)?.traceId ?? '';
}

/** The place of the span that a traceparent names, if its trace is sampled; undefined: no span of it is recorded. */
export function sampledPlaceOf(traceparent: string | undefined): SpanPlace | undefined {
  const { traceId, spanId, flags } = (traceparent !== undefined && parse(traceparent)) || {};
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return Number.parseInt(flags, 16) & SAMPLED ? { traceId, spanId } : undefined;
}

/** A new id of a span. @param randomBytes cryptographic randomness */
export function newSpanId(randomBytes: (count: number) => Uint8Array): string {
  return randomId(SPAN_ID_BYTES, randomBytes);
}

/** A new id of a trace. @param randomBytes cryptographic randomness */
export function newTraceId(randomBytes: (count: number) => Uint8Array): string {
  return randomId(TRACE_ID_BYTES, randomBytes);
}

/** The same result for a trace id wherever it is asked for, and for a greater ratio too. */
function isInRatio(traceId: string, ratio: number): boolean {
  return Number.parseInt(traceId.slice(-RATIO_DIGITS), 16) < ratio * 16 ** RATIO_DIGITS;
}

function parse(header: string): (SpanPlace & { readonly flags: string }) | undefined {
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(header.trim()) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (isZero(traceId) || isZero(spanId)) return undefined;
  // Of a version that we don't know only the sampled flag has a known meaning.
  return {
    traceId,
    spanId,
    flags: version === '00' ? flags : (Number.parseInt(flags, 16) & SAMPLED).toString().padStart(2, '0'),
  };
}

function randomId(bytes: number, randomBytes: (count: number) => Uint8Array): string {
  let id: string;
  do id = Buffer.from(randomBytes(bytes)).toString('hex');
  while (isZero(id));
  return id;
}

function isZero(id: string): boolean {
  return /^0+$/.test(id);
}
