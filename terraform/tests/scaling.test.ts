import t from 'tap';
import { readResults } from '../../scripts/cost/read-results.ts';
import { ScaleIn } from '../../scripts/scale/auto-scaling.ts';
import type { Work } from '../../scripts/scale/consumer-tasks.ts';
import { DefaultService, defaultConsumer } from '../../scripts/scale/default-services.ts';
import { type PlannedConfiguration, readPolicy } from '../../scripts/scale/scaling-policy.ts';
import {
  independentArrivals,
  type Minute,
  type ScaledService,
  simulateScaling,
} from '../../scripts/scale/simulate-scaling.ts';
import { createRandom } from '../../test/simulation/src/simulation/random.ts';
import { startSharedProvider } from './support/shared-provider.ts';
import { type MockedInstallation, mockInstallation } from './wiring/mocked-installation.ts';

// What the services' scaling does under load, by a simulation of Application Auto Scaling that has the policies from Terraform's own plan.

/** From the last change of the load on. */
const SETTLED_AFTER_MINUTES = 10;
const LONGEST_WAIT_SECONDS = 60;
/** How AWS may scale in, and how late its metrics may be: it promises neither. */
const VARIANTS = [
  { scaleIn: ScaleIn.proportional, metricDelayMinutes: 1 },
  { scaleIn: ScaleIn.gradual, metricDelayMinutes: 1 },
  { scaleIn: ScaleIn.proportional, metricDelayMinutes: 2 },
] as const;

const provider = await startSharedProvider();
t.teardown(() => provider.stop());
const secret_arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks';
const common = { image_tag: '1.0.0', network: { egress: 'nat' }, webhooks: { secret_arn } };
const [plain, small, long, protectedLong] = await Promise.all([
  mockInstallation('scaling', common, provider),
  mockInstallation('scaling-small', { ...common, network: {}, profile: 'small' }, provider),
  mockInstallation('scaling-long', { ...common, processor: { concurrency: 16 } }, provider),
  mockInstallation(
    'scaling-protected',
    { ...common, processor: { concurrency: 16, protect_after_seconds: 100 } },
    provider,
  ),
]);

/** Of each service, the queue whose backlog it works off. */
const QUEUES: Readonly<Record<string, string>> = {
  acceptor: 'upload-once-upload-events',
  processor: 'upload-once-accepted-events',
  'webhook-sender': 'upload-once-webhooks',
};
const CLUSTER = 'upload-once';

/** What the metrics of a service have to be of: the dimensions and the label by which AWS tells them apart. */
function ownMetrics(installation: MockedInstallation, module: string): Record<string, string> {
  const endpoint = (address: string, attribute: string) =>
    String(installation.at(`module.endpoint.${address}`, attribute));
  return {
    ClusterName: CLUSTER,
    ServiceName: `upload-once-${module}`,
    ...(module === 'url-issuer'
      ? {
          ApiId: endpoint('aws_apigatewayv2_api.this[0]', 'id'),
          resource_label: `${endpoint('aws_lb.this[0]', 'arn_suffix')}/${endpoint('aws_lb_target_group.this[0]', 'arn_suffix')}`,
        }
      : { QueueName: QUEUES[module] ?? '' }),
  };
}

/** A service as it is planned. @throws Error for a policy with the metric of something else than the service */
function serviceOf(installation: MockedInstallation, module: string): ScaledService {
  const at = (address: string, ...path: (string | number)[]) =>
    installation.at(`module.service["${module}"].${address}`, ...path);
  const container = ['container_definitions', 0, 'environment'];
  const environment = at('aws_ecs_task_definition.this', ...container) as { name: string; value: string }[];
  const policies = [...installation.attributes('policy_type').keys()].filter((address) =>
    address.startsWith(`module.service["${module}"].aws_appautoscaling_policy.`),
  );
  const slots = module === 'url-issuer' ? 'MAX_CONNECTIONS' : 'CONCURRENCY';
  return {
    minTasks: Number(at('aws_appautoscaling_target.this', 'min_capacity')),
    maxTasks: Number(at('aws_appautoscaling_target.this', 'max_capacity')),
    vcpus: Number(at('aws_ecs_task_definition.this', 'cpu')) / 1024,
    concurrency: Number(environment.find(({ name }) => name === slots)?.value),
    policies: policies.map((address) =>
      readPolicy(
        address,
        installation.at(
          address,
          ...['target_tracking_scaling_policy_configuration', 0],
        ) as PlannedConfiguration,
        ownMetrics(installation, module),
      ),
    ),
  };
}

