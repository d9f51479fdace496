import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { sum } from '../../scripts/cost/lines.ts';
import { readParameters } from '../../scripts/cost/parameters.ts';
import { fixedPart } from '../../scripts/cost/per-month.ts';
import { readPlan } from '../../scripts/cost/plan/planned-resources.ts';
import { FREE, PRICED } from '../../scripts/cost/plan/price-list.ts';
import { type PricedPlan, pricePlan } from '../../scripts/cost/plan/price-plan.ts';
import { createClients } from './moto/clients.ts';
import { defaultVpc } from './moto/default-vpc.ts';
import { createExample } from './moto/example.ts';
import { differencesOf, OF_A_SERVICE } from './moto/known-differences.ts';
import { startMoto } from './moto/start-moto.ts';
import { terraformFolder } from './support/folders.ts';

// The example with the small profile, made by Terraform at a stand-in of AWS and removed; and what each example costs, by its plan.

const REGION = 'region=eu-central-1';
const { prices } = readParameters({});
const moto = await startMoto();
t.teardown(() => moto.stop());
const { autoScaling, dynamodb, ecs, iam, s3, sqs } = createClients(moto.endpoint);

const plannedCost = async (folder: string, ...variables: string[]): Promise<PricedPlan> =>
  pricePlan(readPlan(await createExample(folder, [REGION, ...variables], moto.endpoint).plan()), prices);

t.test(
  'the small profile costs less than 60 dollars a month, and less than 45 with one url-issuer',
  async (t) => {
    const [one, two] = [
      await plannedCost('examples/small'),
      await plannedCost('examples/small', 'issuer_tasks=2'),
    ];
    t.strictSame([...one.unknown, ...two.unknown], [], 'nothing is left out');
    t.ok(two.fixed < 60, `${two.fixed}`);
    t.ok(one.fixed < 45, `${one.fixed}`);
    t.ok(two.fixed > one.fixed, 'the second task costs');
    isNear(t, two.fixed, sum(fixedPart(readParameters({ PROFILE: 'small' }))), 'as docs/cost.md says');
  },
);

t.test('the standard profile costs by its plan what docs/cost.md says', async (t) => {
  const { fixed, unknown } = await plannedCost('examples/minimal');
  t.strictSame(unknown, []);
  isNear(t, fixed, sum(fixedPart(readParameters({}))), 'the same parts');
});

t.test('every example has a price by its plan', async (t) => {
  const vpc = JSON.stringify(await defaultVpc(moto.endpoint));
  const secret = 'crm_token_secret_arn=arn:aws:secretsmanager:eu-central-1:123456789012:secret:crm-AbCdEf';
  const domain = await plannedCost('examples/own-domain', `vpc=${vpc}`);
  t.strictSame(domain.unknown, []);
  t.match(
    domain.priced.find(({ address }) => address.endsWith('.aws_lb.this')),
    { fixed: 730 * (0.0225 + 2 * 0.005) },
    'a public load balancer with an address in each zone',
  );
  t.ok(domain.priced.some(({ address, fixed }) => address === 'aws_kms_key.files' && fixed === 1));
  const handler = await plannedCost('examples/own-handler', secret);
  t.strictSame(handler.unknown, []);
  const small = await plannedCost('examples/own-handler', secret, 'profile=small');
  t.ok(
    small.fixed < handler.fixed,
    'with the small profile too, whose defaults stand beside a policy that is not known yet',
  );
  t.ok(
    handler.priced.some(({ address }) => address === 'aws_sqs_queue.readings'),
    'and what is beside the module',
  );
});

t.test('every type of resource in terraform/ is in the price list, or free for a reason', async (t) => {
  const files = globSync('**/*.tf', { cwd: terraformFolder }).filter((file) => !file.includes('.terraform/'));
  const types = new Set(
    files.flatMap((file) =>
      [...readFileSync(join(terraformFolder, file), 'utf8').matchAll(/^resource "(\w+)"/gm)].map(
        ([, type = '']) => type,
      ),
    ),
  );
  t.ok(types.size > 40);
  for (const type of types) t.ok(Object.hasOwn(PRICED, type) !== Object.hasOwn(FREE, type), type);
});

