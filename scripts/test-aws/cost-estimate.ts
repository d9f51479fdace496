import { HOURS_A_MONTH, sum } from '../cost/lines.ts';
import { readParameters } from '../cost/parameters.ts';
import { fixedPart } from '../cost/per-month.ts';
import { perMillion, perMillionInAll } from '../cost/per-upload.ts';
import { PRICES } from '../cost/prices.ts';
import { readResults } from '../cost/read-results.ts';

/** More than both suites send, in number. */
const UPLOADS = 5_000;
/** As in terraform/tests/on-aws/main.tf. */
const SMALL = { PROFILE: 'small', ZONES: '2' } as const;
/** Of storage.request_metrics: 16 metrics and an alarm (docs/cost.md). */
const REQUEST_METRICS_A_MONTH = 4.9;
const OTHERWISE = 'us-east-1';

export interface CostEstimate {
  /** Rounded up to a cent. */
  readonly dollars: number;
  readonly dollarsAnHour: number;
  /** Whose list prices these are: another region's where those of the run's are not known. */
  readonly pricesOf: string;
}

/** What a run costs that takes so long, by the prices and the counts of `make cost`. */
export function estimateCost(region: string, minutes: number): CostEstimate {
  const pricesOf = Object.hasOwn(PRICES, region) ? region : OTHERWISE;
  const defaults = readParameters({ REGION: pricesOf, ...SMALL });
  const { installation } = defaults;
  const one = <T extends object>(tasks: T) => ({ ...tasks, minTasks: 1 });
  const parameters = {
    ...defaults,
    installation: {
      ...installation,
      tasks: {
        'url-issuer': one(installation.tasks['url-issuer']),
        acceptor: one(installation.tasks.acceptor),
        processor: one(installation.tasks.processor),
      },
    },
  };
  const dollarsAnHour = (sum(fixedPart(parameters)) + REQUEST_METRICS_A_MONTH) / HOURS_A_MONTH;
  const uploads = perMillionInAll(perMillion(readResults(), 'form', 'idle', parameters)) * (UPLOADS / 1e6);
  return { dollarsAnHour, dollars: cents(dollarsAnHour * (minutes / 60) + uploads), pricesOf };
}

function cents(dollars: number): number {
  return Math.ceil(dollars * 100) / 100;
}
