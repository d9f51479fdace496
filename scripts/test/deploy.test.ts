import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { pathWith } from '../../test/support/fake-programs.ts';

const program = fileURLToPath(new URL('../deploy.ts', import.meta.url));
const repository = fileURLToPath(new URL('../..', import.meta.url));
const COMMIT = '0123456789ab';
const TAG = `${COMMIT}-arm64`;
const HOST = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const SERVICES = ['url-issuer', 'acceptor', 'processor'];
const PROGRAMS = [...SERVICES, 'audit'];

interface Harness {
  /** What `terraform show` says of the first plan, and of the second if it differs. */
  readonly plans: readonly ReturnType<typeof planOf>[];
  /** The services that Terraform's outputs have; without webhooks by default. */
  readonly services?: readonly string[];
  /** What `git status --porcelain` prints. */
  readonly changes?: string;
  /** Programs in place of those that behave. */
  readonly programs?: Readonly<Record<string, string | undefined>>;
  /** What is typed; nothing is the end of the input. */
  readonly typed?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs `make deploy` in place of its program. */
  readonly byMake?: boolean;
  /** The deployments that ECS shows of each service; by default what was applied runs. */
  readonly deployments?: Readonly<Record<string, readonly Deployment[]>>;
}

interface Deployment {
  readonly status: string;
  readonly taskDefinition: string;
  readonly rolloutState: string;
  readonly rolloutStateReason?: string;
}

const APPLIED = 'arn:aws:ecs:eu-central-1:123456789012:task-definition/applied:2';
const EARLIER = 'arn:aws:ecs:eu-central-1:123456789012:task-definition/earlier:1';
const RUNNING: Deployment = { status: 'PRIMARY', taskDefinition: APPLIED, rolloutState: 'COMPLETED' };

/** A plan as `terraform show -json` gives it, from address to actions. */
function planOf(
  changes: Record<string, string[]>,
  {
    architecture = 'ARM64',
    images = {},
    webhooks = null,
    audit = {},
  }: {
    architecture?: string;
    images?: Record<string, string>;
    webhooks?: object | null;
    audit?: object;
  } = {},
) {
  return {
    variables: {
      architecture: { value: architecture },
      images: { value: images },
      webhooks: { value: webhooks },
      audit: { value: audit },
    },
    resource_changes: Object.entries(changes).map(([address, actions]) => ({ address, change: { actions } })),
  };
}

const REPOSITORIES = Object.fromEntries(
  PROGRAMS.map((service) => [`module.registry[0].aws_ecr_repository.this["${service}"]`, ['create']]),
);
const FIRST = planOf({ ...REPOSITORIES, 'module.storage.aws_s3_bucket.this': ['create'] });
const FIRST_WITH_REGISTRY = planOf({ 'module.storage.aws_s3_bucket.this': ['create'] });
const UPGRADE = planOf({
  'module.service["acceptor"].aws_ecs_task_definition.this': ['create', 'delete'],
  'module.service["acceptor"].aws_ecs_service.this': ['update'],
  'module.network.data.aws_subnet.given': ['read'],
  'module.alarms.aws_cloudwatch_metric_alarm.this["old"]': ['delete'],
  'module.storage.aws_s3_bucket.this': ['no-op'],
});

