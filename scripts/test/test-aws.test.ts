import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { eventually } from '@upload-once/test-support/eventually.ts';
import { pathWith } from '@upload-once/test-support/fake-programs.ts';
import t, { type Test } from 'tap';

import { LEFT_OUT } from '../test-aws/report.ts';

// The command with programs that note how they are called, and reach nothing.

const program = fileURLToPath(new URL('../test-aws.ts', import.meta.url));
const runsFolder = fileURLToPath(new URL('../../.local/test-aws', import.meta.url));
const SERVICES = ['url-issuer', 'acceptor', 'processor'] as const;
const ARN = 'arn:aws:sqs:eu-central-1:123456789012:uo-test-left';
let runs = 0;

function outputsOf(name: string) {
  const urls = Object.fromEntries(
    [...SERVICES, 'audit'].map((program) => [program, `registry.example.com/${name}/${program}`]),
  );
  return {
    installation: {
      value: {
        issuer_url: 'https://uploads.example.com',
        bucket: { name: 'bucket' },
        queues: { upload_events: { url: 'https://q' }, upload_events_dead_letter: { url: 'https://d' } },
        tables: { uploads: { name: 'uploads' }, access: { name: 'access' } },
        cluster_name: name,
        audit: { log_group_name: `/ecs/${name}-audit` },
        services: Object.fromEntries(
          SERVICES.map((service) => [
            service,
            { service_name: `${name}-${service}`, task_role_arn: 'arn:role' },
          ]),
        ),
      },
    },
    repository_urls: { value: urls },
    probe_roles: { value: { acceptor: 'arn:probe' } },
  };
}

interface Harness {
  readonly typed?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Shell, before what the programs do otherwise. */
  readonly aws?: string;
  readonly terraform?: string;
  readonly args?: readonly string[];
  /** While it runs, once Terraform has begun to apply. */
  readonly whileApplying?: (pid: number) => void;
}

async function testAws(t: Test, harness: Harness = {}) {
  runs += 1;
  const name = `uo-test-${process.pid.toString(36).padStart(5, '0')}${runs}`.slice(0, 20);
  const folder = await mkdtemp(join(tmpdir(), 'upload-once-test-aws-'));
  t.teardown(() => rm(folder, { recursive: true }));
  t.teardown(() => rm(join(runsFolder, name), { recursive: true, force: true }));
  const calls = join(folder, 'calls');
  const report = join(folder, 'report.md');
  const note = (what: string) => `printf '%s\\n' "${what} $*" >> "${calls}"`;
  const PATH = await pathWith(t, {
    git: 'echo 0123456789ab',
    aws: `${note('aws')}; ${harness.aws ?? ''}
      case "$*" in
        *get-caller-identity*) echo 123456789012;;
        *get-login-password*) echo sesame;;
        *describe-images*) exit 254;;
        *get-resources*) echo '[]';;
      esac`,
    docker: note('docker'),
    // The trap comes first: an interrupt can follow the note at once, and must leave no sleep behind.
    terraform: `trap 'kill "$!" 2>/dev/null; exit 1' INT; ${note('terraform')}; ${harness.terraform ?? ''}
      case "$*" in
        'version -json') echo '{"terraform_version": "1.11.4"}';;
        *output*) printf '%s' '${JSON.stringify(outputsOf(name))}';;
      esac`,
    sleep: 'exec /bin/sleep "$@"',
    grep: 'exec /bin/grep "$@"',
  });
  const child = spawn(process.execPath, [program, ...(harness.args ?? [])], {
    env: {
      PATH,
      AWS_REGION: 'eu-central-1',
      NAME: name,
      CALLS: calls,
      REPORT: report,
      SETTLE_MINUTES: '0',
      ...harness.env,
    },
  });
  child.stdin.on('error', () => {});
  child.stdin.end(harness.typed ?? 'yes\n');
  const made = () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []);
  const ended = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  if (harness.whileApplying) {
    await eventually(
      async () => made(),
      (seen) => seen.some((call) => call.includes(' apply ')),
    );
    harness.whileApplying(child.pid ?? 0);
  }
  const [[exitCode], stdout, stderr] = await ended;
  const destroyed = made().filter((call) => call.startsWith('terraform') && call.includes(' destroy '));
  return {
    name,
    exitCode,
    stdout,
    stderr,
    calls: made(),
    destroyed,
    report: existsSync(report) ? readFileSync(report, 'utf8') : '',
  };
}

