import t from 'tap';
import { runTerraform } from './support/run-terraform.ts';

// What is made before what, by Terraform's own graph: a task that starts before what it needs fails, and its deployment with it.

const GRAPH_LIMIT_SECONDS = 120;

const { stdout, stderr, exitCode } = await runTerraform('.', ['graph'], GRAPH_LIMIT_SECONDS);
if (exitCode !== 0) throw new Error(stderr);
const dependencies = new Map<string, string[]>();
for (const [, from = '', to = ''] of stdout.matchAll(/^\s*"([^"]+)" -> "([^"]+)";$/gm)) {
  dependencies.set(from, [...(dependencies.get(from) ?? []), to]);
}

const QUEUES = [
  'module.storage.aws_sqs_queue.events',
  'module.storage.aws_sqs_queue_redrive_policy.events',
  'module.storage.aws_sqs_queue_redrive_allow_policy.dead_letter',
  'module.storage.aws_sqs_queue_policy.events',
  'module.storage.aws_sqs_queue.upload_reports',
];
const ENTRIES = [
  'module.endpoint.aws_lb_listener.internal',
  'module.endpoint.aws_service_discovery_service.this',
];
const ROLES = ['task', 'execution'];
const RULES = ['egress_rule.https', 'egress_rule.caller', 'ingress_rule.caller'];

t.test('a service starts with all that its tasks need', async (t) => {
  const before = allBefore('module.service.aws_ecs_service.this');
  for (const resource of [
    ...ROLES.map((role) => `module.service.aws_iam_role_policy.${role}`),
    ...RULES.map((rule) => `module.service.aws_vpc_security_group_${rule}`),
    ...ENTRIES,
    ...QUEUES,
    'module.storage.aws_dynamodb_table.this',
    'module.network.aws_vpc_endpoint.interface',
    'module.network.aws_vpc_endpoint.gateway',
    'module.network.aws_route.nat',
    'module.network.aws_route.internet',
    'module.network.aws_route_table_association.public',
    // ECS is told which alarms roll a deployment back.
    'module.alarms.aws_cloudwatch_metric_alarm.this',
  ]) {
    t.ok(before.has(resource), resource);
  }
});

t.test(
  'a new cluster gets its capacity providers once the queues are there: until then ECS can make the role it works by',
  async (t) => {
    const before = allBefore('aws_ecs_cluster_capacity_providers.this');
    for (const queue of QUEUES) t.ok(before.has(queue), queue);
  },
);

/** All that a resource waits for, directly or by others. */
function allBefore(resource: string): ReadonlySet<string> {
  const found = new Set<string>();
  const look = (from: string) => {
    for (const to of dependencies.get(from) ?? []) {
      if (found.has(to)) continue;
      found.add(to);
      look(to);
    }
  };
  look(resource);
  return found;
}