t.test('it can be applied, and its tasks are reached by API Gateway alone', async (t) => {
  const example = createExample(
    'examples/small',
    [REGION, 'force_destroy=true', 'deletion_protection=false'],
    moto.endpoint,
  );
  t.teardown(() => example.destroy());
  const applied = await example.apply();
  t.equal(applied.exitCode, 0, applied.stderr);

  const names = ['url-issuer', 'acceptor', 'processor'].map((service) => `upload-once-${service}`);
  const { services = [] } = await ecs.describeServices({ cluster: 'upload-once', services: names });
  t.equal(services.length, 3);
  for (const { serviceName, networkConfiguration, loadBalancers } of services) {
    t.equal(networkConfiguration?.awsvpcConfiguration?.assignPublicIp, 'ENABLED', serviceName ?? '');
    t.strictSame(loadBalancers, []);
  }
  const { clusters = [] } = await ecs.describeClusters({ clusters: ['upload-once'], include: ['SETTINGS'] });
  t.match(clusters[0]?.settings, [{ name: 'containerInsights', value: 'disabled' }]);
  const { taskDefinition } = await ecs.describeTaskDefinition({ taskDefinition: 'upload-once-processor' });
  t.match(taskDefinition, { cpu: '256', memory: '512' });
  const { ScalingPolicies = [] } = await autoScaling.describeScalingPolicies({ ServiceNamespace: 'ecs' });
  t.strictSame(ScalingPolicies.map(({ PolicyName }) => PolicyName).sort(), [
    'upload-once-acceptor-backlog',
    'upload-once-acceptor-cpu',
    'upload-once-processor-backlog',
    'upload-once-processor-cpu',
    'upload-once-url-issuer-cpu',
    'upload-once-url-issuer-requests',
  ]);
  t.match(
    (await example.outputs())['issuer_url']?.value,
    /^https:\/\/[a-z0-9]+\.execute-api\.eu-central-1\./,
  );

  const { resource_changes } = JSON.parse(await example.plan());
  const changes = resource_changes.filter(
    ({ mode, change }: { mode: string; change: { actions: string[] } }) =>
      mode === 'managed' && change.actions.join() !== 'no-op',
  );
  const ofService = [...OF_A_SERVICE, 'tags', 'tags_all'].sort();
  const module = 'module.upload_once.module';
  t.strictSame(
    differencesOf(changes),
    {
      [`${module}.service["acceptor"].aws_ecs_service.this`]: ofService,
      [`${module}.service["processor"].aws_ecs_service.this`]: ofService,
      // Nor does moto keep where a service is registered.
      [`${module}.service["url-issuer"].aws_ecs_service.this`]: [...ofService, 'service_registries'].sort(),
      [`${module}.service["url-issuer"].aws_vpc_security_group_egress_rule.caller[0]`]: ['description'],
      [`${module}.service["url-issuer"].aws_vpc_security_group_ingress_rule.caller[0]`]: ['description'],
    },
    'a second plan would change nothing but what moto does not keep',
  );

  const destroyed = await example.destroy();
  t.equal(destroyed.exitCode, 0, destroyed.stderr);
  t.strictSame((await s3.listBuckets({})).Buckets ?? [], []);
  t.strictSame((await sqs.listQueues({})).QueueUrls ?? [], []);
  t.strictSame((await dynamodb.listTables({})).TableNames ?? [], []);
  t.strictSame((await iam.listRoles({})).Roles ?? [], []);
});

function isNear(t: Test, found: number, wanted: number, message: string): void {
  t.ok(Math.abs(found - wanted) < 0.005, `${message}: ${found}, not ${wanted}`);
}
