import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { dockerProblems, terraformProblems } from '../local/localstack/required-tools.ts';
import { findAccount } from './deploy/account.ts';
import { type Commands, createCommands, lastLine } from './deploy/commands.ts';
import { DeployError } from './deploy/deploy-error.ts';
import { ensureEcsRole } from './deploy/ecs-role.ts';
import { isConfirmed } from './deploy/is-confirmed.ts';
import { pushImages } from './deploy/push-images.ts';
import { estimateCost } from './test-aws/cost-estimate.ts';
import { listLeft, listUntagged, removeLeft, TAG } from './test-aws/left.ts';
import { reportPage } from './test-aws/report.ts';
import { checkAccount, checkRegion, minuteMsFrom, nameFrom, readRunSettings } from './test-aws/settings.ts';
import { createSetup, runsOnThisMachine, type Setup } from './test-aws/setup.ts';
import { runSuite, SUITES, suiteEnvironment } from './test-aws/suites.ts';
import type { FileResult } from './test-aws/tap-results.ts';

/**
 * `make test-aws`: applies a small installation in the account and region of the environment's credentials, runs the suites against it,
 * writes a report, and destroys everything, whatever happens. `make test-aws-clean` (the argument `clean`) removes what is left.
 * docs/deploy.md, "Trying it on your account".
 */
const repository = fileURLToPath(new URL('..', import.meta.url));
const SERVICES = ['url-issuer', 'acceptor', 'processor'] as const;
const PROGRAMS = [...SERVICES, 'audit'] as const;
const PLATFORM = 'linux/arm64';

const say = (line: string) => process.stdout.write(`${line}\n`);
const complain = (line: string) => process.stderr.write(`${line}\n`);

try {
  process.exitCode = (await (process.argv[2] === 'clean' ? clean(process.env) : run(process.env))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof DeployError)) throw error;
  complain(error.message);
  process.exitCode = 1;
}

/** @returns whether all passed and nothing is left */
async function run(env: NodeJS.ProcessEnv): Promise<boolean> {
  const settings = readRunSettings(env, () => `uo-test-${randomBytes(4).toString('hex')}`);
  const { name, budgetMinutes } = settings;
  await checkTools(env);
  const account = await findAccount(createCommands(repository, env), env);
  checkRegion(account.region);
  checkAccount(settings.account, account.id);
  const awsEnv = { ...env, AWS_REGION: account.region };
  const cost = estimateCost(account.region, budgetMinutes);
  say(
    [
      '',
      `  account    ${account.id}`,
      `  region     ${account.region}`,
      `  name       ${name}: everything has it in its tag ${TAG}`,
      `  time       at most ${budgetMinutes} minutes until everything is destroyed again, which takes 15 more`,
      `  cost       at most about $${cost.dollars.toFixed(2)} ($${cost.dollarsAnHour.toFixed(2)} an hour), by list prices of ${cost.pricesOf}`,
      '',
    ].join('\n'),
  );
  if (!settings.isConfirmed && !(await isConfirmed())) throw new DeployError('Nothing was done.');

  const begun = new Date();
  const stop = new AbortController();
  const stopFor = (reason: string) => {
    if (stop.signal.aborted) {
      say('It is stopping already, and destroys everything: please wait.');
      return;
    }
    complain(`${reason}. Stopping, and destroying everything …`);
    stop.abort(new DeployError(reason));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => stopFor(`It got ${signal}`));
  const timer = setTimeout(
    () => stopFor(`The ${budgetMinutes} minutes are over`),
    budgetMinutes * settings.minuteMs,
  );

  const setup = createSetup(name, account.region);
  const commands = createCommands(repository, awsEnv, { signal: stop.signal });
  const files: FileResult[] = [];
  let failure: string | undefined;
  try {
    await setup.init(commands);
    const problem = await ensureEcsRole(commands);
    if (problem) complain(problem);
    await setup.applyRegistry(commands);
    const { repository_urls: urls } = await setup.outputs(commands);
    await pushImages(commands, { account, tag: name, programs: PROGRAMS, platform: PLATFORM, urls, say });
    await setup.apply(commands);
    await testIt(setup, commands, stop.signal);
  } catch (error) {
    failure = (error as Error).message;
    complain(failure);
  } finally {
    clearTimeout(timer);
  }
  const isDestroyed = await destroy(setup, name, account.region, awsEnv);
  const minutes = Math.ceil((Date.now() - begun.getTime()) / 60_000);
  const report = reportPage({
    begun,
    region: account.region,
    commit: (
      await createCommands(repository, env).tryOut('git', 'rev-parse', '--short=12', 'HEAD')
    ).stdout.trim(),
    minutes,
    dollars: estimateCost(account.region, minutes).dollars,
    failure,
    isDestroyed,
    files,
  });
  writeFileSync(resolve(repository, settings.reportFile), report);
  const failed = files.filter(({ isOk }) => !isOk).map(({ file }) => file);
  say(
    `${files.length - failed.length} test files passed, ${failed.length} failed. ${settings.reportFile} has each test.`,
  );
  return failure === undefined && isDestroyed && failed.length === 0;

  async function testIt(setup: Setup, commands: Commands, signal: AbortSignal): Promise<void> {
    const outputs = await setup.outputs(commands);
    const { cluster_name, services } = outputs.installation;
    const names = SERVICES.map((service) => services[service].service_name);
    say('Waiting until all tasks run …');
    await commands.show(
      'aws',
      'ecs',
      'wait',
      'services-stable',
      '--region',
      account.region,
      '--cluster',
      cluster_name,
      '--services',
      ...names,
    );
    const readyAt = begun.getTime() + settings.settleMinutes * 60_000;
    say('Waiting until S3’s lists of versions are complete …');
    await delay(Math.max(0, readyAt - Date.now()), undefined, { signal }).catch(() =>
      signal.throwIfAborted(),
    );
    const suiteEnv = { ...awsEnv, ...(await suiteEnvironment(outputs, account.region, awsEnv)) };
    const suiteCommands = createCommands(repository, suiteEnv, { signal });
    for (const suite of Object.keys(SUITES) as (keyof typeof SUITES)[])
      files.push(...(await runSuite(suiteCommands, suite, setup.folder)));
  }
}

