import { type Compared, medianOf, ratiosTo } from '../compared.ts';
import { shownRatios } from '../ratios.ts';

export type ConsumerFigure = 'perSecond' | 'callsPerMessage';
/** What `make bench-consumer` writes to bench/results/consumer.json. */
export type ConsumerResults = Compared<ConsumerFigure>;

export const SQS_CONSUMER = 'sqs-consumer, 10 in flight';

/** A heading, and a row for each consumer. Ratios are the median (least–most) of the rounds. */
export function consumerRows(results: ConsumerResults): string[][] {
  const rows = results.results.map(({ name }) => {
    const ratios = (figure: ConsumerFigure) =>
      shownRatios(ratiosTo(results, { name, baseline: SQS_CONSUMER, figure }));
    return [
      name,
      medianOf(results, name, 'perSecond').toFixed(0),
      ratios('perSecond'),
      medianOf(results, name, 'callsPerMessage').toFixed(2),
      ratios('callsPerMessage'),
    ];
  });
  return [['', 'messages a second', '× sqs-consumer', 'calls of SQS a message', '× sqs-consumer'], ...rows];
}
