import type { MetricPoint, ScalingPolicy } from './scaling-policy.ts';

/** Data points of a minute that an alarm of target tracking looks at: all must lie beyond the threshold. AWS documents no numbers; the alarms that it makes have these. */
const HIGH_POINTS = 3;
const LOW_POINTS = 15;
/** The alarm for less capacity has 90 % of the target as its threshold. */
const LOW_SHARE = 0.9;

/**
 * How many tasks a scale-in takes. AWS says only that target tracking "scales in more gradually" than out, so policies have to hold for both:
 * what the metric asks for, at once, or a task at a time.
 */
export const ScaleIn = { proportional: 'proportional', gradual: 'gradual' } as const;
export type ScaleIn = (typeof ScaleIn)[keyof typeof ScaleIn];

export interface ScalableTarget {
  readonly minTasks: number;
  readonly maxTasks: number;
  readonly policies: readonly ScalingPolicy[];
}

export interface AutoScaling {
  /** How many tasks there should be. Called once a minute, with what CloudWatch knows by then, the newest last. */
  decide(atSeconds: number, points: readonly MetricPoint[], desired: number): number;
}

/**
 * Target tracking by Application Auto Scaling (Application Auto Scaling User Guide, "How target tracking scaling for Application Auto Scaling
 * works"):
 *
 * - It scales out when any policy is above its target, in proportion to the metric, rounded up.
 * - It scales in only when all policies that may scale in ask for it.
 * - Of several policies, the one with the largest capacity counts, in both directions.
 * - During the cooldown after a scale-out, what that one has added counts as part of what the next one adds. During the cooldown after a
 *   scale-in, there is no other one; a scale-out ends that cooldown.
 * - Without data points nothing is done.
 */
export function createAutoScaling(
  { minTasks, maxTasks, policies }: ScalableTarget,
  scaleIn: ScaleIn,
): AutoScaling {
  let out: { readonly from: number; readonly untilSeconds: number } | undefined;
  let noScaleInBeforeSeconds = 0;

  const clamp = (tasks: number) => Math.min(maxTasks, Math.max(minTasks, tasks));

  /** The capacity at which the metric would be at its target. */
  function capacityFor(policy: ScalingPolicy, from: number, points: readonly MetricPoint[]): number {
    const latest = points.at(-1);
    const value = latest && policy.valueAt(latest);
    // Of sums of fractions, the last digits are not meant.
    return value === undefined ? from : Math.ceil((from * value) / policy.targetValue - 1e-9);
  }

  return {
    decide(atSeconds, points, desired) {
      const from = out !== undefined && atSeconds < out.untilSeconds ? out.from : desired;
      const above = policies.filter((policy) => isBreaching(policy, points, HIGH_POINTS, aboveTarget));
      const more = clamp(Math.max(0, ...above.map((policy) => capacityFor(policy, from, points))));
      if (more > desired) {
        const cooldownSeconds = Math.max(...above.map((policy) => policy.scaleOutCooldownSeconds));
        out = { from: desired, untilSeconds: atSeconds + cooldownSeconds };
        noScaleInBeforeSeconds = 0;
        return more;
      }
      const reducing = policies.filter(({ disableScaleIn }) => !disableScaleIn);
      const areAllBelow =
        reducing.length > 0 &&
        reducing.every((policy) => isBreaching(policy, points, LOW_POINTS, belowTarget));
      if (above.length > 0 || !areAllBelow || atSeconds < noScaleInBeforeSeconds) return desired;
      const wanted = clamp(Math.max(...reducing.map((policy) => capacityFor(policy, desired, points))));
      const fewer = scaleIn === ScaleIn.gradual ? Math.max(wanted, desired - 1) : wanted;
      if (fewer >= desired) return desired;
      noScaleInBeforeSeconds =
        atSeconds + Math.max(...reducing.map(({ scaleInCooldownSeconds }) => scaleInCooldownSeconds));
      return fewer;
    },
  };
}

const aboveTarget = (value: number, { targetValue }: ScalingPolicy) => value > targetValue;
const belowTarget = (value: number, { targetValue }: ScalingPolicy) => value < LOW_SHARE * targetValue;

function isBreaching(
  policy: ScalingPolicy,
  points: readonly MetricPoint[],
  count: number,
  breaches: (value: number, policy: ScalingPolicy) => boolean,
): boolean {
  const latest = points.slice(-count);
  return (
    latest.length === count &&
    latest.every((point) => {
      const value = policy.valueAt(point);
      return value !== undefined && breaches(value, policy);
    })
  );
}
