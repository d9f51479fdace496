import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pathWith } from '@upload-once/test-support/fake-programs.ts';
import t, { type Test } from 'tap';
import { TAG } from '../../scripts/test-aws/left.ts';
import { hasRemoval } from '../../scripts/test-aws/removals.ts';
import { startMoto } from './moto/start-moto.ts';
import { dataFolder } from './support/run-terraform.ts';

// `make test-aws` with Terraform itself, and moto in place of AWS. moto runs no task and takes no image, so Docker is a stand-in, and so are
// the suites: `make test-localstack` runs them. Unit tests of the command: scripts/test/test-aws.test.ts.

const program = fileURLToPath(new URL('../../scripts/test-aws.ts', import.meta.url));
const runsFolder = fileURLToPath(new URL('../../.local/test-aws', import.meta.url));
const python = fileURLToPath(new URL('../../.local/moto/bin/python', import.meta.url));
const aws = fileURLToPath(new URL('moto/aws.py', import.meta.url));
const tap = fileURLToPath(new URL('../../node_modules/.bin/tap', import.meta.url));

/** What can stay of a run: the call of AWS that lists it, and the names in its response. */
const LISTS = [
  ['s3api list-buckets', 'Buckets[].Name'],
  ['sqs list-queues', 'QueueUrls'],
  ['dynamodb list-tables', 'TableNames'],
  ['iam list-roles', 'Roles[].RoleName'],
  ['ecr describe-repositories', 'repositories[].repositoryName'],
  ['elbv2 describe-load-balancers', 'LoadBalancers[].LoadBalancerName'],
  ['elbv2 describe-target-groups', 'TargetGroups[].TargetGroupName'],
  ['apigatewayv2 get-apis', 'Items[].Name'],
  ['apigatewayv2 get-vpc-links', 'Items[].Name'],
  ['logs describe-log-groups', 'logGroups[].logGroupName'],
  ['sns list-topics', 'Topics[].TopicArn'],
  ['cloudwatch describe-alarms', 'MetricAlarms[].AlarmName'],
  ['events list-rules', 'Rules[].Name'],
  ['cloudwatch list-dashboards', 'DashboardEntries[].DashboardName'],
  ['logs describe-resource-policies', 'resourcePolicies[].policyName'],
  ['scheduler list-schedules', 'Schedules[].Name'],
  ['ec2 describe-internet-gateways', 'InternetGateways[].Tags[].Value'],
  ['ec2 describe-subnets', 'Subnets[].Tags[].Value'],
  ['ec2 describe-route-tables', 'RouteTables[].Tags[].Value'],
  ['ec2 describe-vpcs', 'Vpcs[].Tags[].Value'],
  ['ec2 describe-security-groups', 'SecurityGroups[].GroupName'],
  ['ec2 describe-vpc-endpoints', 'VpcEndpoints[?State!=`deleted`].Tags[].Value'],
] as const;

