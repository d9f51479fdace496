import { AWS_SERVICES } from '../proxy/aws-call.ts';
import { OutageKind } from './outage-kind.ts';
import type { OutageCase } from './outages.ts';

/**
 * S3, SQS and DynamoDB, one after the other, each in this way for so long. A service that is away is so in two ways: first nobody
 * listens, then, half as long, connections are taken and reset, so that what calls it can be counted.
 */
export function casesOf(kind: OutageKind, seconds: number): OutageCase[] {
  return AWS_SERVICES.flatMap((service) => {
    const one: OutageCase = { service, kind, seconds };
    return kind === OutageKind.away ? [one, { service, kind: OutageKind.cut, seconds: seconds / 2 }] : [one];
  });
}
