import { AWS_SERVICES } from '../proxy/aws-call.ts';
import { OutageKind } from './outage-kind.ts';
import type { OutageCase } from './outages.ts';

/**
 * S3, SQS and DynamoDB in sequence, each with this kind of outage for `seconds`. A service is away in two ways: first nothing
 * listens; then, for half as long, connections are accepted and reset, so that the calls can be counted.
 */
export function casesOf(kind: OutageKind, seconds: number): OutageCase[] {
  return AWS_SERVICES.flatMap((service) => {
    const one: OutageCase = { service, kind, seconds };
    return kind === OutageKind.away ? [one, { service, kind: OutageKind.cut, seconds: seconds / 2 }] : [one];
  });
}
