import { evaluate } from './metric-math.ts';

/** What CloudWatch knows of a service with a queue in one minute, by its metrics' names. */
export interface MetricPoint {
  /** Of the namespace AWS/ECS, in percent of what the running tasks have. Without a running task there is none. */
  readonly CPUUtilization: number | undefined;
  /** Of AWS/SQS. */
  readonly ApproximateNumberOfMessagesVisible: number;
  readonly ApproximateNumberOfMessagesNotVisible: number;
  /** Of ECS/ContainerInsights. */
  readonly RunningTaskCount: number;
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
    readonly metric: readonly { readonly metric_name: string }[];
  }[];
  readonly return_data: boolean;
}

/** The `target_tracking_scaling_policy_configuration` of a resource `aws_appautoscaling_policy`, as Terraform writes it in JSON. */
export interface PlannedConfiguration {
  readonly target_value: number;
  readonly scale_out_cooldown: number;
  readonly scale_in_cooldown: number;
  readonly disable_scale_in: boolean | null;
  readonly predefined_metric_specification: readonly { readonly predefined_metric_type: string }[];
  readonly customized_metric_specification: readonly { readonly metrics: readonly PlannedMetric[] }[];
}

/** @throws Error for a metric that this simulation does not have */
export function readPolicy(name: string, planned: PlannedConfiguration): ScalingPolicy {
  return {
    name,
    targetValue: planned.target_value,
    scaleOutCooldownSeconds: planned.scale_out_cooldown,
    scaleInCooldownSeconds: planned.scale_in_cooldown,
    disableScaleIn: planned.disable_scale_in ?? false,
    valueAt: readMetric(name, planned),
  };
}

function readMetric(name: string, planned: PlannedConfiguration): ScalingPolicy['valueAt'] {
  const [predefined] = planned.predefined_metric_specification;
  if (predefined?.predefined_metric_type === 'ECSServiceAverageCPUUtilization')
    return ({ CPUUtilization }) => CPUUtilization;
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