/** Runs the script with programs that note how they are called; none of them reaches anything. */
async function deploy(t: Test, harness: Harness) {
  const { services = SERVICES } = harness;
  const folder = await mkdtemp(join(tmpdir(), 'upload-once-deploy-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const calls = join(folder, 'calls');
  const shown = join(folder, 'shown');
  const note = (name: string) => `printf '%s\\n' "${name} $*" >> "${calls}"`;
  const programs = {
    git: `${note('git')}; case "$1" in status) printf '%s' "$CHANGES";; rev-parse) echo ${COMMIT};; esac`,
    aws: `${note('aws')}; case "$*" in
      *get-caller-identity*) echo 123456789012;;
      *get-login-password*) echo sesame;;
      *describe-images*) exit 254;;
      *describe-services*) printf '%s' "$DEPLOYMENTS";;
      *get-role*) [ -z "$HAS_NO_ROLE" ];;
      *create-service-linked-role*) printf '%s' "$REFUSAL" >&2; [ -z "$REFUSAL" ];;
    esac`,
    docker: `${note('docker')}; case "$1" in
      login) read -r password; printf '%s\\n' "password $password" >> "${calls}";;
      version) echo 28.0.0;;
    esac`,
    terraform: `${note('terraform')}; case "$*" in
      'version -json') echo '{"terraform_version": "1.11.4"}';;
      *console*) read -r asked; [ "$asked" = var.architecture ] && printf '"%s"\\n' "$ARCHITECTURE";;
      *show*) if [ -e "${shown}" ]; then printf '%s' "$SECOND_PLAN"; else : > "${shown}"; printf '%s' "$FIRST_PLAN"; fi;;
      *'output -json repository_urls') printf '%s' "$REPOSITORY_URLS";;
      *'output -json issuer_url') printf '%s' '"https://uploads.example.com"';;
      *'output -json name') printf '%s' '"upload-once"';;
      *'output -json cluster_name') printf '%s' '"shared"';;
      *'output -json services') printf '%s' "$ECS_SERVICES";;
    esac`,
    ...harness.programs,
  };
  const PATH = await pathWith(
    t,
    Object.fromEntries(Object.entries(programs).filter(([, script]) => script !== undefined)) as Record<
      string,
      string
    >,
  );
  const [command, ...args] = harness.byMake
    ? (['make', '--no-print-directory', '-C', repository, 'deploy'] as const)
    : ([process.execPath, program] as const);
  const child = spawn(command, args, {
    env: {
      PATH: harness.byMake ? `${PATH}:${process.env.PATH}` : PATH,
      AWS_REGION: 'eu-central-1',
      CHANGES: harness.changes ?? '',
      ARCHITECTURE: harness.plans[0]?.variables.architecture.value ?? '',
      FIRST_PLAN: JSON.stringify(harness.plans[0]),
      SECOND_PLAN: JSON.stringify(harness.plans.at(-1)),
      ECS_SERVICES: JSON.stringify(
        Object.fromEntries(
          services.map((service) => [
            service,
            { service_name: `upload-once-${service}`, task_definition: APPLIED },
          ]),
        ),
      ),
      DEPLOYMENTS: deploymentsJson(services, harness.deployments),
      REPOSITORY_URLS: JSON.stringify(
        Object.fromEntries(
          [...services, 'audit'].map((program) => [program, `${HOST}/upload-once/${program}`]),
        ),
      ),
      ...harness.env,
    },
  });
  child.stdin.end(harness.typed ?? '');
  const [[exitCode], stdout, stderr] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ]);
  const made = existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [];
  return { exitCode, stdout, stderr, calls: made, effects: made.filter(isEffect) };
}

/** As `aws ecs describe-services` prints them. */
function deploymentsJson(
  services: readonly string[],
  deployments: Readonly<Record<string, readonly Deployment[]>> = {},
): string {
  return JSON.stringify({
    services: services.map((service) => ({
      serviceName: `upload-once-${service}`,
      deployments: deployments[service] ?? [RUNNING],
    })),
  });
}

/** Calls that change something outside of this machine. */
function isEffect(call: string): boolean {
  return / apply | --push | login /.test(`${call} `);
}

function build(service: string, tag = TAG, platform = 'linux/arm64') {
  return `docker buildx build --platform ${platform} --provenance=false --target ${service} --tag ${HOST}/upload-once/${service}:${tag} --push .`;
}

