import { printable } from '@upload-once/text/printable';
import { createBytes, VersionGone } from '../adopt/bytes.ts';
import { findUnknown } from '../adopt/find-unknown.ts';
import { type AdoptionPlan, createPlanAdoption } from '../adopt/plan-adoption.ts';
import type { CliIo } from '../cli-io.ts';
import { ExitCode } from '../exit-code.ts';
import type { Operations } from '../operations.ts';
import { OutputFailed } from '../output-failed.ts';
import { UsageError } from '../usage-error.ts';
import { ADOPT_HELP, type AdoptOptions, readAdoptOptions } from './adopt-options.ts';
import { operatorError } from './operator-errors.ts';
import { sameCommand, samePlace } from './place-options.ts';

/** What became of one version. */
const Outcome = {
  /** It would be recorded with --yes. */
  shown: 'shown',
  recorded: 'recorded',
  left: 'left',
  /** Its upload changed since it was read; nothing was written. */
  changed: 'changed',
} as const;
type Outcome = (typeof Outcome)[keyof typeof Outcome];

/**
 * `upload-once adopt`: records versions as uploads on the operator's word. Each is one conditional write, so Ctrl-C may end it at any moment.
 *
 * @returns the exit code that the help documents
 * @throws UsageError
 */
export async function adoptCommand(args: readonly string[], io: CliIo): Promise<number> {
  const options = readAdoptOptions(args, io.env);
  if (options === 'help') {
    io.stdout.write(ADOPT_HELP);
    return ExitCode.done;
  }
  const done = new Map<Outcome, number>();
  try {
    const open = await io.loadOperations();
    const operations = open(options);
    const { records, listing, objects } = operations;
    const plan = createPlanAdoption({
      ...{ ...options, records, listing, bytes: createBytes(objects), isNamed: 'key' in options.what },
      forgottenBefore: new Date((await listing.now()).getTime() - options.recordRetentionSeconds * 1000),
    });
    for await (const version of versionsOf(options, operations)) {
      const planned = await plan(version);
      const outcome = await carryOut(planned, options, operations, io);
      done.set(outcome, (done.get(outcome) ?? 0) + 1);
      io.stdout.write(options.json ? jsonLine(planned, outcome) : textLine(planned, outcome));
    }
    io.stderr.write(summaryOf(done, options));
    if (done.has(Outcome.changed)) return ExitCode.failed;
    return done.has(Outcome.shown) || done.has(Outcome.left) ? ExitCode.found : ExitCode.done;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const soFar = `${done.get(Outcome.recorded) ?? 0} recorded`;
    if (error instanceof OutputFailed)
      throw new OutputFailed(`${error.message}. It stopped before its end; ${soFar}`, { cause: error });
    const again = sameCommand('adopt', args);
    io.stderr.write(
      `upload-once adopt: not brought to its end: ${operatorError(error, options)}; ${soFar}. Run it again:\n  ${again}\n`,
    );
    return ExitCode.failed;
  }
}

async function* versionsOf({ what }: AdoptOptions, { listing, records }: Operations) {
  if ('since' in what) {
    yield* findUnknown({ listing, records, since: what.since });
    return;
  }
  for await (const page of listing.pages(what.key)) {
    const version = page.find(({ key, versionId }) => key === what.key && versionId === what.versionId);
    if (!version) continue;
    yield version;
    return;
  }
  throw new VersionGone(`version ${what.versionId} of ${what.key} is not there`);
}

async function carryOut(
  { adoption }: AdoptionPlan,
  { word }: AdoptOptions,
  { records }: Operations,
  { randomBytes }: CliIo,
): Promise<Outcome> {
  if (!adoption) return Outcome.left;
  if (!word) return Outcome.shown;
  const token = Buffer.from(randomBytes(16)).toString('hex');
  return (await records.adopt(adoption, word, token)) ? Outcome.recorded : Outcome.changed;
}

function textLine({ version, state, detail }: AdoptionPlan, outcome: Outcome): string {
  const { key, versionId, storedAt } = version;
  const words = {
    shown: `with --yes: ${detail}`,
    recorded: `done: ${detail}`,
    left: `left: ${detail}`,
    changed: 'its upload changed meanwhile, and nothing was recorded: run this again',
  }[outcome];
  return `${storedAt.toISOString()}  ${(state ?? '–').padEnd(10)}  ${printable(`${key} ${versionId}`)}\n    ${printable(words)}\n`;
}

function jsonLine({ version, state, detail }: AdoptionPlan, outcome: Outcome): string {
  const { key, versionId, storedAt, sizeBytes } = version;
  return `${JSON.stringify({ key, versionId, storedAt, sizeBytes, state, outcome, detail })}\n`;
}

function summaryOf(done: ReadonlyMap<Outcome, number>, { args, word }: AdoptOptions): string {
  const count = (outcome: Outcome) => done.get(outcome) ?? 0;
  const [shown, recorded, left, changed] = [
    count(Outcome.shown),
    count(Outcome.recorded),
    count(Outcome.left),
    count(Outcome.changed),
  ];
  if (done.size === 0) return 'nothing found\n';
  if (!word) {
    const more = ['--yes', '--by', 'NAME', '--reason', 'TEXT'];
    const next =
      shown === 0
        ? ''
        : ` Nothing was recorded. If you know that they are uploads:\n  ${sameCommand('adopt', [...args, ...more])}\n`;
    return `${shown} can be recorded, ${left} left.${next || '\n'}`;
  }
  const changes = changed === 0 ? '' : `, ${changed} changed meanwhile`;
  const audit = samePlace('audit', args, '--repair', '--older-than', '0');
  return `${recorded} recorded, ${left} left${changes}.${recorded > 0 ? ` Now send their events:\n  ${audit}\n` : '\n'}`;
}
