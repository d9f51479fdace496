import type { Counts } from '../metered/counts.ts';
import type { AwsService } from '../metered/meter.ts';
import type { ServiceFigures } from './results.ts';

/** Rounded to thousandths. */
export function figuresOf(counts: Counts, uploads: number): ServiceFigures {
  const ofUpload = (name: string) => Math.round(((counts[name] ?? 0) / uploads) * 1_000) / 1_000;
  const callsTo = (service: AwsService) =>
    Object.fromEntries(
      Object.keys(counts)
        .filter((name) => name.startsWith(`${service} `) && ofUpload(name) > 0)
        .map((name) => [name.slice(service.length + 1), ofUpload(name)]),
    );
  return {
    calls: { s3: callsTo('s3'), dynamodb: callsTo('dynamodb'), sqs: callsTo('sqs') },
    emptyReceives: ofUpload('emptyReceives'),
    writeUnits: ofUpload('writeUnits'),
    readUnits: ofUpload('readUnits'),
    log: { lines: ofUpload('lines'), bytes: ofUpload('bytes') },
  };
}
