import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { readParameters } from '../cost/parameters.ts';
import { readPlan } from '../cost/plan/planned-resources.ts';
import { pricePlan } from '../cost/plan/price-plan.ts';

// What plans of Terraform cost, of resources that are written here. terraform/tests/small-profile.test.ts has real plans.

const repository = fileURLToPath(new URL('../..', import.meta.url));
const { prices } = readParameters({});
type Values = Readonly<Record<string, unknown>>;
type Planned = readonly [address: string, values?: Values];

/** The JSON of a plan with these resources in its root. Some refer to others. */
function planOf(resources: readonly Planned[], references: Readonly<Record<string, Values>> = {}): string {
  const parts = resources.map(([address, values = {}]) => {
    const [type = '', name = ''] = address.replace(/\[.*/, '').split('.');
    return { address, mode: 'managed', type, name, values };
  });
  const configured = Object.entries(references).map(([address, expressions]) => ({ address, expressions }));
  return JSON.stringify({
    planned_values: { root_module: { resources: parts } },
    configuration: { root_module: { resources: configured } },
  });
}

const priceOf = (...plan: Parameters<typeof planOf>) => pricePlan(readPlan(planOf(...plan)), prices);

const task: Planned = [
  'aws_ecs_task_definition.a',
  { cpu: '1024', memory: '2048', runtime_platform: [{ cpu_architecture: 'X86_64' }] },
];
const ofTask = {
  'aws_ecs_service.a': { task_definition: { references: ['aws_ecs_task_definition.a.arn'] } },
};
const service = (values: Values): Planned => ['aws_ecs_service.a', { desired_count: 3, ...values }];
const strategy = (onDemandBase: number, onDemandWeight: number, spotWeight: number) => ({
  capacity_provider_strategy: [
    { capacity_provider: 'FARGATE', base: onDemandBase, weight: onDemandWeight },
    { capacity_provider: 'FARGATE_SPOT', base: 0, weight: spotWeight },
  ],
});

t.test('tasks cost by their number, size, architecture and capacity, as calculated by hand', async (t) => {
  const [onDemand, spot] = [0.04048 + 2 * 0.004445, 0.02024 + 2 * 0.0022225];
  const cases: readonly (readonly [Values, number])[] = [
    [{ launch_type: 'FARGATE' }, 3 * onDemand],
    [strategy(0, 0, 1), 3 * spot],
    [strategy(1, 0, 1), onDemand + 2 * spot],
    [strategy(5, 0, 1), 3 * onDemand],
    [strategy(0, 1, 1), 2 * onDemand + spot],
    [{ launch_type: 'FARGATE', network_configuration: [{ assign_public_ip: true }] }, 3 * (onDemand + 0.005)],
  ];
  for (const [values, anHour] of cases) {
    const { fixed, unknown } = priceOf([task, service(values)], ofTask);
    t.ok(Math.abs(fixed - 730 * anHour) < 0.001, `${JSON.stringify(values)}: ${fixed}`);
    t.strictSame(unknown, []);
  }
});

t.test('what a plan does not say is named, and never counted as nothing', async (t) => {
  const cases: readonly (readonly [readonly Planned[], Readonly<Record<string, Values>>, RegExp])[] = [
    [[['aws_instance.a']], {}, /^aws_instance\.a: its price: aws_instance is not in the price list$/],
    [[service({ launch_type: 'FARGATE' })], {}, /^aws_ecs_service\.a: the size of its tasks/],
    [[task, service({ launch_type: 'EC2' })], ofTask, /^aws_ecs_service\.a: its capacity/],
    [
      [task, service({ launch_type: 'FARGATE', desired_count: undefined })],
      ofTask,
      /the number of its tasks$/,
    ],
    [[['aws_vpc_endpoint.a', { vpc_endpoint_type: 'Interface' }]], {}, /the number of its zones$/],
    [[['aws_lb.a', { load_balancer_type: 'application', internal: false }]], {}, /its public addresses$/],
    [[['aws_lb.a', { load_balancer_type: 'network' }]], {}, /only Application Load Balancers/],
    [[['aws_dynamodb_table.a', { billing_mode: 'PROVISIONED' }]], {}, /its provisioned capacity$/],
    [[['aws_ecs_cluster.a', { setting: [] }]], {}, /Container Insights: the account’s own setting decides$/],
  ];
  for (const [resources, references, message] of cases) {
    const { unknown } = priceOf(resources, references);
    t.equal(unknown.length, 1, message.source);
    t.match(unknown[0], message);
  }
});

t.test('subnets that are not made yet are counted by what refers to them', async (t) => {
  const subnets: Planned[] = ['a', 'b', 'c'].map((key) => [`aws_subnet.private["${key}"]`]);
  const endpoints: Planned[] = ['ecr.api', 'sqs'].map((key) => [
    `aws_vpc_endpoint.interface["${key}"]`,
    { vpc_endpoint_type: 'Interface' },
  ]);
  const references = { 'aws_vpc_endpoint.interface': { subnet_ids: { references: ['aws_subnet.private'] } } };
  const { priced, fixed, unknown } = priceOf([...subnets, ...endpoints], references);
  t.strictSame(unknown, []);
  t.ok(Math.abs(fixed - 2 * 3 * 0.01 * 730) < 0.001, `${fixed}`);
  t.match(
    priced,
    [{ address: 'aws_vpc_endpoint.interface', count: 2 }],
    'in one row, and no row for subnets',
  );
});

t.test('an alarm costs by the metrics that it reads, and target tracking makes two', async (t) => {
  const metric = { metric: [{ metric_name: 'a' }] };
  const policy = (values: Values): Planned => [
    'aws_appautoscaling_policy.a',
    { target_tracking_scaling_policy_configuration: [values] },
  ];
  const customized = [
    { metrics: [{ metric_stat: [metric] }, { metric_stat: [metric] }, { expression: 'a / b' }] },
  ];
  const cases: readonly (readonly [Planned, number])[] = [
    [['aws_cloudwatch_metric_alarm.a', { metric_query: [] }], 0.1],
    [['aws_cloudwatch_metric_alarm.a', { metric_query: [metric, metric, { expression: 'a' }] }], 0.2],
    [policy({ predefined_metric_specification: [{}] }), 0.2],
    [policy({ customized_metric_specification: customized }), 0.4],
    [policy({ customized_metric_specification: customized, disable_scale_in: true }), 0.2],
  ];
  for (const [resource, dollars] of cases)
    t.ok(Math.abs(priceOf([resource]).fixed - dollars) < 0.001, JSON.stringify(resource));
});

t.test('the command prints a table of a plan, and one line for what is none', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cost-plan-'));
  const file = (text: string) => {
    const path = join(folder, 'plan.json');
    writeFileSync(path, text);
    return path;
  };
  const run = (path: string) =>
    spawnSync(process.execPath, ['scripts/cost.ts'], {
      cwd: repository,
      env: { ...process.env, PLAN: path },
      encoding: 'utf8',
    });
  const good = run(file(planOf([['aws_kms_key.files'], ['aws_iam_role.a'], ['aws_instance.b']])));
  t.equal(good.status, 0, good.stderr);
  t.match(good.stdout, /aws_kms_key\.files +1\.00 +its requests/);
  t.match(good.stdout, /fixed part +1\.00/);
  t.match(good.stdout, 'Free: aws_iam_role (1)');
  t.match(good.stdout, 'Unknown, and in no sum:\n- aws_instance.b: its price');
  const empty = JSON.stringify({ planned_values: { root_module: {} }, configuration: { root_module: {} } });
  for (const [text, message] of [
    ['no json', /^PLAN: .*it is no JSON.*\n$/],
    ['{"values":{}}', /^PLAN: .*it has no planned_values or no configuration.*\n$/],
    [empty, /^PLAN: .*it has no resource.*\n$/],
  ] as const) {
    const bad = run(file(text));
    t.equal(bad.status, 1, text);
    t.match(bad.stderr, message);
  }
  t.match(run(join(folder, 'nowhere')), { status: 1, stderr: /^PLAN: .* cannot be read/ });
});

t.test('the commands of docs/cost.md plan what the repository has', async (t) => {
  const page = readFileSync(new URL('../../docs/cost.md', import.meta.url), 'utf8');
  t.match(page, 'terraform -chdir=terraform plan -var image_tag=none -out=plan\n');
  t.match(page, 'terraform -chdir=terraform show -json plan > plan.json\nmake cost PLAN=plan.json\n');
});
