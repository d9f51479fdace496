import { ratiosTo } from '../../bench/compared.ts';
import { SQS_CONSUMER } from '../../bench/consumer/report.ts';
import { PLAIN_ISSUER } from '../../bench/issuer/report.ts';
import type { Results } from '../../bench/read-results.ts';
import { cpuInPutItems } from '../../bench/uploads/report.ts';
import { SERVICES } from '../../bench/uploads/totals.ts';
import { type Bar, barChart } from '../chart/bars.ts';

/** By the name of its file in docs/. */
export const CHARTS: Readonly<Record<string, (results: Results) => string>> = {
  'bench-issuer.svg': ({ issuer }) => {
    const bars = issuer.results.map(({ name }) => ({
      name,
      isOurs: name.startsWith('url-issuer'),
      ratios: ratiosTo(issuer, { name, baseline: PLAIN_ISSUER, figure: 'perSecond' }),
    }));
    return barChart('Forms a second on one core, as a multiple of the plain issuer', bars);
  },
  'bench-consumer.svg': ({ consumer }) => {
    const bars = consumer.results.map(({ name }) => ({
      name,
      isOurs: name.startsWith('upload-once'),
      ratios: ratiosTo(consumer, { name, baseline: SQS_CONSUMER, figure: 'perSecond' }),
    }));
    return barChart('Messages a second, as a multiple of sqs-consumer', bars);
  },
  'bench-uploads.svg': ({ uploads }) => {
    const putItem: Bar = {
      name: 'one PutItem by the AWS SDK',
      isOurs: false,
      ratios: { median: 1, least: 1, most: 1 },
    };
    const bars = SERVICES.flatMap((service) =>
      (['form', 'put'] as const).map((kind) => ({
        name: `${service}, ${kind === 'form' ? 'form' : 'PUT'}`,
        isOurs: true,
        ratios: cpuInPutItems(uploads, service, kind),
      })),
    );
    return barChart('CPU of an upload, as a multiple of one PutItem by the AWS SDK', [putItem, ...bars]);
  },
};
