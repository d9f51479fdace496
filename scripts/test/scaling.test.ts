import t from 'tap';
import { createRandom } from '../../test/simulation/src/simulation/random.ts';
import { createAutoScaling, ScaleIn } from '../scale/auto-scaling.ts';
import { createConsumerTasks } from '../scale/consumer-tasks.ts';
import { evaluate } from '../scale/metric-math.ts';
import { type MetricPoint, type PlannedConfiguration, readPolicy } from '../scale/scaling-policy.ts';
import { independentArrivals, type Minute, simulateScaling } from '../scale/simulate-scaling.ts';

const COOLDOWNS = { scale_out_cooldown: 60, scale_in_cooldown: 300, disable_scale_in: null };

function cpu(target_value: number, changes: Partial<PlannedConfiguration> = {}) {
  const predefined_metric_type = 'ECSServiceAverageCPUUtilization';
  return readPolicy('cpu', {
    target_value,
    ...COOLDOWNS,
    predefined_metric_specification: [{ predefined_metric_type }],
    customized_metric_specification: [],
    ...changes,
  });
}

function backlog(target_value: number, expression = '(waiting + inflight) / running') {
  const stat = (id: string, metric_name: string) => ({
    id,
    expression: null,
    metric_stat: [{ stat: 'Average', metric: [{ metric_name }] }],
    return_data: false,
  });
  const metrics = [
    { id: 'backlog', expression, metric_stat: [], return_data: true },
    stat('waiting', 'ApproximateNumberOfMessagesVisible'),
    stat('inflight', 'ApproximateNumberOfMessagesNotVisible'),
    stat('running', 'RunningTaskCount'),
    stat('other', 'NumberOfMessagesSent'),
  ];
  return readPolicy('backlog', {
    target_value,
    ...COOLDOWNS,
    predefined_metric_specification: [],
    customized_metric_specification: [{ metrics }],
  });
}

const point = (CPUUtilization: number | undefined, waiting = 0): MetricPoint => ({
  CPUUtilization,
  ApproximateNumberOfMessagesVisible: waiting,
  ApproximateNumberOfMessagesNotVisible: 0,
  RunningTaskCount: 1,
  Count: 0,
});
const minutes = (count: number, ...args: Parameters<typeof point>) =>
  Array.from({ length: count }, () => point(...args));

const scaling = (policies: readonly ReturnType<typeof cpu>[], scaleIn: ScaleIn = ScaleIn.proportional) =>
  createAutoScaling({ minTasks: 1, maxTasks: 10, policies }, scaleIn);

t.test('metric math is calculated as it is written', async (t) => {
  const value = (id: string) => ({ a: 6, b: 2, zero: 0 })[id] ?? Number.NaN;
  t.equal(evaluate('(a + b) / b', value), 4);
  t.equal(evaluate('a + b * 10 - 1.5', value), 24.5);
  t.equal(evaluate('a - b - b', value), 2);
  t.equal(evaluate('a / zero', value), undefined, 'no data point');
  for (const expression of ['(a', 'a b', 'a +', 'MAX(a)', 'a > b', ''])
    t.throws(() => evaluate(expression, value), /is not understood|is missing/, expression);
});

t.test('a metric that the simulation does not have is refused', async (t) => {
  t.throws(
    () =>
      cpu(1, {
        predefined_metric_specification: [{ predefined_metric_type: 'DynamoDBReadCapacityUtilization' }],
      }),
    /does not have the metric of cpu/,
  );
  t.throws(() => backlog(1, 'other').valueAt(point(1)), /the metric NumberOfMessagesSent of backlog/);
});

t.test('requests are counted for each task, by a load balancer or by an expression', async (t) => {
  const predefined_metric_type = 'ALBRequestCountPerTarget';
  const balanced = cpu(1, { predefined_metric_specification: [{ predefined_metric_type }] });
  const some = { ...point(50), Count: 600, RunningTaskCount: 2 };
  t.equal(balanced.valueAt(some), 300);
  t.equal(balanced.valueAt({ ...some, RunningTaskCount: 0 }), undefined);
  const tasks = createConsumerTasks({ vcpus: 1, concurrency: 10 }, { cpuSeconds: 0.01, otherSeconds: 0 }, 1);
  tasks.pass(7);
  tasks.pass(5);
  t.equal(tasks.measure().Count, 12);
  t.equal(tasks.measure().Count, 0, 'of the seconds since');
});