const LOGIN = `docker login --username AWS --password-stdin ${HOST}`;
const REGISTRY = `terraform -chdir=terraform apply -input=false -no-color -var=image_tag=${TAG} -target=module.registry -auto-approve`;
const APPLY = /^terraform -chdir=terraform apply -input=false \S+\/plan$/;

t.test('the registry comes first, then the images, then the rest, as it was planned', async (t) => {
  const { exitCode, stdout, stderr, calls, effects } = await deploy(t, {
    plans: [FIRST, FIRST_WITH_REGISTRY],
    typed: 'yes\n',
  });
  t.equal(exitCode, 0, stderr);
  t.strictSame(effects.slice(0, -1), [REGISTRY, LOGIN, ...PROGRAMS.map((service) => build(service))]);
  t.match(effects.at(-1), APPLY);
  t.match(calls[calls.findIndex((call) => APPLY.test(call)) - 1], / show -json /, 'planned again before');
  t.ok(calls.includes('password sesame'), 'the password is read from standard input');
  t.match(stdout, 'Clients ask for forms at https://uploads.example.com/getpresignedurl');
  t.match(stdout, 'ECS is now replacing the tasks by those of 0123456789ab-arm64');
  t.match(stdout, 'Deployed: 0123456789ab-arm64 runs.');
  t.ok(
    calls.includes(
      'aws ecs describe-services --region eu-central-1 --cluster shared --services upload-once-url-issuer upload-once-acceptor upload-once-processor --output json',
    ),
    'ECS is asked for every service',
  );
});

t.test('before a cluster is made, it makes sure of the role that ECS works by', async (t) => {
  const plans = [planOf({ 'aws_ecs_cluster.this[0]': ['create'] })];
  const ask = 'aws iam get-role --role-name AWSServiceRoleForECS';
  const make = 'aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com';
  const run = async (env: Record<string, string>, given = plans) => {
    const { exitCode, stderr, calls } = await deploy(t, { plans: given, env: { YES: '1', ...env } });
    t.equal(exitCode, 0, stderr);
    const aboutRole = calls.filter((call) => call.startsWith('aws iam'));
    const isBeforeApply = aboutRole.every(
      (call) => calls.indexOf(call) < calls.findIndex((one) => APPLY.test(one)),
    );
    return { stderr, aboutRole, isBeforeApply };
  };

  t.match(await run({}), { aboutRole: [ask], stderr: /^$/ }, 'it is there');
  t.match(
    await run({ HAS_NO_ROLE: '1' }),
    { aboutRole: [ask, make], isBeforeApply: true, stderr: /^$/ },
    'an account that never ran ECS',
  );
  const taken = 'InvalidInput: Service role name AWSServiceRoleForECS has been taken in this account';
  t.match(
    await run({ HAS_NO_ROLE: '1', REFUSAL: taken }),
    { stderr: /^$/ },
    'it is there, and cannot be read',
  );
  const denied = 'AccessDenied: not authorized to perform: iam:CreateServiceLinkedRole';
  t.match((await run({ HAS_NO_ROLE: '1', REFUSAL: denied })).stderr, denied, 'said, and no reason to stop');
  t.strictSame((await run({}, [UPGRADE])).aboutRole, [], 'no cluster is made');
});

t.test('a rollback is said with its reason and where to look, and ends with exit code 3', async (t) => {
  const reason = 'ECS deployment ecs-svc/2 alarm detected';
  const { exitCode, stdout, stderr } = await deploy(t, {
    plans: [UPGRADE],
    env: { YES: '1' },
    deployments: {
      acceptor: [
        { status: 'PRIMARY', taskDefinition: EARLIER, rolloutState: 'IN_PROGRESS' },
        { status: 'ACTIVE', taskDefinition: APPLIED, rolloutState: 'FAILED', rolloutStateReason: reason },
      ],
    },
  });
  t.equal(exitCode, 3);
  t.match(
    stdout,
    `upload-once-acceptor: rolled back: ECS goes back to the earlier version. ECS says: ${reason}\n`,
  );
  t.match(stdout, 'upload-once-processor: the new version runs\n');
  t.notMatch(stdout, 'Deployed');
  t.match(stderr, /^Rolled back: upload-once-acceptor\. ECS goes back to the earlier version, and has not/);
  t.match(stderr, /To look again:\n\n {2}aws ecs describe-services .* --services upload-once-acceptor \\\n/);
  t.match(stderr, 'aws logs tail /ecs/upload-once-acceptor --region eu-central-1');
  t.match(stderr, 'aws logs tail /aws/events/upload-once-task-failures ');
  t.match(stderr, /describe-alarms .*--alarm-name-prefix upload-once- --state-value ALARM\n/);
});

