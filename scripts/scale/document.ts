import { SERVICES } from '../../bench/uploads/totals.ts';
import { readResults } from '../cost/read-results.ts';
import { withGeneratedPart } from '../generated-part.ts';
import { markdownTable } from '../markdown-table.ts';
import { ScaleIn } from './auto-scaling.ts';
import { DefaultService, defaultConsumer } from './default-services.ts';
import { cpuSecondsOf, limitsOf, vcpusFor } from './limits.ts';
import { simulateScaling } from './simulate-scaling.ts';

const BEGIN =
  '<!-- scale: made by `make docs` from bench/results/uploads.json, terraform/ and a simulation -->';
const END = '<!-- end of scale -->';
const RATES = [100, 1_000, 10_000] as const;
const JUMPS = [10, 20, 50, 100] as const;
const MINUTES = 240;
/** An upload waits no longer than this once the tasks have settled. */
const LONGEST_WAIT_SECONDS = 60;
/** Of an acceptor that waits for S3 and DynamoDB. */
const ACCEPTOR_WAITS_SECONDS = 0.3;

/** docs/scale.md with its tables renewed. @throws Error when the document has no place for them */
export function withScaleTables(document: string, results = readResults()): string {
  return withGeneratedPart(document, { begin: BEGIN, end: END, text: tables(results) });
}

function tables(results: ReturnType<typeof readResults>): string {
  const limits = limitsOf(results);
  const number = (value: number) => Math.floor(value).toLocaleString('en-US');
  // A rate that just reaches a limit has nothing left for anything else.
  const holds = (limit: number, rate: number) => (limit > rate ? 'yes' : 'no');
  const first = RATES.map((rate) => {
    const beyond = limits.filter(({ uploadsPerSecond }) => uploadsPerSecond <= rate);
    return `- **${number(rate)} uploads a second:** ${beyond.length === 0 ? 'nothing, with the defaults' : `first ${beyond[0]?.part}; in all ${beyond.length} of these`}.`;
  });
  return [
    '',
    'What ends first, for uploads by form with the default settings:',
    '',
    markdownTable([
      ['part', 'uploads a second', ...RATES.map((rate) => `${number(rate)}?`), 'lifted by'],
      ...limits.map(({ part, uploadsPerSecond, lifted }) => [
        part,
        number(uploadsPerSecond),
        ...RATES.map((rate) => holds(uploadsPerSecond, rate)),
        lifted,
      ]),
    ]),
    '',
    first.join('\n'),
    '',
    'vCPUs of all tasks together, for uploads that come evenly:',
    '',
    markdownTable([
      ['uploads a second', ...SERVICES],
      ...RATES.map((rate) => [
        number(rate),
        ...SERVICES.map((service) => vcpusFor(results, service, rate).toFixed(1)),
      ]),
    ]),
    '',
    'The acceptor after a jump from nothing, simulated:',
    '',
    markdownTable([
      [
        'uploads a second',
        'longest wait',
        `no wait over ${LONGEST_WAIT_SECONDS} s after`,
        'tasks in the end',
      ],
      ...JUMPS.map((rate) => jump(rate, cpuSecondsOf(results, 'acceptor'))),
    ]),
    '',
  ].join('\n');
}

function jump(rate: number, cpuSeconds: number): string[] {
  const timeline = simulateScaling(defaultConsumer(DefaultService.acceptor), {
    work: { cpuSeconds, otherSeconds: ACCEPTOR_WAITS_SECONDS },
    arrivalsIn: () => rate,
    minutes: MINUTES,
    scaleIn: ScaleIn.proportional,
    metricDelayMinutes: 1,
  });
  const waits = timeline.map(({ longestWaitSeconds }) => longestWaitSeconds);
  const last = waits.findLastIndex((wait) => wait > LONGEST_WAIT_SECONDS);
  return [String(rate), `${Math.max(...waits)} s`, `${last + 1} min`, String(timeline.at(-1)?.desired)];
}