t.test('a policy with the metric of another service, queue or load balancer is refused', async (t) => {
  const dimensions = [
    { name: 'QueueName', value: 'q' },
    { name: 'ServiceName', value: 's' },
  ];
  const metric_stat = [{ stat: 'Sum', metric: [{ metric_name: 'Count', dimensions }] }];
  const planned: PlannedConfiguration = {
    ...{ target_value: 1, ...COOLDOWNS, predefined_metric_specification: [] },
    customized_metric_specification: [
      { metrics: [{ id: 'a', expression: 'a', metric_stat, return_data: true }] },
    ],
  };
  t.doesNotThrow(() => readPolicy('x', planned, { QueueName: 'q', ServiceName: 's' }));
  t.throws(
    () => readPolicy('x', planned, { QueueName: 'q-dead-letter', ServiceName: 's' }),
    /^x has the metric of another: QueueName is q, not q-dead-letter$/,
  );
  t.throws(() => readPolicy('x', planned, { QueueName: 'q' }), /ServiceName is s, not undefined/);
  const predefined_metric_type = 'ALBRequestCountPerTarget';
  const balanced = { predefined_metric_specification: [{ predefined_metric_type, resource_label: 'app/1' }] };
  t.throws(
    () => readPolicy('x', { ...planned, customized_metric_specification: [], ...balanced }, {}),
    /resource_label is app\/1, not undefined/,
  );
});

t.test('three minutes above the target add tasks in proportion, rounded up', async (t) => {
  t.equal(scaling([cpu(60)]).decide(0, minutes(2, 90), 4), 4);
  t.equal(
    scaling([cpu(60)]).decide(0, [point(60), ...minutes(2, 90)], 4),
    4,
    'at the target is not above it',
  );
  t.equal(scaling([cpu(60)]).decide(0, minutes(3, 90), 4), 6);
  t.equal(scaling([cpu(60)]).decide(0, minutes(3, 91), 4), 7);
  t.equal(scaling([cpu(60)]).decide(0, minutes(3, 1000), 4), 10, 'up to the greatest number');
  t.equal(scaling([cpu(60)]).decide(0, [...minutes(2, 90), point(undefined)], 4), 4, 'not without data');
});

t.test('fifteen minutes below 90 % of the target take tasks away', async (t) => {
  t.equal(scaling([cpu(60)]).decide(0, minutes(14, 10), 4), 4);
  t.equal(scaling([cpu(60)]).decide(0, minutes(15, 54), 10), 10);
  t.equal(scaling([cpu(60)]).decide(0, minutes(15, 53), 10), 9, 'rounded up');
  t.equal(scaling([cpu(60)]).decide(0, minutes(15, 0), 4), 1, 'down to the least number');
  t.equal(scaling([cpu(60)], ScaleIn.gradual).decide(0, minutes(15, 0), 4), 3);
  t.equal(scaling([cpu(60, { disable_scale_in: true })]).decide(0, minutes(15, 0), 4), 4);
});

t.test('of several policies, the largest capacity counts, and all must ask for less', async (t) => {
  const both = [cpu(60), backlog(10)];
  t.equal(scaling(both).decide(0, minutes(3, 90, 30), 2), 6);
  t.equal(scaling(both).decide(0, minutes(15, 10, 9.5), 8), 8, 'the backlog does not');
  t.equal(scaling(both).decide(0, minutes(15, 10, 5), 8), 4);
  t.equal(
    scaling(both).decide(0, minutes(15, 10, 11), 8),
    9,
    'less CPU takes nothing of what the backlog adds',
  );
});

t.test('a cooldown counts what is on its way, and blocks a second scale-in', async (t) => {
  const out = scaling([cpu(60, { scale_out_cooldown: 120 })]);
  t.equal(out.decide(0, minutes(3, 90), 4), 6);
  t.equal(out.decide(60, minutes(3, 90), 6), 6, 'the two that were added are what it asks for');
  t.equal(out.decide(60, minutes(3, 120), 6), 8, 'a larger one is not held up');
  t.equal(out.decide(240, minutes(3, 90), 8), 10, 'it is over');
  const inwards = scaling([cpu(60)], ScaleIn.gradual);
  t.equal(inwards.decide(0, minutes(15, 0), 4), 3);
  t.equal(inwards.decide(240, minutes(15, 0), 3), 3);
  t.equal(inwards.decide(300, minutes(15, 0), 3), 2);
  t.equal(inwards.decide(360, minutes(15, 90), 2), 3, 'a scale-out is not blocked');
  t.equal(inwards.decide(420, minutes(15, 0), 3), 2, 'and ends the cooldown');
});

