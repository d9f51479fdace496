import type { CorsRule } from '../storage/bucket.ts';
import type { Headers } from './responses.ts';

export interface CorsQuestion {
  readonly origin: string;
  readonly method: string;
  /** Lower case; of a preflight those that the browser asks for. */
  readonly headers: readonly string[];
}

/** The headers that let a browser go on, by the first rule that fits; undefined when none does. */
export function corsHeaders(rules: readonly CorsRule[], question: CorsQuestion): Headers | undefined {
  const rule = rules.find((candidate) => fits(candidate, question));
  if (rule === undefined) return undefined;
  const anyOrigin = rule.allowedOrigins.includes('*');
  return {
    'access-control-allow-origin': anyOrigin ? '*' : question.origin,
    'access-control-allow-credentials': anyOrigin ? undefined : 'true',
    'access-control-allow-methods': rule.allowedMethods.join(', '),
    'access-control-allow-headers': question.headers.length > 0 ? question.headers.join(', ') : undefined,
    'access-control-expose-headers':
      rule.exposeHeaders.length > 0 ? rule.exposeHeaders.join(', ') : undefined,
    'access-control-max-age': rule.maxAgeSeconds === undefined ? undefined : String(rule.maxAgeSeconds),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}

function fits(rule: CorsRule, { origin, method, headers }: CorsQuestion): boolean {
  return (
    rule.allowedOrigins.some((pattern) => matches(pattern, origin)) &&
    rule.allowedMethods.includes(method) &&
    headers.every((name) => rule.allowedHeaders.some((pattern) => matches(pattern.toLowerCase(), name)))
  );
}

/** A pattern has at most one `*`, which stands for any text. */
function matches(pattern: string, text: string): boolean {
  const [start = '', end] = pattern.split('*');
  if (end === undefined) return pattern === text;
  return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end);
}