t.test('it says where, under which name, for how long and for how much, and asks', async (t) => {
  const { stdout, stderr, exitCode, calls, name } = await testAws(t, {
    typed: 'no\n',
    env: { MINUTES: '60' },
  });
  t.equal(exitCode, 1);
  t.match(stdout, /account {4}123456789012\n/);
  t.match(stdout, /region {5}eu-central-1\n/);
  t.match(stdout, `name       ${name}: everything has it in its tag upload-once-test`);
  t.match(stdout, /at most 60 minutes/);
  t.match(stdout, /cost {7}at most about \$0\.\d\d \(\$0\.\d\d an hour\), by list prices of us-east-1/);
  t.equal(stderr.trim(), 'Nothing was done.');
  t.notOk(calls.some((call) => / (apply|destroy) /.test(call)));
});

t.test('an apply that fails is followed by the destruction, and the report says so', async (t) => {
  const terraform = 'case "$*" in *" apply "*-target*) ;; *" apply "*) echo "no quota" >&2; exit 1;; esac;';
  const { exitCode, stderr, calls, destroyed, report, stdout } = await testAws(t, { terraform });
  t.equal(exitCode, 1);
  t.match(stderr, /terraform .* apply failed/);
  t.equal(destroyed.length, 1);
  t.match(calls.at(-1), /./);
  t.match(stdout, 'Everything is destroyed.');
  t.match(report, /\| ended early \| terraform .* apply failed/);
  t.match(report, '| everything destroyed | yes |');
});

t.test(
  'in an account that never ran ECS, it makes the role that ECS works by, before anything else',
  async (t) => {
    const { calls } = await testAws(t, { aws: 'case "$*" in *get-role*) exit 254;; esac;' });
    const role = calls.indexOf('aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com');
    t.ok(role > 0);
    t.ok(role < calls.findIndex((call) => call.includes(' apply ')));
  },
);

t.test(
  'a registry that cannot be made, and an image that cannot be pushed, end in the destruction too',
  async (t) => {
    const first = await testAws(t, { terraform: 'case "$*" in *-target*) exit 1;; esac;' });
    t.equal(first.destroyed.length, 1);
    const login = await testAws(t, { aws: 'case "$*" in *get-login-password*) exit 1;; esac;' });
    t.equal(login.destroyed.length, 1);
    t.equal(login.exitCode, 1);
  },
);

t.test('Ctrl-C interrupts what runs, and then everything is destroyed', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const stopped = await testAws(t, {
      terraform: 'case "$*" in *" apply "*) sleep 600 & wait;; esac;',
      whileApplying: (pid) => process.kill(pid, signal),
    });
    t.match(stopped.stderr, `It got ${signal}. Stopping, and destroying everything`);
    t.equal(stopped.destroyed.length, 1);
    t.match(stopped.report, `| ended early | It got ${signal} |`);
    t.equal(stopped.exitCode, 1);
    t.notOk(
      stopped.calls.some((call) => call.startsWith('docker buildx build')),
      'nothing more is begun',
    );
  }
});

t.test('at the end of the budget, what runs is interrupted, and everything is destroyed', async (t) => {
  const { stderr, destroyed, report } = await testAws(t, {
    env: { MINUTES: '1', TEST_AWS_MINUTE_MS: '200' },
    terraform: 'case "$*" in *" apply "*) sleep 600 & wait;; esac;',
  });
  t.match(stderr, 'The 1 minutes are over. Stopping');
  t.equal(destroyed.length, 1);
  t.match(report, '| ended early | The 1 minutes are over |');
});

t.test('where the destruction fails, it says what is left and how to remove it', async (t) => {
  const { exitCode, stderr, name, report } = await testAws(t, {
    terraform: 'case "$*" in *" apply "*) exit 1;; *" destroy "*) exit 1;; esac;',
    aws: `case "$*" in *get-resources*) echo '["${ARN}"]'; exit;; esac;`,
  });
  t.equal(exitCode, 1);
  t.match(stderr, /terraform .* destroy failed/);
  t.match(stderr, `This may be left, and it costs:\n${ARN}\n`);
  t.match(stderr, `Remove it: AWS_REGION=eu-central-1 NAME=${name} make test-aws-clean`);
  t.match(report, '| everything destroyed | **no** |');
  t.ok(existsSync(join(runsFolder, name)), 'the state stays for it');
});