t.test('a rollback that is complete is none the less a rollback', async (t) => {
  const back = {
    ...RUNNING,
    taskDefinition: EARLIER,
    rolloutStateReason: 'ECS deployment completed: rolling back',
  };
  const failed = { status: 'ACTIVE', taskDefinition: APPLIED, rolloutState: 'FAILED' };
  const { exitCode, stdout, stderr } = await deploy(t, {
    plans: [UPGRADE],
    env: { YES: '1' },
    deployments: { processor: [back, failed] },
  });
  t.equal(exitCode, 3);
  t.match(stderr, /^Rolled back: upload-once-processor\. The earlier version runs, and serves\.\n/);
  t.match(
    stdout,
    'upload-once-processor: rolled back: the earlier version runs. ECS says: ECS deployment completed: rolling back',
  );
});

t.test('a rollback that fails too is no version that runs', async (t) => {
  const { exitCode, stdout, stderr } = await deploy(t, {
    plans: [UPGRADE],
    env: { YES: '1' },
    deployments: {
      acceptor: [
        { status: 'PRIMARY', taskDefinition: EARLIER, rolloutState: 'FAILED' },
        { status: 'ACTIVE', taskDefinition: APPLIED, rolloutState: 'FAILED', rolloutStateReason: 'alarm' },
      ],
    },
  });
  t.equal(exitCode, 3);
  t.match(stdout, 'upload-once-acceptor: rolled back: the earlier version failed too. ECS says: alarm\n');
  t.match(
    stderr,
    /^Rolled back: upload-once-acceptor\. The earlier version failed too, and tasks can be missing/,
  );
});

