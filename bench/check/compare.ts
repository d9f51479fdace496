import { type Compared, medianOf, ratiosTo } from '../compared.ts';
import { SQS_CONSUMER } from '../consumer/report.ts';
import { type CountedIssuerResults, PLAIN_ISSUER } from '../issuer/report.ts';
import type { CheckedResults, Results } from '../read-results.ts';
import { NODE } from '../start-up/report.ts';
import { unsampledCost } from '../traces/report.ts';
import { callsOf, SERVICES } from '../uploads/totals.ts';

/** One figure of a short run beside the committed one. */
export interface Check {
  readonly name: string;
  readonly found: number;
  readonly committed: number;
  readonly allowed: { readonly least: number } | { readonly most: number };
}

/** A ratio may fall to this share of the committed one: a short run on a busy machine varies by a third. */
const LEAST_OF_RATIO = 0.6;
/** CPU varies less than speed does. */
const LEAST_OF_CPU_RATIO = 0.7;
/** Memory at the start hardly varies: whole libraries that are loaded for one function are found. */
const MOST_OF_MEMORY = 1.05;
/** The aim for 5 % of traces is 2 % in all, and the traces themselves take a twentieth of what all take. */
const MOST_OF_UNSAMPLED_PERCENT = 1.5;
/** Messages and items share calls, by how they happen to come together. */
const MOST_OF_SHARED_CALLS = 1.4;
/** Of calls that a slower machine's forms share with fewer others. */
const MORE_SHARED_CALLS = 0.03;
/** Of log lines, some are shared: a short run shares fewer. A field more in a line of each upload is found. */
const MOST_OF_LOG = 1.05;
/** So that one call more is found among up to five of a service. */
const MOST_OF_CALLS = 1.15;
/** What few uploads add to a small number: the first reads of a key, the last messages of a backlog. */
const MORE_CALLS = 0.2;

/** Everything that is compared is a ratio within a run or a count: nothing depends on the speed of the machine. */
export function compare(found: CheckedResults, committed: CheckedResults & Pick<Results, 'traces'>): Check[] {
  return [
    ...issuerChecks(found, committed),
    ...consumerChecks(found, committed),
    ...uploadChecks(found, committed),
    ...logChecks(found, committed),
    ...startUpChecks(found, committed),
    unsampledCheck(found, committed),
  ];
}

export function isPassed({ found, allowed }: Check): boolean {
  return 'least' in allowed ? found >= allowed.least : found <= allowed.most;
}

function issuerChecks(found: CheckedResults, committed: CheckedResults): Check[] {
  return namesOf(committed.issuer, 'url-issuer').flatMap((name) => {
    const of = (figure: 'perSecond' | 'cpuMicroseconds', { issuer }: CheckedResults) =>
      ratiosTo(withoutEmptyRounds(issuer), { name, baseline: PLAIN_ISSUER, figure }).median;
    return [
      ratioCheck(
        `${name}: forms a second, × the plain issuer`,
        of('perSecond', found),
        of('perSecond', committed),
      ),
      // The CPU of the plain issuer as a multiple, so that less is worse here too.
      ratioCheck(
        `${name}: forms for the CPU of a plain one`,
        1 / of('cpuMicroseconds', found),
        1 / of('cpuMicroseconds', committed),
        LEAST_OF_CPU_RATIO,
      ),
      sharedCallsCheck(
        `${name}: calls of DynamoDB a form`,
        medianOf(withoutEmptyRounds(found.issuer), name, 'callsPerForm'),
        medianOf(committed.issuer, name, 'callsPerForm'),
      ),
    ];
  });
}

/** Of what both runs have: the number of messages in flight by default is a part of a name, and can have changed since. */
function consumerChecks(found: CheckedResults, committed: CheckedResults): Check[] {
  const measured = new Set(namesOf(found.consumer, 'upload-once'));
  return namesOf(committed.consumer, 'upload-once')
    .filter((name) => measured.has(name))
    .flatMap((name) => {
      const ratio = ({ consumer }: CheckedResults) =>
        ratiosTo(consumer, { name, baseline: SQS_CONSUMER, figure: 'perSecond' }).median;
      const calls = ({ consumer }: CheckedResults) => medianOf(consumer, name, 'callsPerMessage');
      return [
        ratioCheck(`${name}: messages a second, × sqs-consumer`, ratio(found), ratio(committed)),
        callsCheck(`${name}: calls of SQS a message`, calls(found), calls(committed), MOST_OF_SHARED_CALLS),
      ];
    });
}