t.test('messages wait for slots and for CPU, and tasks start in a minute', async (t) => {
  const bySlots = createConsumerTasks(
    { vcpus: 1, concurrency: 2 },
    { cpuSeconds: 0.001, otherSeconds: 10 },
    1,
  );
  bySlots.pass(6);
  t.match(bySlots.measure(), {
    ApproximateNumberOfMessagesNotVisible: 2,
    ApproximateNumberOfMessagesVisible: 4,
    RunningTaskCount: 1,
  });
  t.strictSame(
    Array.from({ length: 20 }, () => bySlots.pass(0)).filter((wait) => wait > 0),
    [10, 20],
  );
  t.equal(bySlots.oldestWait(), 0);

  const byCpu = createConsumerTasks(
    { vcpus: 0.5, concurrency: 100 },
    { cpuSeconds: 0.25, otherSeconds: 0 },
    1,
  );
  for (let second = 0; second < 60; second += 1) byCpu.pass(1);
  t.ok(Math.abs((byCpu.measure().CPUUtilization ?? 0) - 51) < 2, 'half of it, and what an idle task takes');

  byCpu.desired = 3;
  for (let second = 0; second < 59; second += 1) byCpu.pass(0);
  t.equal(byCpu.running, 1);
  byCpu.pass(0);
  t.equal(byCpu.running, 3);
  byCpu.desired = 4;
  byCpu.desired = 2;
  t.equal(byCpu.running, 2, 'what has not started yet is stopped first');
  t.ok((byCpu.measure().CPUUtilization ?? 100) < 2, 'an idle service');
});

t.test('the same seed gives the same arrivals, as many as asked for', async (t) => {
  const arrivals = () => {
    const arrivalsIn = independentArrivals((minute) => (minute < 10 ? 2 : 20), createRandom(1));
    return Array.from({ length: 1200 }, (_, second) => arrivalsIn(second));
  };
  const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
  t.strictSame(arrivals(), arrivals());
  t.ok(Math.abs(sum(arrivals().slice(0, 600)) - 1_200) < 100);
  t.ok(Math.abs(sum(arrivals().slice(600)) - 12_000) < 330);
});

// What the policies of terraform/ are held to is in terraform/tests/scaling.test.ts. These two show that the simulation finds what is wrong
// with others.

const SERVICE = { minTasks: 1, maxTasks: 10, vcpus: 0.25, concurrency: 40 };
const TYPICAL = { minutes: 120, scaleIn: ScaleIn.proportional, metricDelayMinutes: 1 };

t.test('followed alone, a backlog adds tasks and takes them away again and again', async (t) => {
  const timeline = simulateScaling(
    { ...SERVICE, policies: [backlog(200)] },
    {
      ...TYPICAL,
      work: { cpuSeconds: 0.012, otherSeconds: 0 },
      arrivalsIn: independentArrivals(() => 50, createRandom(1)),
    },
  );
  const desired = timeline.map((minute) => minute.desired);
  const falls = desired.filter((tasks, at) => at > 0 && tasks === 1 && desired[at - 1] === 10).length;
  t.ok(falls >= 5, `${falls} times from ten to one in two hours`);
  t.ok(longestWait(timeline.slice(60)) > 120);
});

t.test('a target above what a task holds lets uploads wait behind full tasks', async (t) => {
  const timeline = simulateScaling(
    { ...SERVICE, concurrency: 16, policies: [backlog(32)] },
    {
      ...TYPICAL,
      minutes: 30,
      work: { cpuSeconds: 0.01, otherSeconds: 3600 },
      arrivalsIn: (second) => (second === 0 ? 32 : 0),
    },
  );
  t.match(timeline.at(-1), { desired: 1, waiting: 16 });
});

function longestWait(timeline: readonly Minute[]): number {
  return Math.max(...timeline.map(({ longestWaitSeconds }) => longestWaitSeconds));
}