t.test('what is wrong with credentials, account and region is said before anything is done', async (t) => {
  const cases: readonly [Harness, RegExp][] = [
    [
      { aws: `case "$*" in *get-caller*) echo 'Unable to locate credentials' >&2; exit 255;; esac;` },
      /^AWS rejects your credentials.*Unable to locate credentials\n$/,
    ],
    [{ env: { AWS_REGION: '' } }, /^no region is chosen: set AWS_REGION/],
    [
      { env: { AWS_REGION: 'Frankfurt' } },
      /^AWS_REGION: expected a region such as "eu-central-1"; got "Frankfurt"\n$/,
    ],
    [
      { env: { ACCOUNT: '210987654321' } },
      /^your credentials are of account 123456789012, and ACCOUNT is 210987654321: nothing was done\n$/,
    ],
    [{ env: { ACCOUNT: 'mine' } }, /^ACCOUNT: expected the 12 digits/],
    [
      { env: { NAME: 'upload-once' } },
      /^NAME: expected "uo-test-" .*got "upload-once"\. Nothing else can be destroyed\n$/,
    ],
    [{ env: { MINUTES: '0' } }, /^MINUTES: expected whole minutes from 1 to 600; got "0"\n$/],
  ];
  for (const [harness, message] of cases) {
    const { exitCode, stderr, calls } = await testAws(t, harness);
    t.match(stderr, message);
    t.equal(exitCode, 1);
    t.notOk(calls.some((call) => / (apply|destroy|init) /.test(call)));
  }
});

