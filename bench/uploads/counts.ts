import type { AwsService, ServiceFigures } from './results.ts';

/** What was counted of one service, by name: calls as `<service> <operation>`, and the numbers of `ServiceFigures`. */
export type Counts = Readonly<Record<string, number>>;

export function difference(later: Counts, earlier: Counts): Counts {
  return Object.fromEntries(
    Object.entries(later).map(([name, count]) => [name, count - (earlier[name] ?? 0)]),
  );
}

export function sum(all: readonly Counts[]): Counts {
  const total: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  }
  return total;
}

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