const moto = await startMoto();
t.teardown(() => moto.stop());
const awsEnv = {
  ...{ AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  AWS_ENDPOINT_URL: moto.endpoint,
};

/** For runs that need not be whole: moto lists few kinds by their tags, and those of the module storage are among them. */
const STORAGE_ALONE =
  'case "$*" in *" apply "*-target=*) ;; *" apply "*) set -- "$@" -target=module.upload_once.module.storage;; esac';
/** moto lists few kinds by their tags. So what AWS would list is taken from Terraform's state, as it was when the suites ran. */
const LISTS_BY_STATE = 'case "$*" in *get-resources*) /bin/cat "$TAGGED"; exit;; esac';
const DESTROYS_NOTHING = 'case "$*" in *" destroy "*) exit 1;; esac';

/** The suite that reads the installation, itself, as far as moto goes. It writes its results beside "$NOTED". */
const INSTALLATION = `case "$*" in *on-aws.tap*)
  PATH='${process.env.PATH}' ACCEPTANCE_KNOWN_GAPS=policy-conditions,role-policies,nothing-happens,no-restore S3_FORCE_PATH_STYLE=true \\
    '${tap}' --disable-coverage --reporter=tap test/acceptance/on-aws/installation.test.ts > "$NOTED.installation" 2>&1;; esac`;
/** Terraform's state of the whole installation, which is gone after a destruction. */
const KEEP_STATE = '/bin/cp ".local/test-aws/$NAME/terraform.tfstate" "$NOTED.state"';

// Each waits most of the time.
t.jobs = 3;

t.test('it applies all, runs every suite, reports what failed, and destroys all', async (t) => {
  const tap = (result: 'ok' | 'not ok') => `    ${result} 1 - it works\\n${result} 1 - file.test.ts`;
  const applied = await run(t, 'uo-test-moto01', {
    // The second suite fails.
    tap: `${KEEP_STATE}\n${INSTALLATION}\ncase "$*" in *on-aws.tap*) results='${tap('not ok')}';; *) results='${tap('ok')}';; esac
      for each in "$@"; do case "$each" in
        --output-file=*) printf "$results\\n" > "\${each#--output-file=}";;
        test/*) printf '%s\\n' "$each $BUCKET $UPLOAD_ONCE_URL $UPLOADS_TABLE $UPLOAD_QUEUE_URL $ECS_SERVICE key:\${#UPLOAD_ONCE_API_KEY} $PROBE_ROLES" >> "$NOTED";;
      esac; done`,
  });
  const { stdout, stderr, exitCode, report, name, noted, read } = applied;
  t.equal(exitCode, 1);
  t.match(stdout, 'Everything is destroyed.', stderr);
  t.match(stdout, '2 test files passed, 1 failed.');
  const suites = noted();
  t.match(
    suites.find((line) => line.startsWith('test/acceptance/one-upload.test.ts ')),
    new RegExp(
      `${name}-123456789012-eu-central-1 https://.* ${name}-uploads http.*${name}-upload-events ${name}-acceptor key:[1-9]`,
    ),
  );
  for (const file of ['on-aws/bucket-policy', 'on-aws/ecs/circuit-breaker'])
    t.ok(
      suites.some((line) => line.startsWith(`test/acceptance/${file}.test.ts `)),
      file,
    );
  t.match(suites[0], `"acceptor":"arn:aws:iam::123456789012:role/${name}-eu-central-1-probe-acceptor"`);
  t.match(report(), '| ended early | no |');
  t.match(report(), '| everything destroyed | yes |');
  t.match(report(), '## file.test.ts: failed\n\n- **failed**: it works');
  t.strictSame(await leftOf(name), []);

  const installation = read('installation');
  t.match(installation, '# { total:');
  t.notMatch(installation, /^ *not ok/m);
  t.match(installation, '# not run: the run of the audit. Known:');
  for (const { type, arn, isTagged } of resourcesIn(read('state'))) {
    const isFound = isTagged && hasRemoval(arn) && !GOES_WITH_ANOTHER.has(type);
    t.ok(
      isFound || GOES_WITH_ANOTHER.has(type) || BY_NAME.has(type),
      `${type} ${arn}: make test-aws-clean finds and removes it`,
    );
  }
});

t.test('interrupted while it applies, it destroys what there is', async (t) => {
  const { stdout, stderr, exitCode, report, name } = await run(t, 'uo-test-moto02', {
    terraform: STORAGE_ALONE,
    // Queues are on their way then, and the rest is there. What is cut off in its first second is in no state: `make test-aws-clean` finds
    // it by its tag, but moto lists no API by one.
    interruptAt: 'module.storage.aws_sqs_queue.events["upload_events"]: Still creating...',
  });
  t.equal(exitCode, 1);
  t.match(stderr, 'It got SIGINT. Stopping, and destroying everything');
  t.match(stdout, 'Everything is destroyed.');
  t.match(report(), '| ended early | It got SIGINT |');
  t.match(report(), '| everything destroyed | yes |');
  t.strictSame(await leftOf(name), []);
});

t.test(
  'what a run leaves, `make test-aws-clean` finds by its tag or name and removes, without a state',
  async (t) => {
    const left = await run(t, 'uo-test-moto03', {
      terraform: DESTROYS_NOTHING,
      tap: `${KEEP_STATE}; exit 1`,
    });
    t.equal(left.exitCode, 1);
    t.match(left.stderr, `NAME=${left.name} make test-aws-clean`);
    t.match(left.report(), '| everything destroyed | **no** |');
    const before = await leftOf(left.name);
    t.ok(before.length >= 60, `all of an installation: ${before.length}`);
    rmSync(join(runsFolder, left.name), { recursive: true });

    const tagged = resourcesIn(left.read('state'))
      .filter(({ type, isTagged }) => isTagged && !UNLISTED.has(type))
      .map(({ arn }) => arn);
    const file = join(mkdtempSync(join(tmpdir(), 'upload-once-tagged-')), 'tagged.json');
    writeFileSync(file, JSON.stringify(tagged));
    t.teardown(() => rmSync(dirname(file), { recursive: true }));
    const cleaned = await run(t, left.name, {
      args: ['clean'],
      aws: LISTS_BY_STATE,
      env: { TAGGED: file, TEST_AWS_MINUTE_MS: '100' },
    });
    t.equal(cleaned.exitCode, 0, `${cleaned.stdout}${cleaned.stderr}`);
    t.match(cleaned.stdout, `  arn:aws:s3:::${left.name}-123456789012-eu-central-1\n`);
    t.match(cleaned.stdout, `  schedule ${left.name}-audit\n`);
    t.match(cleaned.stdout, `  dashboard ${left.name}-eu-central-1\n`);
    t.match(cleaned.stdout, 'Nothing is left.');
    t.strictSame(await leftOf(left.name), []);
  },
);

/** What goes with what it is a part of, or is a change of something that does. */
const GOES_WITH_ANOTHER = new Set([
  ...['aws_apigatewayv2_integration', 'aws_apigatewayv2_route', 'aws_apigatewayv2_stage'],
  ...['aws_appautoscaling_policy', 'aws_appautoscaling_target', 'aws_ecs_cluster_capacity_providers'],
  ...['aws_cloudwatch_event_target', 'aws_ecr_lifecycle_policy', 'aws_iam_role_policy'],
  ...[
    'aws_default_security_group',
    'aws_route',
    'aws_route_table_association',
    'aws_vpc_endpoint_route_table_association',
  ],
  ...[
    'aws_s3_bucket_cors_configuration',
    'aws_s3_bucket_lifecycle_configuration',
    'aws_s3_bucket_metric',
    'aws_s3_bucket_notification',
  ],
  ...['aws_s3_bucket_ownership_controls', 'aws_s3_bucket_policy', 'aws_s3_bucket_public_access_block'],
  ...['aws_s3_bucket_server_side_encryption_configuration', 'aws_s3_bucket_versioning'],
  ...[
    'aws_sns_topic_policy',
    'aws_sqs_queue_policy',
    'aws_sqs_queue_redrive_allow_policy',
    'aws_sqs_queue_redrive_policy',
  ],
  ...['aws_vpc_security_group_egress_rule', 'aws_vpc_security_group_ingress_rule'],
]);
/** What scripts/test-aws/named.ts finds. */
const BY_NAME = new Set([
  ...[
    'aws_cloudwatch_dashboard',
    'aws_cloudwatch_log_resource_policy',
    'aws_iam_role',
    'aws_scheduler_schedule',
  ],
]);
/** Has the tag, and is not in AWS's list of what is tagged, or goes with another. */
const UNLISTED = new Set([...BY_NAME, ...GOES_WITH_ANOTHER]);

/** What Terraform made, in its state. */
function resourcesIn(state: string) {
  const { resources } = JSON.parse(state) as {
    readonly resources: readonly {
      readonly mode: string;
      readonly type: string;
      readonly instances: readonly {
        readonly attributes: {
          readonly arn?: string;
          readonly id: string;
          readonly tags_all?: Readonly<Record<string, string>> | null;
        };
      }[];
    }[];
  };
  const made = resources
    .filter(({ mode }) => mode === 'managed')
    .flatMap(({ type, instances }) => instances.map(({ attributes }) => ({ type, ...attributes })));
  // moto can forget the tags of one resource when many are made at once; a type has tags or has none.
  const taggedTypes = new Set(
    made.filter(({ tags_all }) => tags_all?.[TAG] !== undefined).map(({ type }) => type),
  );
  return made.map(({ type, id, arn = id }) => ({ type, arn, isTagged: taggedTypes.has(type) }));
}

interface Harness {
  readonly args?: readonly string[];
  /** Shell, in place of the suites. */
  readonly tap?: string;
  /** Shell, before what stands in for the AWS CLI. */
  readonly aws?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Shell, before Terraform itself. */
  readonly terraform?: string;
  /** The text of a line at which it gets SIGINT, as from Ctrl-C. */
  readonly interruptAt?: string;
}

async function run(t: Test, name: string, harness: Harness) {
  const folder = mkdtempSync(join(tmpdir(), 'upload-once-test-aws-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  t.teardown(() => rmSync(join(runsFolder, name), { recursive: true, force: true }));
  // Two runs of `terraform init` in one folder would be in each other's way.
  const data = join(folder, 'terraform');
  cpSync(join(dataFolder, 'tests-on-aws'), data, { recursive: true, verbatimSymlinks: true });
  const noted = join(folder, 'noted');
  const PATH = await pathWith(t, {
    git: 'echo 0123456789ab',
    docker: 'exit 0',
    aws: `${harness.aws ?? ''}\nPATH='${process.env.PATH}' exec '${python}' '${aws}' "$@"`,
    terraform: `${harness.terraform ?? ''}\nPATH='${process.env.PATH}' exec terraform "$@"`,
    tap: harness.tap ?? 'exit 1',
  });
  const child = spawn(process.execPath, [program, ...(harness.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...awsEnv,
      ...{ PATH, NAME: name, NOTED: noted, REPORT: join(folder, 'report.md'), YES: '1' },
      ...{ SETTLE_MINUTES: '0', MINUTES: '15' },
      TF_CLI_CONFIG_FILE: process.env.TF_CLI_CONFIG_FILE,
      TF_DATA_DIR: data,
      TF_PLUGIN_CACHE_DIR: join(dataFolder, 'providers'),
      TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: '1',
      // Nearly all of the time is spent waiting.
      TF_CLI_ARGS_apply: '-parallelism=40',
      TF_CLI_ARGS_destroy: '-parallelism=40',
      CHECKPOINT_DISABLE: '1',
      ...harness.env,
      GOGC: '400',
    },
  });
  const ended: Promise<unknown[]> = once(child, 'close');
  const complaints = text(child.stderr);
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (harness.interruptAt !== undefined && line.includes(harness.interruptAt)) child.kill('SIGINT');
  }
  const [[exitCode], stderr] = await Promise.all([ended, complaints]);
  return {
    name,
    exitCode,
    stdout: lines.join('\n'),
    stderr,
    report: () => readFileSync(join(folder, 'report.md'), 'utf8'),
    /** What the suites' stand-in wrote beside its notes. */
    read: (what: 'state' | 'installation') => readFileSync(`${noted}.${what}`, 'utf8'),
    noted: () => readFileSync(noted, 'utf8').trim().split('\n'),
  };
}

/** What moto has of a run, by name. A cluster and a task definition stay as INACTIVE, and cost nothing. */
async function leftOf(name: string): Promise<readonly string[]> {
  const listed = await Promise.all(
    LISTS.map(async ([call, query]) => {
      const args = [aws, ...call.split(' '), '--region', 'eu-central-1', '--query', query];
      const { stdout } = await promisify(execFile)(python, args, { env: awsEnv });
      return (JSON.parse(stdout) as readonly string[] | null) ?? [];
    }),
  );
  return listed.flat().filter((each) => each.includes(name));
}