t.test('test-aws-clean removes by the tag what no state knows of, after it was asked', async (t) => {
  const listed = (arns: readonly string[]) =>
    `case "$*" in *get-resources*) echo '${JSON.stringify(arns)}'; exit;; *get-queue-url*) echo https://left;; *list-buckets*) echo '["uo-test-untagged-eu-central-1"]'; exit;; esac;`;
  const arns = [
    ARN,
    'arn:aws:ecs:eu-central-1:123456789012:service/c/s',
    'arn:aws:servicediscovery:eu-central-1:123456789012:service/srv-1',
    'arn:aws:servicediscovery:eu-central-1:123456789012:namespace/ns-1',
    'arn:aws:apigateway:eu-central-1::/apis/a1/stages/$default',
    'arn:aws:ecs:eu-central-1:123456789012:task/c/t1',
    'arn:aws:new:eu-central-1:123456789012:thing/x',
  ];
  const asked = await testAws(t, { args: ['clean'], typed: 'no\n', aws: listed(arns) });
  t.match(asked.stdout, `  ${ARN}\n`);
  t.equal(asked.stderr.trim(), 'Nothing was done.');
  t.notOk(asked.calls.some((call) => call.includes('delete-')));

  const removed = await testAws(t, { args: ['clean'], aws: listed(arns) });
  t.ok(removed.calls.includes('aws sqs delete-queue --queue-url https://left --region eu-central-1'));
  for (const part of ['service --id srv-1', 'namespace --id ns-1'])
    t.ok(removed.calls.includes(`aws servicediscovery delete-${part} --region eu-central-1`), part);
  t.ok(
    removed.calls.includes('aws ecs delete-service --force --cluster c --service s --region eu-central-1'),
  );
  t.ok(
    removed.calls.some((call) => /deregister-scalable-target .*--resource-id service\/c\/s /.test(call)),
    'the alarms of a service’s scaling go with it',
  );
  t.ok(
    removed.calls.includes(
      'aws s3api delete-bucket --bucket uo-test-untagged-eu-central-1 --region eu-central-1',
    ),
    'a bucket whose creation was interrupted has no tag',
  );
  t.match(removed.stderr, 'arn:aws:new:eu-central-1:123456789012:thing/x: remove it by hand');
  t.notMatch(`${removed.stdout}${removed.stderr}`, /stages|:task\//, 'they go with the API and the service');
  t.equal(removed.exitCode, 1);

  const gone = await testAws(t, {
    args: ['clean'],
    aws: `${listed([ARN])} case "$*" in *delete-queue*) echo 'NonExistentQueue' >&2; exit 254;; esac;`,
  });
  t.equal(gone.exitCode, 0, 'AWS lists for some minutes what is gone');
  const withoutUrl = await testAws(t, {
    args: ['clean'],
    aws: `case "$*" in *get-resources*) echo '["${ARN}"]'; exit;; *get-queue-url*) echo 'NonExistentQueue' >&2; exit 254;; esac;`,
  });
  t.notOk(withoutUrl.calls.some((call) => call.includes('delete-queue')));
  t.equal(withoutUrl.exitCode, 0, 'it may have no URL any more');
});

t.test(
  'test-aws-clean deletes task definitions, which ECS keeps where they are deregistered alone',
  async (t) => {
    const revision = 'arn:aws:ecs:eu-central-1:123456789012:task-definition/uo-test-left-audit:1';
    const listed = `case "$*" in *get-resources*) echo '["${revision}"]'; exit;; esac;`;
    const env = { TEST_AWS_MINUTE_MS: '1' };
    const clean = (aws: string) => testAws(t, { args: ['clean'], env, aws: `${listed} ${aws}` });
    const { calls, exitCode } = await clean('');
    const at = (call: string) =>
      calls.findIndex((one) => one.startsWith(`aws ecs ${call} uo-test-left-audit:1 `));
    t.equal(exitCode, 0);
    t.ok(at('deregister-task-definition --task-definition') > 0);
    t.ok(
      at('delete-task-definitions --task-definitions') > at('deregister-task-definition --task-definition'),
      'ECS deletes none that is not deregistered',
    );

    const again = await clean(
      'case "$*" in *deregister-task*) echo inactive >&2; exit 254;; *delete-task*) echo None;; esac;',
    );
    t.equal(again.exitCode, 0, 'a run deregistered it, and AWS lists it still');
    const gone = await clean('case "$*" in *delete-task*) echo "It does not exist";; esac;');
    t.equal(gone.exitCode, 0);
    const stays = await clean(
      'case "$*" in *deregister-task*) echo AccessDenied >&2; exit 254;; *delete-task*) echo "It is ACTIVE";; esac;',
    );
    t.match(stays.stderr, `${revision}: AccessDenied`);
    t.equal(stays.exitCode, 1);
  },
);

t.test(
  'test-aws-clean empties a bucket whose policy lets no one remove versions, and names one that stays',
  async (t) => {
    const bucket = (isRefused: string) => `case "$*" in
      *list-buckets*) echo '["uo-test-untagged-eu-central-1"]'; exit;;
      *list-object-versions*)
        grep -q 'delete-objects' "$CALLS" && ! { ${isRefused}; } || echo '{"Objects":[{"Key":"uploads/k","VersionId":"1"}]}'; exit;;
      *delete-objects*) if ${isRefused}; then echo AccessDenied; else echo None; fi; exit;;
    esac;`;
    const env = { NAME: 'uo-test-untagged', TEST_AWS_MINUTE_MS: '1' };
    const emptied = await testAws(t, {
      ...{ args: ['clean'], env },
      aws: bucket(`! grep -q 'delete-bucket-policy --bucket uo-test-untagged-eu-central-1' "$CALLS"`),
    });
    t.equal(emptied.exitCode, 0, emptied.stderr);
    t.ok(
      emptied.calls.some((call) =>
        call.startsWith('aws s3api delete-bucket --bucket uo-test-untagged-eu-central-1 '),
      ),
    );

    const stays = await testAws(t, { args: ['clean'], env, aws: bucket('true') });
    t.match(stays.stderr, /uo-test-untagged-eu-central-1: its versions stay: AccessDenied/);
    t.equal(stays.exitCode, 1);
  },
);

t.test('test-aws-clean finds by its name what has no tag, and says so before it asks', async (t) => {
  const region = 'eu-central-1';
  const untagged = `case "$*" in
      *list-schedules*) echo '["uo-test-untagged-audit"]';;
      *list-dashboards*) echo '["uo-test-untagged-${region}", "uo-test-untagged-us-east-1"]';;
      *describe-resource-policies*) echo '["uo-test-untagged-task-failures"]';;
      *list-tables*) echo '["uo-test-untagged-uploads-2"]';;
      *list-roles*) echo '["uo-test-untagged-${region}-acceptor"]';;
      *list-role-policies*) echo '["service"]';;
    esac;`;
  const asked = await testAws(t, { args: ['clean'], typed: 'no\n', env: { NAME: '' }, aws: untagged });
  t.match(asked.stdout, 'Without a tag, by name, 5:\n  schedule uo-test-untagged-audit\n');
  t.notMatch(asked.stdout, 'us-east-1', 'what has the name of another region');
  t.equal(asked.exitCode, 1);

  // Without a name it would take the states of all runs on this machine.
  const env = { NAME: 'uo-test-untagged' };
  const { calls, exitCode } = await testAws(t, { args: ['clean'], env, aws: untagged });
  t.equal(exitCode, 0);
  for (const call of [
    'scheduler delete-schedule --name uo-test-untagged-audit',
    `cloudwatch delete-dashboards --dashboard-names uo-test-untagged-${region}`,
    'logs delete-resource-policy --policy-name uo-test-untagged-task-failures',
    'dynamodb delete-table --table-name uo-test-untagged-uploads-2',
    `iam delete-role --role-name uo-test-untagged-${region}-acceptor`,
  ])
    t.ok(calls.includes(`aws ${call} --region ${region}`), call);
  t.notOk(
    calls.some((call) => / delete-.*us-east-1/.test(call)),
    'what was not listed',
  );

  const refused = await testAws(t, {
    ...{ args: ['clean'], env },
    aws: `case "$*" in *delete-table*) echo 'ResourceInUseException' >&2; exit 254;; esac; ${untagged}`,
  });
  t.match(refused.stderr, 'table uo-test-untagged-uploads-2: ResourceInUseException');
  t.equal(refused.exitCode, 1);
});

t.test('test-aws-clean waits for what uses a network, and takes the gateway off it first', async (t) => {
  const arns = ['internet-gateway/igw-1', 'vpc/vpc-1'].map(
    (id) => `arn:aws:ec2:eu-central-1:123456789012:${id}`,
  );
  const cluster = 'arn:aws:ecs:eu-central-1:123456789012:cluster/c';
  const { calls, exitCode, stderr } = await testAws(t, {
    args: ['clean'],
    env: { TEST_AWS_MINUTE_MS: '1' },
    aws: `case "$*" in
      *get-resources*) echo '${JSON.stringify([...arns, cluster])}'; exit;;
      *describe-internet-gateways*) echo vpc-1;;
      *list-tasks*) echo arn:task;;
      *detach-internet-gateway*)
        [ "$(grep -c detach-internet-gateway "$CALLS")" -gt 3 ] || { echo DependencyViolation >&2; exit 254; };;
      *delete-vpc*)
        grep -q delete-internet-gateway "$CALLS" || { echo DependencyViolation >&2; exit 254; };;
    esac;`,
  });
  t.equal(exitCode, 0, stderr);
  const at = (call: string) => calls.lastIndexOf(`aws ${call} --region eu-central-1`);
  const order = [
    at('ec2 detach-internet-gateway --internet-gateway-id igw-1 --vpc-id vpc-1'),
    at('ec2 delete-internet-gateway --internet-gateway-id igw-1'),
    at('ec2 delete-vpc --vpc-id vpc-1'),
  ];
  t.notOk(order.includes(-1));
  t.strictSame(
    [...order].sort((a, b) => a - b),
    order,
  );
  t.ok(at('ecs stop-task --cluster c --task arn:task') < at('ecs delete-cluster --cluster c'));
  t.ok(at('ecs stop-task --cluster c --task arn:task') > 0, 'a task of the audit');
});

t.test('until a run is reported, README and the report’s page say that none was', async (t) => {
  const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  const sentence = 'has not run on a real AWS account yet';
  t.equal(read('docs/aws-run.md').includes(sentence), read('README.md').includes(sentence));
  t.ok(read('docs/aws-run.md').includes(LEFT_OUT), 'what no run tries');
});
