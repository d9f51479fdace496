import type { QueueRule } from '../storage/bucket.ts';

/** Whether a rule asks for an event of this type (`ObjectCreated:Post`) on this key. */
export function isAskedFor(rule: QueueRule, type: string, key: string): boolean {
  const anyOfIts = `s3:${type.slice(0, type.indexOf(':'))}:*`;
  return (
    rule.events.some((asked) => asked === `s3:${type}` || asked === anyOfIts) &&
    key.startsWith(rule.prefix) &&
    key.endsWith(rule.suffix)
  );
}