t.test(
  'make prints the exit code of a rollback, and ends with 2 itself, as docs/deploy.md says',
  async (t) => {
    const { exitCode, stderr } = await deploy(t, {
      plans: [UPGRADE],
      env: { YES: '1' },
      byMake: true,
      deployments: {
        acceptor: [
          { status: 'PRIMARY', taskDefinition: EARLIER, rolloutState: 'IN_PROGRESS' },
          { status: 'ACTIVE', taskDefinition: APPLIED, rolloutState: 'FAILED' },
        ],
      },
    });
    t.equal(exitCode, 2);
    t.match(stderr, /make: \*\*\* \[.*deploy\] Error 3\n$/);
    const page = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
    t.match(page, /\| exit code of `node scripts\/deploy\.ts` \|[^#]*\n\| 3 \| .*rolled back/);
    t.match(page, 'make itself ends with 2');
  },
);

t.test('a first deployment that failed has none to go back to: what then', async (t) => {
  const { exitCode, stderr } = await deploy(t, {
    plans: [FIRST, FIRST_WITH_REGISTRY],
    env: { YES: '1' },
    deployments: {
      'url-issuer': [{ ...RUNNING, rolloutState: 'FAILED', rolloutStateReason: 'tasks failed to start.' }],
    },
  });
  t.equal(exitCode, 3);
  t.match(
    stderr,
    'aws ecs update-service --region eu-central-1 --cluster shared --force-new-deployment --service upload-once-url-issuer\n',
  );
  t.notMatch(stderr, 'Rolled back');
});

t.test('what takes longer than WAIT_MINUTES is said, and ends with exit code 4', async (t) => {
  const deployments = { processor: [{ ...RUNNING, rolloutState: 'IN_PROGRESS' }] };
  const { exitCode, stdout, stderr } = await deploy(t, {
    plans: [UPGRADE],
    env: { YES: '1', WAIT_MINUTES: '0' },
    deployments,
  });
  t.equal(exitCode, 4);
  t.match(stdout, 'upload-once-acceptor: the new version runs\n');
  t.match(stderr, /^Not finished after 0 minutes: upload-once-processor\. ECS goes on/);

  const unknown = await deploy(t, {
    plans: [UPGRADE],
    env: { YES: '1', WAIT_MINUTES: '0' },
    programs: {
      aws: `case "$*" in
        *get-caller-identity*) echo 123456789012;;
        *get-login-password*) echo sesame;;
        *describe-services*) echo ExpiredTokenException >&2; exit 254;;
      esac`,
    },
  });
  t.equal(unknown.exitCode, 4);
  t.match(
    unknown.stderr,
    /^ECS could not be asked how it ended: upload-once-url-issuer .*\. The deployment goes on\. AWS says: ExpiredTokenException\. To/,
  );

  const wrong = await deploy(t, { plans: [UPGRADE], env: { WAIT_MINUTES: 'long' } });
  t.equal(wrong.stderr, 'WAIT_MINUTES: expected a whole number from 0 to 1440, got "long"\n');
  t.equal(wrong.exitCode, 1);
  t.strictSame(wrong.effects, []);
});

t.test('what is lost for good by an apply is said beside what goes', async (t) => {
  const careful = async (changes: Record<string, string[]>) =>
    (await deploy(t, { plans: [planOf(changes)], typed: 'no\n' })).stdout.match(/CAREFUL.*/g) ?? [];

  t.strictSame(
    await careful({ 'module.service["acceptor"].aws_ecs_task_definition.this': ['create', 'delete'] }),
    [],
  );
  t.match(await careful({ 'module.endpoint.aws_lb.this': ['delete', 'create'] }), [
    /clients are interrupted/,
  ]);
  t.match(await careful({ 'module.trail[0].aws_s3_bucket.this': ['delete'] }), [/log files/]);
  t.match(await careful({ 'module.endpoint.aws_apigatewayv2_api.this[0]': ['delete'] }), [/a new address/]);
  t.match(
    await careful({
      'module.storage.aws_dynamodb_table.this["uploads"]': ['delete', 'create'],
      'module.endpoint.aws_lb.this': ['delete', 'create'],
    }),
    [/is lost with its content/, /clients are interrupted/],
  );
  for (const address of ['module.network.aws_vpc.this[0]', 'module.endpoint.aws_lb_target_group.this']) {
    t.match(await careful({ [address]: ['delete', 'create'] }), [/the network cannot change/], address);
    t.strictSame(await careful({ [address]: ['create'] }), [], 'the first one');
  }
  t.match(
    await careful({ 'module.network.aws_vpc.this[0]': ['delete'] }),
    [/the network cannot change/],
    'one of the user’s in its place',
  );
  const toSmall = { 'module.endpoint.aws_lb.this[0]': ['delete'] };
  t.match(
    await careful({ ...toSmall, 'module.endpoint.aws_lb_target_group.this[0]': ['delete'] }),
    [/deletion_protection .*"Changing the profile"/],
    'the profile "small"',
  );
  t.match(await careful({ ...toSmall, 'module.endpoint.aws_apigatewayv2_api.this[0]': ['delete'] }), [
    /a new address/,
    /"Changing the profile"/,
  ]);
  for (const service of ['url-issuer', 'webhook-sender']) {
    const address = `module.service["${service}"].aws_ecs_service.this`;
    t.match(await careful({ [address]: ['delete', 'create'] }), [/nothing of a service runs/], address);
    t.strictSame(await careful({ [address]: ['update'] }), [], 'as at each deployment');
  }
  t.match(await careful({ 'module.audit[0].aws_iam_role.task': ['delete', 'create'] }), [
    /running tasks lose their permissions/,
  ]);
  t.strictSame(await careful({ 'module.audit[0].aws_iam_role.task': ['delete'] }), [], 'with its audit');
  t.strictSame(await careful({ 'module.endpoint.aws_lb.this': ['create'] }), [], 'the first one');
  t.strictSame(
    await careful({ 'module.endpoint.aws_apigatewayv2_vpc_link.this[0]': ['create', 'delete'] }),
    [],
    'the old link serves until the new one does',
  );
});

t.test('a table that loses its copy in another region is said, though it is changed in place', async (t) => {
  const replica = { region_name: 'eu-west-1', kms_key_arn: 'arn:1', point_in_time_recovery: true };
  const withoutKey = { ...replica, kms_key_arn: '' };
  const careful = async (before: object[], after: object[]) => {
    const change = { actions: ['update'], before: { replica: before }, after: { replica: after } };
    const address = 'module.storage.aws_dynamodb_table.this["uploads"]';
    const plan = { ...planOf({}), resource_changes: [{ address, change }] };
    return (await deploy(t, { plans: [plan], typed: 'no\n' })).stdout.match(/CAREFUL.*/g) ?? [];
  };
  for (const after of [
    [],
    [{ ...replica, region_name: 'eu-north-1' }],
    [{ ...replica, kms_key_arn: 'arn:2' }],
    [{ ...replica, point_in_time_recovery: false }],
  ]) {
    t.match(await careful([replica], after), [/a replica of a table is deleted/], JSON.stringify(after));
  }
  t.strictSame(await careful([withoutKey], [{ ...withoutKey, point_in_time_recovery: false }]), []);
  t.strictSame(await careful([replica], [replica, { ...replica, region_name: 'eu-north-1' }]), []);
  t.strictSame(await careful([], [replica]), [], 'the first one');
});

t.test('it says what it is about to do before it does anything', async (t) => {
  const { exitCode, stdout, stderr, effects } = await deploy(t, { plans: [UPGRADE], typed: 'no\n' });
  for (const said of [
    /account {4}123456789012/,
    /region {5}eu-central-1/,
    new RegExp(`tag {8}${TAG}`),
    /images {5}url-issuer, acceptor, processor, audit \(linux\/arm64\)/,
    /terraform {2}0 to create, 1 to change, 1 to replace, 1 to remove/,
    /removes module\.alarms\.aws_cloudwatch_metric_alarm\.this\["old"\]/,
    /replaces module\.service\["acceptor"\]\.aws_ecs_task_definition\.this/,
  ]) {
    t.match(stdout, said);
  }
  t.equal(stderr.trim(), 'Nothing was done.');
  t.equal(exitCode, 1);
  t.strictSame(effects, []);
});

t.test('only "yes" is yes; YES=1 is not asked', async (t) => {
  for (const typed of ['', 'y\n', 'YES\n']) {
    const { exitCode, effects } = await deploy(t, { plans: [UPGRADE], typed });
    t.equal(exitCode, 1);
    t.strictSame(effects, [], JSON.stringify(typed));
  }
  const { exitCode, stdout, effects } = await deploy(t, { plans: [UPGRADE], env: { YES: '1' } });
  t.equal(exitCode, 0);
  t.notMatch(stdout, 'Go on?');
  t.strictSame(effects.slice(0, -1), [LOGIN, ...PROGRAMS.map((service) => build(service))]);
});

t.test('changes that no commit names are refused, unless TAG names the images', async (t) => {
  const changes = ' M services/acceptor/src/main.ts\n?? notes.txt\n';
  const refused = await deploy(t, { plans: [UPGRADE], changes, env: { YES: '1' } });
  t.equal(refused.exitCode, 1);
  t.match(
    refused.stderr,
    /^the working tree has changes .*\(2 files, first services\/acceptor\/src\/main\.ts\).*TAG=…\n$/,
  );
  t.notOk(refused.calls.some((call) => call.startsWith('terraform -chdir')));

  const named = await deploy(t, { plans: [UPGRADE], changes, env: { YES: '1', TAG: '1.2.0' } });
  t.equal(named.exitCode, 0);
  t.ok(named.effects.includes(build('acceptor', '1.2.0')));
  t.ok(
    named.calls.some((call) => call.includes(' plan ') && call.includes('-var=image_tag=1.2.0')),
    'Terraform gets the same',
  );

  const wrong = await deploy(t, { plans: [UPGRADE], env: { TAG: 'a/b' } });
  t.match(wrong.stderr, /^TAG: expected .*; got "a\/b"\n$/);
  t.equal(wrong.exitCode, 1);
});

t.test('an image that the registry has under that tag is neither built nor pushed again', async (t) => {
  const aws = `case "$*" in
    *get-caller-identity*) echo 123456789012;;
    *get-login-password*) echo sesame;;
    *describe-images*upload-once/acceptor*) exit 0;;
    *describe-images*) exit 254;;
    *describe-services*) printf '%s' "$DEPLOYMENTS";;
  esac`;
  const { exitCode, stdout, effects } = await deploy(t, {
    plans: [UPGRADE],
    programs: { aws },
    env: { YES: '1' },
  });
  t.equal(exitCode, 0);
  t.strictSame(effects.slice(0, -1), [LOGIN, build('url-issuer'), build('processor'), build('audit')]);
  t.match(stdout, `acceptor: the registry has ${TAG} already`);
});

t.test('what is pushed is built on the pinned image of Node, whatever NODE_IMAGE says', async (t) => {
  const { effects } = await deploy(t, { plans: [UPGRADE], env: { YES: '1', NODE_IMAGE: 'node:of-mine' } });
  t.strictSame(effects.slice(0, -1), [LOGIN, ...PROGRAMS.map((service) => build(service))]);
});

t.test('images for another architecture are others, though the commit is the same', async (t) => {
  const aws = `case "$*" in
    *get-caller-identity*) echo 123456789012;;
    *get-login-password*) echo sesame;;
    *describe-images*imageTag=*-arm64) exit 0;;
    *describe-images*) exit 254;;
    *describe-services*) printf '%s' "$DEPLOYMENTS";;
  esac`;
  const moved = await deploy(t, {
    plans: [planOf({}, { architecture: 'X86_64' })],
    programs: { aws },
    env: { YES: '1' },
  });
  t.equal(moved.exitCode, 0, moved.stderr);
  t.strictSame(moved.effects.slice(0, -1), [
    LOGIN,
    ...PROGRAMS.map((service) => build(service, `${COMMIT}-amd64`, 'linux/amd64')),
  ]);
  t.match(moved.stdout, new RegExp(`tag {8}${COMMIT}-amd64\\n`));
});

t.test('images of the user’s own are not built', async (t) => {
  const one = planOf({}, { images: { processor: 'ghcr.io/example/processor:1' }, architecture: 'X86_64' });
  const own = await deploy(t, { plans: [one], env: { YES: '1' } });
  t.strictSame(own.effects.slice(0, -1), [
    LOGIN,
    build('url-issuer', `${COMMIT}-amd64`, 'linux/amd64'),
    build('acceptor', `${COMMIT}-amd64`, 'linux/amd64'),
    build('audit', `${COMMIT}-amd64`, 'linux/amd64'),
  ]);

  const all = planOf(
    {},
    { images: { 'url-issuer': 'a:1', acceptor: 'b:1', processor: 'c:1', audit: 'd:1' } },
  );
  const none = await deploy(t, { plans: [all], env: { YES: '1' } });
  t.equal(none.effects.length, 1);
  t.match(none.effects[0], APPLY);
  t.notOk(none.calls.some((call) => call.startsWith('aws ecr')));
});

t.test('with webhooks their sender’s image is built too, and its tasks are named', async (t) => {
  const services = [...SERVICES, 'webhook-sender'];
  const plan = planOf(
    {},
    { webhooks: { secret_arn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:a' } },
  );
  const { stdout, effects } = await deploy(t, { plans: [plan], services, env: { YES: '1' } });
  t.strictSame(effects.slice(0, -1), [LOGIN, ...services.map((service) => build(service)), build('audit')]);
  t.match(stdout, 'upload-once-webhook-sender: the new version runs\n');
  t.match(stdout, /images {5}url-issuer, acceptor, processor, webhook-sender, audit \(linux\/arm64\)/);
});

t.test('without the daily audit its image is not built', async (t) => {
  const { effects } = await deploy(t, {
    plans: [planOf({}, { audit: { enabled: false } })],
    env: { YES: '1' },
  });
  t.strictSame(effects.slice(0, -1), [LOGIN, ...SERVICES.map((service) => build(service))]);
});

t.test('what was not said before is not done', async (t) => {
  const later = planOf({ 'module.storage.aws_dynamodb_table.this["uploads"]': ['delete', 'create'] });
  const { exitCode, stderr, effects } = await deploy(t, { plans: [UPGRADE, later], env: { YES: '1' } });
  t.equal(exitCode, 1);
  t.match(stderr, /^something has changed .*aws_dynamodb_table\.this\["uploads"\] would be replaced/);
  t.notOk(effects.some((call) => APPLY.test(call)));
});

t.test('a step that fails is the last one', async (t) => {
  const failing = 'case "$1" in buildx) [ "$2" = version ] || exit 17;; version) echo 28.0.0;; esac';
  const { exitCode, stderr, calls } = await deploy(t, {
    plans: [UPGRADE],
    programs: { docker: failing },
    env: { YES: '1' },
  });
  t.equal(exitCode, 1);
  t.equal(stderr.trim(), 'docker buildx build failed: exit code 17');
  t.notOk(calls.some((call) => APPLY.test(call)));
});

t.test('what is missing is named in one line each, and nothing is begun', async (t) => {
  const nothing = await deploy(t, {
    plans: [UPGRADE],
    programs: { git: undefined, aws: undefined, docker: undefined, terraform: undefined },
  });
  t.match(nothing.stderr.trim().split('\n'), [
    /^git is not there: install Git/,
    /^aws is not there: install the AWS CLI/,
    /^docker is not there: install Docker Engine/,
    /^terraform is not there: install Terraform 1\.11/,
  ]);
  t.equal(nothing.exitCode, 1);

  const signedOut = await deploy(t, {
    plans: [UPGRADE],
    programs: {
      aws: `case "$*" in *get-caller*) echo; echo 'The SSO session has expired.' >&2; exit 255;; esac`,
    },
  });
  t.match(
    signedOut.stderr,
    /^AWS rejects your credentials. Set AWS_PROFILE, .*The SSO session has expired\.\n$/,
  );

  const nowhere = await deploy(t, { plans: [UPGRADE], env: { AWS_REGION: '' } });
  t.match(nowhere.stderr, /^no region is chosen: set AWS_REGION, such as AWS_REGION=eu-central-1\n$/);
  t.strictSame([...signedOut.effects, ...nowhere.effects], []);
});

t.test('the region of the AWS CLI’s profile is taken where the environment has none', async (t) => {
  const aws = `case "$*" in
    'configure get region') echo eu-west-1;;
    *get-caller-identity*'--region eu-west-1') echo 123456789012;;
    *get-login-password*) echo sesame;;
  esac`;
  const { stdout } = await deploy(t, { plans: [UPGRADE], programs: { aws }, env: { AWS_REGION: '' } });
  t.match(stdout, 'account 123456789012 in eu-west-1');
});