const rounds = readResults().rounds;
const secondsOf = (service: 'url-issuer' | 'acceptor' | 'processor') =>
  Math.max(...rounds.map(({ form }) => form[service].cpuMicroseconds)) / 1e6;
/** A vCPU of Fargate can be half as fast as a core of the bench. */
const SLOWER = 2;

/** The rates of the url-issuer, whose requests are short and wait for DynamoDB and S3: eight times the others'. */
const REQUESTS = 8;

/**
 * Services with what one message or request can take. Each can do 50 uploads a second with the tasks that it can have, and the url-issuer
 * 400 requests.
 */
const SERVICES: readonly { name: string; service: ScaledService; work: Work; times?: number }[] = [
  {
    name: 'url-issuer behind a load balancer, as measured',
    service: serviceOf(plain, 'url-issuer'),
    work: { cpuSeconds: secondsOf('url-issuer'), otherSeconds: 0.1 },
    times: REQUESTS,
  },
  {
    name: 'url-issuer behind API Gateway alone, on slower processors',
    service: serviceOf(small, 'url-issuer'),
    work: { cpuSeconds: SLOWER * secondsOf('url-issuer'), otherSeconds: 0.1 },
    times: REQUESTS,
  },
  {
    name: 'acceptor, as measured',
    service: serviceOf(plain, 'acceptor'),
    work: { cpuSeconds: secondsOf('acceptor'), otherSeconds: 0.3 },
  },
  {
    name: 'acceptor, on slower processors',
    service: serviceOf(plain, 'acceptor'),
    work: { cpuSeconds: SLOWER * secondsOf('acceptor'), otherSeconds: 1 },
  },
  {
    name: 'acceptor of the small profile, as measured',
    service: serviceOf(small, 'acceptor'),
    work: { cpuSeconds: secondsOf('acceptor'), otherSeconds: 0.3 },
  },
  {
    name: 'processor of the small profile, with a handler that does nothing',
    service: serviceOf(small, 'processor'),
    work: { cpuSeconds: SLOWER * secondsOf('processor'), otherSeconds: 0.1 },
  },
  {
    name: 'processor, with a handler that does nothing',
    service: serviceOf(plain, 'processor'),
    work: { cpuSeconds: SLOWER * secondsOf('processor'), otherSeconds: 0.1 },
  },
  {
    name: 'processor, with a handler that computes',
    service: serviceOf(plain, 'processor'),
    work: { cpuSeconds: 0.05, otherSeconds: 0.1 },
  },
  {
    name: 'processor, with a handler that waits for others',
    service: serviceOf(plain, 'processor'),
    work: { cpuSeconds: SLOWER * secondsOf('processor'), otherSeconds: 5 },
  },
  {
    name: 'webhook-sender, with an endpoint that takes its time',
    service: serviceOf(plain, 'webhook-sender'),
    work: { cpuSeconds: 0.005, otherSeconds: 3 },
  },
];

t.test('docs/scale.md calculates with the policies of Terraform’s plan', async (t) => {
  const point = {
    CPUUtilization: 12,
    ApproximateNumberOfMessagesVisible: 30,
    ApproximateNumberOfMessagesNotVisible: 10,
    RunningTaskCount: 2,
    Count: 0,
  };
  const comparable = ({ policies, ...tasks }: ScaledService) => ({
    ...tasks,
    policies: policies.map(({ name: _, valueAt, ...numbers }) => ({ ...numbers, value: valueAt(point) })),
  });
  for (const service of [DefaultService.acceptor, DefaultService.processor])
    t.strictSame(comparable(defaultConsumer(service)), comparable(serviceOf(plain, service)), service);
});

t.test('a free metric counts the tasks of the small profile', async (t) => {
  for (const module of ['acceptor', 'processor'] as const) {
    const backlog = 'aws_appautoscaling_policy.load';
    const metrics = small.at(
      `module.service["${module}"].${backlog}`,
      ...['target_tracking_scaling_policy_configuration', 0, 'customized_metric_specification', 0, 'metrics'],
    ) as readonly { readonly id: string; readonly metric_stat: unknown }[];
    t.match(metrics.find(({ id }) => id === 'running')?.metric_stat, [
      { stat: 'SampleCount', metric: [{ namespace: 'AWS/ECS', metric_name: 'CPUUtilization' }] },
    ]);
  }
});

t.test('the policies are those of Terraform’s plan', async (t) => {
  for (const { name, service } of SERVICES) {
    t.equal(service.policies.length, 2, name);
    const { minTasks, maxTasks, vcpus, concurrency } = service;
    t.ok(minTasks >= 1 && maxTasks > minTasks && vcpus > 0 && concurrency >= 1, name);
  }
});

