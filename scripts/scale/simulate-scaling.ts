import { createAutoScaling, type ScalableTarget, type ScaleIn } from './auto-scaling.ts';
import { createConsumerTasks, type TaskSize, type Work } from './consumer-tasks.ts';
import type { MetricPoint } from './scaling-policy.ts';

export interface ScaledService extends ScalableTarget, TaskSize {}

export interface ScalingOptions {
  readonly work: Work;
  /** Messages or requests that arrive in a second of the simulation, which counts from 0. */
  readonly arrivalsIn: (second: number) => number;
  readonly minutes: number;
  readonly scaleIn: ScaleIn;
  /** How many minutes old the newest data point is that an alarm sees: CloudWatch gets those of SQS, ECS and API Gateway some time after their minute. */
  readonly metricDelayMinutes: number;
}

/** One minute of a simulation, at its end. */
export interface Minute {
  readonly desired: number;
  readonly running: number;
  readonly waiting: number;
  readonly inFlight: number;
  readonly cpuPercent: number | undefined;
  /** Of the messages that began in this minute, and of those that wait. */
  readonly longestWaitSeconds: number;
}

/** A service from its least number of tasks on, under a load, with its scaling. */
export function simulateScaling(service: ScaledService, options: ScalingOptions): Minute[] {
  const { work, arrivalsIn, minutes, metricDelayMinutes } = options;
  const tasks = createConsumerTasks(service, work, service.minTasks);
  const scaling = createAutoScaling(service, options.scaleIn);
  const points: MetricPoint[] = [];
  return Array.from({ length: minutes }, (_, minute) => {
    let longestWaitSeconds = 0;
    for (let second = 0; second < 60; second += 1)
      longestWaitSeconds = Math.max(longestWaitSeconds, tasks.pass(arrivalsIn(60 * minute + second)));
    const point = tasks.measure();
    points.push(point);
    const known = points.slice(0, points.length - metricDelayMinutes);
    tasks.desired = scaling.decide((minute + 1) * 60, known, tasks.desired);
    return {
      desired: tasks.desired,
      running: point.RunningTaskCount,
      waiting: point.ApproximateNumberOfMessagesVisible,
      inFlight: point.ApproximateNumberOfMessagesNotVisible,
      cpuPercent: point.CPUUtilization,
      longestWaitSeconds: Math.max(longestWaitSeconds, tasks.oldestWait()),
    };
  });
}

/** Arrivals of clients who do not know of each other (Poisson), at a rate that can change by the minute. @param random uniform in [0, 1) */
export function independentArrivals(
  rateAt: (minute: number) => number,
  random: () => number,
): (second: number) => number {
  return (second) => {
    let count = -1;
    let sum = 0;
    while (sum <= rateAt(second / 60)) {
      sum -= Math.log(1 - random());
      count += 1;
    }
    return count;
  };
}