/** What all services log of an upload in a backlog. */
function logChecks(found: CheckedResults, committed: CheckedResults): Check[] {
  return (['form', 'put'] as const).map((kind) => {
    const bytes = ({ uploads }: CheckedResults) =>
      SERVICES.reduce((sum, service) => sum + uploads[kind].busy[service].log.bytes, 0);
    const most = MOST_OF_LOG * bytes(committed);
    const name = `${kind === 'form' ? 'form' : 'PUT'}: bytes of log`;
    return { name, found: bytes(found), committed: bytes(committed), allowed: { most } };
  });
}

/** Each AWS service for itself: a call more must not be lost among those of another. */
function uploadChecks(found: CheckedResults, committed: CheckedResults): Check[] {
  return (['form', 'put'] as const).flatMap((kind) =>
    SERVICES.flatMap((service) =>
      (['s3', 'dynamodb', 'sqs'] as const).flatMap((aws) => {
        const calls = ({ uploads }: CheckedResults) => callsOf(uploads[kind].busy[service].calls[aws]);
        if (calls(found) + calls(committed) === 0) return [];
        const most = aws === 'sqs' ? MOST_OF_SHARED_CALLS : MOST_OF_CALLS;
        const name = `${service}, ${kind === 'form' ? 'form' : 'PUT'}: calls of ${aws}`;
        return [callsCheck(name, calls(found), calls(committed), most)];
      }),
    ),
  );
}

/** All services load what they need, and no more. */
function startUpChecks(found: CheckedResults, committed: CheckedResults): Check[] {
  return committed['start-up'].results
    .filter(({ name }) => name !== NODE)
    .map(({ name }) => {
      const memory = (results: CheckedResults) =>
        ratiosTo(results['start-up'], { name, baseline: NODE, figure: 'residentMib' }).median;
      const most = MOST_OF_MEMORY * memory(committed);
      const title = `${name}: memory at its start, × node -e 0`;
      return { name: title, found: memory(found), committed: memory(committed), allowed: { most } };
    });
}

function unsampledCheck(found: CheckedResults, committed: CheckedResults & Pick<Results, 'traces'>): Check {
  return {
    name: 'acceptor: the watch over what is not sampled, % of its CPU',
    found: 100 * unsampledCost(found.unsampled, committed.traces).share,
    committed: 100 * unsampledCost(committed.unsampled, committed.traces).share,
    allowed: { most: MOST_OF_UNSAMPLED_PERCENT },
  };
}

/** A short round in which a busy machine let one of the programs serve nothing has no ratio. */
function withoutEmptyRounds({ machine, results }: CountedIssuerResults): CountedIssuerResults {
  const isFull = (round: number) => results.every(({ rounds }) => (rounds[round]?.perSecond ?? 0) > 0);
  return {
    machine,
    results: results.map(({ name, rounds }) => ({
      name,
      rounds: rounds.filter((_, round) => isFull(round)),
    })),
  };
}

function ratioCheck(name: string, found: number, committed: number, least = LEAST_OF_RATIO): Check {
  return { name, found, committed, allowed: { least: least * committed } };
}

/** Of calls that serve several forms each. */
function sharedCallsCheck(name: string, found: number, committed: number): Check {
  return { name, found, committed, allowed: { most: MOST_OF_SHARED_CALLS * committed + MORE_SHARED_CALLS } };
}

function callsCheck(name: string, found: number, committed: number, most: number): Check {
  return { name, found, committed, allowed: { most: most * committed + MORE_CALLS } };
}

function namesOf({ results }: Compared<never>, start: string): string[] {
  return results.map(({ name }) => name).filter((name) => name.startsWith(start));
}
