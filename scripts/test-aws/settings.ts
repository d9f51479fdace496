import { DeployError } from '../deploy/deploy-error.ts';

export interface RunSettings {
  /** Of this run alone: the beginning of every name, and the tag upload-once-test of everything. */
  readonly name: string;
  /** After it, nothing more is begun but the destruction. */
  readonly budgetMinutes: number;
  /** From the first apply to the first upload: before that, S3's lists of versions can be incomplete (docs/deploy.md, step 4). */
  readonly settleMinutes: number;
  /** The account that the run must be in, where one is named. */
  readonly account: string | undefined;
  /** For tests of the budget's end. */
  readonly minuteMs: number;
  readonly isConfirmed: boolean;
  /** The Markdown file that is written. */
  readonly reportFile: string;
}

const NAME = /^uo-test-[a-z0-9]{6,12}$/;
const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;
const BUDGET_MINUTES = 120;
const MOST_MINUTES = 600;
const SETTLE_MINUTES = 15;

/** @param newName what a run is called that has no NAME @throws DeployError that names the variable, what was given and what is allowed */
export function readRunSettings(env: NodeJS.ProcessEnv, newName: () => string): RunSettings {
  const settleMinutes = minutesFrom(env, 'SETTLE_MINUTES', SETTLE_MINUTES, 0);
  return {
    name: nameFrom(env) ?? newName(),
    budgetMinutes: minutesFrom(env, 'MINUTES', BUDGET_MINUTES, 1),
    settleMinutes,
    account: accountFrom(env),
    minuteMs: minuteMsFrom(env),
    isConfirmed: env['YES'] === '1',
    reportFile: env['REPORT'] || 'docs/aws-run.md',
  };
}

/** A minute, in milliseconds: shorter in tests. */
export function minuteMsFrom(env: NodeJS.ProcessEnv): number {
  return Number(env['TEST_AWS_MINUTE_MS'] || 60_000);
}

/** The run that NAME names, if any. @throws DeployError when it is no name of a run */
export function nameFrom(env: NodeJS.ProcessEnv): string | undefined {
  const given = env['NAME'];
  if (!given || NAME.test(given)) return given || undefined;
  throw new DeployError(
    `NAME: expected "uo-test-" and 6 to 12 lower-case letters and digits; got "${given}". Nothing else can be destroyed`,
  );
}

/** @throws DeployError when it does not look like a region: AWS would only say that your credentials are wrong */
export function checkRegion(region: string): void {
  if (REGION.test(region)) return;
  throw new DeployError(`AWS_REGION: expected a region such as "eu-central-1"; got "${region}"`);
}

/** @throws DeployError when ACCOUNT names another account */
export function checkAccount(wanted: string | undefined, found: string): void {
  if (wanted === undefined || wanted === found) return;
  throw new DeployError(
    `your credentials are of account ${found}, and ACCOUNT is ${wanted}: nothing was done`,
  );
}

function accountFrom(env: NodeJS.ProcessEnv): string | undefined {
  const given = env['ACCOUNT'];
  if (!given || /^\d{12}$/.test(given)) return given || undefined;
  throw new DeployError(`ACCOUNT: expected the 12 digits of an AWS account; got "${given}"`);
}

function minutesFrom(env: NodeJS.ProcessEnv, name: string, otherwise: number, least: number): number {
  const given = env[name] || String(otherwise);
  const minutes = /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (minutes >= least && minutes <= MOST_MINUTES) return minutes;
  throw new DeployError(`${name}: expected whole minutes from ${least} to ${MOST_MINUTES}; got "${given}"`);
}
