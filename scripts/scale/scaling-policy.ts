import { evaluate } from './metric-math.ts';

/** What CloudWatch knows of a service in one minute, by its metrics' names. */
export interface MetricPoint {
  /** Of the namespace AWS/ECS, in percent of what the running tasks have. Without a running task there is none. */
  readonly CPUUtilization: number | undefined;
  /** Of AWS/SQS. */
  readonly ApproximateNumberOfMessagesVisible: number;
  readonly ApproximateNumberOfMessagesNotVisible: number;
  /** Of ECS/ContainerInsights. */
  readonly RunningTaskCount: number;
  /** Of AWS/ApiGateway: requests. A load balancer counts the same, for each task that runs. */
  readonly Count: number;
}

/** A target tracking policy of Application Auto Scaling. */
export interface ScalingPolicy {
  readonly name: string;
  readonly targetValue: number;
  readonly scaleOutCooldownSeconds: number;
  readonly scaleInCooldownSeconds: number;
  readonly disableScaleIn: boolean;
  /** Undefined where there is no data point. */
  readonly valueAt: (point: MetricPoint) => number | undefined;
}

interface PlannedMetric {
  readonly id: string;
  readonly expression: string | null;
  readonly metric_stat: readonly {
    readonly stat: string;
    readonly metric: readonly {
      readonly metric_name: string;
      readonly dimensions?: readonly { readonly name: string; readonly value: string }[];
    }[];
  }[];
  readonly return_data: boolean;
}

/** The `target_tracking_scaling_policy_configuration` of a resource `aws_appautoscaling_policy`, as Terraform writes it in JSON. */
export interface PlannedConfiguration {
  readonly target_value: number;
  readonly scale_out_cooldown: number;
  readonly scale_in_cooldown: number;
  readonly disable_scale_in: boolean | null;
  readonly predefined_metric_specification: readonly {
    readonly predefined_metric_type: string;
    readonly resource_label?: string | null;
  }[];
  readonly customized_metric_specification: readonly { readonly metrics: readonly PlannedMetric[] }[];
}

/**
 * @param own the dimensions of the service's own metrics, and the `resource_label` of its load balancer: by name
 * @throws Error for a metric that this simulation does not have, and for one of something else than `own`
 */
export function readPolicy(
  name: string,
  planned: PlannedConfiguration,
  own?: Readonly<Record<string, string>>,
): ScalingPolicy {
  for (const [dimension, value] of own === undefined ? [] : dimensionsOf(planned))
    if (own?.[dimension] !== value)
      throw new Error(`${name} has the metric of another: ${dimension} is ${value}, not ${own?.[dimension]}`);
  return {
    name,
    targetValue: planned.target_value,
    scaleOutCooldownSeconds: planned.scale_out_cooldown,
    scaleInCooldownSeconds: planned.scale_in_cooldown,
    disableScaleIn: planned.disable_scale_in ?? false,
    valueAt: readMetric(name, planned),
  };
}

function dimensionsOf(planned: PlannedConfiguration): [name: string, value: string][] {
  const labels = planned.predefined_metric_specification.flatMap(
    ({ resource_label }) => resource_label ?? [],
  );
  const metrics = planned.customized_metric_specification.flatMap(({ metrics }) => metrics);
  const dimensions = metrics
    .flatMap(({ metric_stat }) => metric_stat)
    .flatMap(({ metric }) => metric)
    .flatMap(({ dimensions = [] }) => dimensions);
  return [
    ...labels.map((label): [string, string] => ['resource_label', label]),
    ...dimensions.map(({ name, value }): [string, string] => [name, value]),
  ];
}

function readMetric(name: string, planned: PlannedConfiguration): ScalingPolicy['valueAt'] {
  const [predefined] = planned.predefined_metric_specification;
  if (predefined?.predefined_metric_type === 'ECSServiceAverageCPUUtilization')
    return ({ CPUUtilization }) => CPUUtilization;
  if (predefined?.predefined_metric_type === 'ALBRequestCountPerTarget')
    return ({ Count, RunningTaskCount }) => (RunningTaskCount === 0 ? undefined : Count / RunningTaskCount);
  const [customized] = planned.customized_metric_specification;
  const result = customized?.metrics.find(({ return_data }) => return_data)?.expression;
  if (!customized || !result) throw new Error(`the simulation does not have the metric of ${name}`);
  const nameOf = new Map(
    customized.metrics.flatMap(({ id, metric_stat: [stat] }) =>
      stat === undefined ? [] : [[id, fieldOf(stat.stat, stat.metric[0]?.metric_name ?? '')]],
    ),
  );
  return (point) =>
    evaluate(result, (id) => {
      const value = (point as unknown as Readonly<Record<string, number | undefined>>)[nameOf.get(id) ?? ''];
      if (value === undefined)
        throw new Error(`the simulation does not have the metric ${nameOf.get(id)} of ${name}`);
      return value;
    });
}

/** Each running task has a data point of CPU a minute, so their number is that of the tasks. */
function fieldOf(stat: string, metric: string): string {
  return stat === 'SampleCount' && metric === 'CPUUtilization' ? 'RunningTaskCount' : metric;
}