/** Nothing stops it: Ctrl-C doesn't reach Terraform. @returns whether nothing is left */
async function destroy(setup: Setup, name: string, region: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  say(`Destroying ${name} …`);
  const commands = createCommands(repository, env, {});
  try {
    await setup.destroy(commands);
    const complaints = await removeLeft(commands, region, name, minuteMsFrom(env));
    if (complaints.length === 0) {
      setup.forget();
      say('Everything is destroyed.');
      return true;
    }
    complain(['This is left:', ...complaints].join('\n'));
  } catch (error) {
    complain((error as Error).message);
    const left = await listLeft(commands, region, name).catch((failed: Error) => [
      `(AWS gives no list: ${failed.message})`,
    ]);
    complain(['This may be left, and it costs:', ...left].join('\n'));
  }
  complain(`Remove it: AWS_REGION=${region} NAME=${name} make test-aws-clean`);
  return false;
}

/** @returns whether nothing is left */
async function clean(env: NodeJS.ProcessEnv): Promise<boolean> {
  const wanted = nameFrom(env);
  const commands = createCommands(repository, env);
  const { id, region } = await findAccount(commands, env);
  checkRegion(region);
  const known = runsOnThisMachine().filter(({ name }) => wanted === undefined || name === wanted);
  const left = await listLeft(commands, region, wanted);
  say(`Account ${id} in ${region}. AWS lists ${left.length} with the tag ${TAG}:`);
  for (const arn of left) say(`  ${arn}`);
  const untagged = await listUntagged(commands, region, wanted);
  if (untagged.length > 0) say(`Without a tag, by name, ${untagged.length}:`);
  for (const { kind, name } of untagged) say(`  ${kind} ${name}`);
  for (const { name, region } of known) say(`  the state of ${name} (${region}) on this machine`);
  const runs = new Map(known.map(({ name, region }) => [name, region]));
  for (const found of [...left, ...untagged.map(({ name }) => name)]) {
    const [name] = /uo-test-[a-z0-9]{6,12}/.exec(found) ?? [];
    if (name !== undefined && !runs.has(name)) runs.set(name, region);
  }
  if (wanted !== undefined && !runs.has(wanted)) runs.set(wanted, region);
  if (runs.size === 0) {
    say('Nothing is left.');
    return true;
  }
  if (env['YES'] !== '1' && !(await isConfirmed())) throw new DeployError('Nothing was done.');

  let isClean = true;
  for (const [name, region] of runs) {
    const ofRegion = createCommands(repository, { ...env, AWS_REGION: region }, {});
    if (known.some((run) => run.name === name)) {
      const setup = createSetup(name, region);
      await setup.init(ofRegion);
      isClean = (await destroy(setup, name, region, { ...env, AWS_REGION: region })) && isClean;
      continue;
    }
    const complaints = await removeLeft(ofRegion, region, name, minuteMsFrom(env));
    for (const complaint of complaints) complain(complaint);
    isClean &&= complaints.length === 0;
  }
  say(isClean ? 'Nothing is left.' : 'Something is left: see above.');
  return isClean;
}

async function checkTools(env: NodeJS.ProcessEnv): Promise<void> {
  const aws = await createCommands(repository, env).tryOut('aws', '--version');
  const problems = [
    ...(aws.exitCode === 0 ? [] : [`aws is not there: install the AWS CLI v2 (${lastLine(aws.stderr)})`]),
    ...(await dockerProblems(env, ['buildx'])),
    ...(await terraformProblems(env)),
  ];
  if (problems.length > 0) throw new DeployError(problems.join('\n'));
}
