import { mkdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { dockerProblems, terraformProblems } from '../local/localstack/required-tools.ts';
import { type Account, findAccount } from './deploy/account.ts';
import { type Commands, createCommands } from './deploy/commands.ts';
import { DeployError } from './deploy/deploy-error.ts';
import { ensureEcsRole } from './deploy/ecs-role.ts';
import { Ending, followRollout } from './deploy/follow-rollout.ts';
import { findCommit, givenTag, tagOf } from './deploy/image-tag.ts';
import { isConfirmed } from './deploy/is-confirmed.ts';
import {
  type Plan,
  platformOf,
  readPlan,
  SERVICES,
  type Service,
  summaryOf,
  surprisesIn,
  warningsOf,
} from './deploy/plan.ts';
import { pushImages } from './deploy/push-images.ts';
import { endingLine, summaryOfRollout } from './deploy/rollout-words.ts';

/**
 * `make deploy`: builds the images, pushes them to the registry and applies terraform/, in the account and region of the
 * environment's credentials. It says what it is about to do and asks first, unless YES=1. TAG names the images; by default the
 * commit and the architecture do. It waits until ECS has replaced the tasks, for WAIT_MINUTES at most, and says how that ended.
 *
 * Exit code: 0 the new version runs; 1 nothing was deployed, or a step failed; 3 ECS rolled a service back, or a first deployment failed;
 * 4 the time was up.
 */
const EXIT_CODES = { [Ending.rolledBack]: 3, [Ending.failed]: 3, [Ending.unfinished]: 4 } as const;
const DEFAULT_WAIT_MINUTES = 30;
const LONGEST_WAIT_MINUTES = 1440;
const repository = fileURLToPath(new URL('..', import.meta.url));
const plansFolder = fileURLToPath(new URL('../.local/deploy', import.meta.url));
const say = (line: string) => process.stdout.write(`${line}\n`);
const complain = (line: string) => process.stderr.write(`${line}\n`);

try {
  process.exitCode = await deploy(process.env);
} catch (error) {
  if (!(error instanceof DeployError)) throw error;
  complain(error.message);
  process.exitCode = 1;
}

async function deploy(env: NodeJS.ProcessEnv): Promise<number> {
  const waitMinutes = readWaitMinutes(env['WAIT_MINUTES']);
  const problems = await missingTools(env);
  if (problems.length > 0) throw new DeployError(problems.join('\n'));
  const given = givenTag(env['TAG']);
  const commit = given ?? (await findCommit(createCommands(repository, env)));
  const account = await findAccount(createCommands(repository, env), env);
  const commands = createCommands(repository, { ...env, AWS_REGION: account.region });

  say(`Looking at account ${account.id} in ${account.region} …`);
  await commands.read('terraform', '-chdir=terraform', 'init', '-input=false', '-no-color');
  const tag = given ?? tagOf(commit, await findPlatform(commands));
  const plan = await makePlan(commands, tag);
  say(announcement(account, tag, plan));
  if (env['YES'] !== '1' && !(await isConfirmed())) throw new DeployError('Nothing was done.');

  if (plan.makesCluster) {
    const problem = await ensureEcsRole(commands);
    if (problem) complain(problem);
  }
  if (plan.changesRegistry) {
    // Nothing can be pushed before there is a repository, and no task starts before there is an image.
    const target = '-target=module.registry';
    await commands.show('terraform', '-chdir=terraform', 'apply', ...settings(tag), target, '-auto-approve');
  }
  if (plan.programs.length > 0) {
    const output = await commands.read('terraform', '-chdir=terraform', 'output', '-json', 'repository_urls');
    await pushImages(commands, { account, tag, urls: JSON.parse(output), ...plan, say });
  }

  const later = await makePlan(commands, tag);
  const surprises = surprisesIn(later, plan);
  if (surprises.length > 0) {
    throw new DeployError(
      `something has changed since you were asked (${surprises[0]}): run \`make deploy\` again; the images are pushed`,
    );
  }
  await commands.show('terraform', '-chdir=terraform', 'apply', '-input=false', planFile());
  return await seeOut(commands, account, tag, waitMinutes);
}

/** @throws DeployError for what is no number of minutes */
function readWaitMinutes(given: string | undefined): number {
  if (!given) return DEFAULT_WAIT_MINUTES;
  const minutes = /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (minutes <= LONGEST_WAIT_MINUTES) return minutes;
  throw new DeployError(
    `WAIT_MINUTES: expected a whole number from 0 to ${LONGEST_WAIT_MINUTES}, got "${given}"`,
  );
}

async function missingTools(env: NodeJS.ProcessEnv): Promise<string[]> {
  const commands = createCommands(repository, env);
  const isThere = async (program: string, remedy: string) =>
    (await commands.tryOut(program, '--version')).exitCode === 0
      ? []
      : [`${program} is not there: ${remedy}`];
  const problems = await Promise.all([
    isThere('git', 'install Git (https://git-scm.com/downloads)'),
    isThere(
      'aws',
      'install the AWS CLI v2 (https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html)',
    ),
    dockerProblems(env, ['buildx']),
    terraformProblems(env),
  ]);
  return problems.flat();
}

/** What the images are to be built for. Terraform is asked before any plan, since a plan is made with the tag already. */
async function findPlatform(commands: Commands): Promise<string> {
  const ask = ['terraform', '-chdir=terraform', 'console', '-no-color', '-var=image_tag=none'] as const;
  return platformOf(JSON.parse(await commands.feed('var.architecture\n', ...ask)));
}

async function makePlan(commands: Commands, tag: string): Promise<Plan> {
  mkdirSync(plansFolder, { recursive: true });
  await commands.read('terraform', '-chdir=terraform', 'plan', ...settings(tag), `-out=${planFile()}`);
  return readPlan(await commands.read('terraform', '-chdir=terraform', 'show', '-json', planFile()));
}

function planFile(): string {
  return `${plansFolder}/plan`;
}

function settings(tag: string): string[] {
  return ['-input=false', '-no-color', `-var=image_tag=${tag}`];
}

function announcement(account: Account, tag: string, plan: Plan): string {
  const images =
    plan.programs.length === 0 ? 'none: all are named by the variable images' : plan.programs.join(', ');
  return [
    '',
    `  account    ${account.id}`,
    `  region     ${account.region}`,
    `  tag        ${tag}`,
    `  images     ${images} (${plan.platform})`,
    ...summaryOf(plan).map((line, index) => `  ${index === 0 ? 'terraform' : '         '}  ${line}`),
    ...warningsOf(plan).map((line) => `  CAREFUL    ${line}`),
    '',
  ].join('\n');
}

/** Waits until ECS has replaced the tasks, and says how that ended. @returns the exit code */
async function seeOut(
  commands: Commands,
  account: Account,
  tag: string,
  waitMinutes: number,
): Promise<number> {
  const output = async (name: string) =>
    JSON.parse(await commands.read('terraform', '-chdir=terraform', 'output', '-json', name));
  const [url, name, cluster, services] = (await Promise.all([
    output('issuer_url'),
    output('name'),
    output('cluster_name'),
    output('services'),
  ])) as [
    string,
    string,
    string,
    Readonly<Partial<Record<Service, { readonly service_name: string; readonly task_definition: string }>>>,
  ];
  const applied = Object.fromEntries(
    SERVICES.flatMap((service) => services[service] ?? []).map((one) => [
      one.service_name,
      one.task_definition,
    ]),
  );
  const place = { region: account.region, name, cluster };
  say(`Applied. ECS is now replacing the tasks by those of ${tag}; waiting up to ${waitMinutes} minutes …`);
  const outcomes = await followRollout(
    commands,
    { ...place, applied, limitMs: waitMinutes * 60_000 },
    { nowMs: () => performance.now(), wait: (milliseconds) => setTimeout(milliseconds) },
    (outcome) => say(endingLine(outcome)),
  );
  const endings = new Set(outcomes.map(({ ending }) => ending));
  for (const ending of [Ending.rolledBack, Ending.failed, Ending.unfinished] as const) {
    if (!endings.has(ending)) continue;
    complain(summaryOfRollout(outcomes, place, waitMinutes));
    return EXIT_CODES[ending];
  }
  say(`\nDeployed: ${tag} runs. Clients ask for forms at ${url}/getpresignedurl`);
  return 0;
}