for (const { name, service, work, times = 1 } of SERVICES) {
  t.test(
    `${name}: settles under a steady load that comes at once, and no upload waits for long`,
    async (t) => {
      for (const rate of [0.2, 1, 3, 5, 8, 12, 20, 30].map((rate) => rate * times)) {
        for (const variant of VARIANTS) {
          const timeline = simulate(service, work, () => rate, 240, variant);
          const how = `${rate}/s, scale-in ${variant.scaleIn}, metrics ${variant.metricDelayMinutes} min late`;
          const settled = timeline.slice(SETTLED_AFTER_MINUTES);
          t.ok(longestWait(settled) <= LONGEST_WAIT_SECONDS, `${how}: waited ${longestWait(settled)} s`);
          const [low, high] = rangeOf(timeline.slice(120));
          t.ok(isSettled(low, high), `${how}: from ${low} to ${high} tasks in the last two hours`);
        }
      }
    },
  );

  t.test(
    `${name}: follows a ramp from ${times} to ${50 * times} a second, and drains to its minimum`,
    async (t) => {
      const rateAt = (minute: number) => {
        if (minute < 30) return times;
        if (minute < 40) return times * (1 + (49 * (minute - 30)) / 10);
        return minute < 160 ? times * 50 : 0;
      };
      for (const variant of VARIANTS) {
        const timeline = simulate(service, work, rateAt, 260, variant);
        const how = `scale-in ${variant.scaleIn}, metrics ${variant.metricDelayMinutes} min late`;
        const settled = timeline.slice(40 + SETTLED_AFTER_MINUTES, 160);
        t.ok(longestWait(settled) <= LONGEST_WAIT_SECONDS, `${how}: waited ${longestWait(settled)} s`);
        const [low, high] = rangeOf(timeline.slice(100, 160));
        t.ok(isSettled(low, high), `${how}: from ${low} to ${high} tasks`);
        t.match(timeline[29], { desired: service.minTasks }, `${how}: a fiftieth of it needs no more`);
        t.match(timeline.at(-1), { desired: service.minTasks, waiting: 0, inFlight: 0 }, how);
      }
    },
  );
}

t.test('sixteen handlers of an hour and sixteen uploads that wait get another task', async (t) => {
  const work = { cpuSeconds: 0.01, otherSeconds: 3600 };
  for (const [what, installation, minTasks] of [
    ['without protection', long, 1],
    ['with protection', protectedLong, 2],
  ] as const) {
    const service = serviceOf(installation, 'processor');
    t.equal(service.minTasks, minTasks, what);
    for (const variant of VARIANTS) {
      const timeline = simulateScaling(service, {
        ...variant,
        work,
        minutes: SETTLED_AFTER_MINUTES,
        arrivalsIn: (second) => (second === 0 ? 32 : 0),
      });
      t.match(timeline.at(-1), { waiting: 0, inFlight: 32 }, what);
      t.ok((timeline.at(-1)?.desired ?? 0) > minTasks, `${what}: there is room for more`);
    }
  }
});

t.test('uploads that take an hour do not wait for each other under steady load', async (t) => {
  const service = serviceOf(long, 'processor');
  const timeline = simulate(
    service,
    { cpuSeconds: 0.01, otherSeconds: 3600 },
    () => 60 / 3600,
    480,
    VARIANTS[0],
  );
  t.ok(longestWait(timeline.slice(SETTLED_AFTER_MINUTES)) <= LONGEST_WAIT_SECONDS);
  t.ok((timeline.at(-1)?.inFlight ?? 0) > 30);
});

function simulate(
  service: ScaledService,
  work: Work,
  rateAt: (minute: number) => number,
  minutes: number,
  variant: (typeof VARIANTS)[number],
): Minute[] {
  const arrivalsIn = independentArrivals(rateAt, createRandom(1));
  return simulateScaling(service, { ...variant, work, arrivalsIn, minutes });
}

/** Numbers in flight vary by chance, and the number of tasks with them. A saw goes down to the minimum and up again. */
function isSettled(low: number, high: number): boolean {
  return high - low <= Math.max(1, high / 3);
}

function longestWait(timeline: readonly Minute[]): number {
  return Math.max(...timeline.map(({ longestWaitSeconds }) => longestWaitSeconds));
}

function rangeOf(timeline: readonly Minute[]): [least: number, most: number] {
  const desired = timeline.map((minute) => minute.desired);
  return [Math.min(...desired), Math.max(...desired)];
}
