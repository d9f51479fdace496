import { textTable } from '@upload-once/local-stack/text-table.ts';
import { type Growth, growthOf, WARM_UP_MINUTES } from './growth.ts';
import { type Post, PostOutcome } from './ledger.ts';
import type { SoakResult } from './soak.ts';

/**
 * What a process may grow by, in a straight line from its warm-up on. A service handles a good thousand uploads a minute here: what
 * forgot to let go of one kilobyte for each would grow by more than 1 MiB a minute, and a task of 512 MiB would live for hours. V8's
 * heap swings by some 20 MiB between two collections, which bends a line over seven minutes by up to 2 MiB a minute.
 */
const MOST_MIB_PER_MINUTE = 3;
/** A descriptor that is left open with each kill, fault or upload would be at least ten a minute; connections come and go in between. */
const MOST_DESCRIPTORS_PER_MINUTE = 3;
/**
 * They remember what they are there to remember: the tables' items and the deleted versions' times lie in local-aws's memory, the
 * ledger in the soak's. Shown, and held to nothing.
 */
const REMEMBERING = ['local-aws', 'soak itself'];

export interface Report {
  readonly text: string;
  /** Of growth; the others are the result's. */
  readonly findings: readonly string[];
}

/** The figures of a soak, as tables, and what they say against it. */
export function report(result: SoakResult): Report {
  const growths = [...result.sampling.samples].map(([name, samples]) => ({
    name,
    memory: growthOf(samples, ({ residentMib }) => residentMib),
    descriptors: growthOf(samples, ({ descriptors }) => descriptors),
  }));
  const findings = growths.flatMap(({ name, memory, descriptors }) =>
    REMEMBERING.includes(name)
      ? []
      : [
          ...tooFast(`${name}: memory`, memory, MOST_MIB_PER_MINUTE, 'MiB'),
          ...tooFast(`${name}: file descriptors`, descriptors, MOST_DESCRIPTORS_PER_MINUTE, ''),
        ],
  );
  const growthRows = growths.map(({ name, memory, descriptors }) => [
    name,
    ...cells(memory, 'MiB'),
    ...cells(descriptors, ''),
  ]);
  const text = [
    textTable([['uploads', ''], ...uploadRows(result)]),
    '',
    textTable([['what was done to them', ''], ...faultRows(result)]),
    '',
    textTable([['from → to (most)', 'memory', 'a minute', 'file descriptors', 'a minute'], ...growthRows]),
    '',
    `  by ${result.sampling.method}, every two seconds; from → to and slope begin after ${WARM_UP_MINUTES} minutes,`,
    `  and the slope is that of the least of each minute. At most ${MOST_MIB_PER_MINUTE} MiB and ${MOST_DESCRIPTORS_PER_MINUTE} descriptors a minute;`,
    `  ${REMEMBERING.join(' and ')} remember all uploads, and are held to nothing.`,
  ].join('\n');
  return { text, findings };
}

function uploadRows({ ledger, load, account, counters }: SoakResult): string[][] {
  const entries = [...ledger.entries.values()];
  const posts = entries.flatMap((entry) => entry.posts);
  const ended = (outcome: PostOutcome) => posts.filter((post) => post.outcome === outcome);
  const stored = ended(PostOutcome.stored);
  const runs = entries.reduce((sum, entry) => sum + entry.runs.length, 0);
  const mib = (some: readonly Post[]) =>
    Math.round(some.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1024 ** 2);
  return [
    [
      'forms given',
      `${entries.length}, in ${load.minutes.toFixed(1)} minutes: ${rate(entries.length, load)}`,
    ],
    ['forms asked for in vain', `${load.formsRefused}: the issuer responded with 503`],
    ['files sent', `${posts.length}, ${mib(posts)} MiB: ${rate(mib(posts), load)} MiB`],
    ['  stored, said S3', `${stored.length}, ${mib(stored)} MiB`],
    ['  refused, said S3', `${ended(PostOutcome.refused).length}`],
    ['  outcome unknown', `${ended(PostOutcome.unknown).length}`],
    ['  not sent', `${ended(PostOutcome.notSent).length}`],
    [
      'uploads processed',
      `${account.processed}, byte for byte; ${runs} handler runs; counted ${counters.processed}`,
    ],
    ['  acceptances counted', `${counters.accepted}`],
    ['duplicates on record', `${account.duplicates}; reported ${counters.duplicates}`],
    ['forms never used', `${account.unused}: nothing was stored with them`],
  ];
}

function faultRows({ load, deadLetters, counters }: SoakResult): string[][] {
  return [
    ['workers killed, stopped', `${load.killed}, ${load.stopped}`],
    ...[...load.faults].toSorted().map(([name, count]) => [name, String(count)]),
    ['messages that came back', String(counters.retried)],
    ['dead letters, redriven', String(deadLetters.length)],
    ...deadLetters.slice(0, 10).map((line) => ['', line]),
  ];
}

function rate(count: number, { minutes }: SoakResult['load']): string {
  return `${(count / (minutes * 60)).toFixed(1)} a second`;
}

function cells(growth: Growth | undefined, unit: string): [string, string] {
  if (!growth) return ['not measured', ''];
  const [first, last, most] = [growth.first, growth.last, growth.most].map(Math.round);
  const slope = growth.perMinute === undefined ? 'too short' : growth.perMinute.toFixed(2);
  return [`${first} → ${last} (${most}) ${unit}`.trim(), slope];
}

function tooFast(what: string, growth: Growth | undefined, most: number, unit: string): string[] {
  if (growth?.perMinute === undefined || growth.perMinute <= most) return [];
  return [`${what} grew by ${growth.perMinute.toFixed(2)} ${unit} a minute; ${most} are allowed`];
}
