const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/** version, trace id, parent id, flags; a later version may have more after them (W3C Trace Context, "traceparent Header"). */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * The traceparent to record and to pass on: the caller's trace with a new span id, or a new, sampled trace when the
 * caller sent none or one that W3C Trace Context tells us to ignore. Always version 00.
 *
 * @param header the value of the request's `traceparent` header
 * @param randomBytes cryptographic randomness; ids are never all zero
 */
export function traceparentFrom(
  header: string | undefined,
  randomBytes: (count: number) => Uint8Array,
): string {
  const caller = header === undefined ? undefined : parse(header);
  const traceId = caller?.traceId ?? randomId(TRACE_ID_BYTES, randomBytes);
  return `00-${traceId}-${randomId(SPAN_ID_BYTES, randomBytes)}-${caller?.flags ?? '01'}`;
}

/**
 * The trace id, 32 hexadecimal digits; '' for a text that is no traceparent. It never throws: a trace helps
 * to find a reason later, and no upload must fail because it has none.
 */
export function traceIdOf(traceparent: string): string {
  return parse(traceparent)?.traceId ?? '';
}

function parse(header: string): { traceId: string; flags: string } | undefined {
  const [, version, traceId, parentId, flags, rest] = TRACEPARENT.exec(header.trim()) ?? [];
  if (traceId === undefined || parentId === undefined || flags === undefined) return undefined;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (isZero(traceId) || isZero(parentId)) return undefined;
  // Of a version that we don't know only the sampled flag has a known meaning.
  return {
    traceId,
    flags: version === '00' ? flags : (Number.parseInt(flags, 16) & 1).toString().padStart(2, '0'),
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
