/** What ECS tells of a task that stopped, as far as it differs from task to task. */
interface StoppedTask {
  readonly stopCode: string;
  readonly stoppedReason: string;
  readonly exitCode?: number;
  /** Of the container. */
  readonly reason?: string;
  readonly lastStatus?: string;
}

/** Stops that the alarm is for: Amazon ECS Developer Guide, "Amazon ECS task state change events", "Amazon ECS stopped tasks error messages". */
export const FAILURES: Readonly<Record<string, StoppedTask>> = {
  'a wrong setting: exit code 78': {
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    exitCode: 78,
  },
  'an error that nothing handled: exit code 1': {
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    exitCode: 1,
  },
  'no memory left': {
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    exitCode: 137,
    reason: 'OutOfMemoryError: Container killed due to memory usage',
  },
  'an image that is not there': {
    stopCode: 'TaskFailedToStart',
    stoppedReason:
      'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref: not found',
  },
  'a health check of the load balancer': {
    stopCode: 'ServiceSchedulerInitiated',
    stoppedReason:
      'Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/minimal/0123456789abcdef)',
    exitCode: 0,
  },
  'a health check of the container': {
    stopCode: 'ServiceSchedulerInitiated',
    stoppedReason: 'Task failed container health checks',
    exitCode: 137,
  },
};

/** Stops that are no failure, and a failure that ECS has not come to the end of. */
export const NO_FAILURES: Readonly<Record<string, StoppedTask>> = {
  'scaling in, and a deployment': {
    stopCode: 'ServiceSchedulerInitiated',
    stoppedReason: 'Scaling activity initiated by (deployment ecs-svc/0123456789012345678)',
    exitCode: 0,
  },
  'a person': { stopCode: 'UserInitiated', stoppedReason: 'Task stopped by user', exitCode: 0 },
  'a Spot interruption': {
    stopCode: 'SpotInterruption',
    stoppedReason: 'Your Spot Task was interrupted.',
    exitCode: 0,
  },
  'a container that has exited, its task still stopping': {
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    exitCode: 78,
    lastStatus: 'DEPROVISIONING',
  },
};

/** An entry for PutEvents, as ECS writes it. @param group such as "service:minimal-acceptor" */
export function taskEvent(cluster: string, group: string, task: StoppedTask) {
  const { stopCode, stoppedReason, exitCode, reason, lastStatus = 'STOPPED' } = task;
  const account = 'arn:aws:ecs:eu-central-1:123456789012';
  const id = '0123456789abcdef0123456789abcdef';
  const detail = {
    clusterArn: `${account}:cluster/${cluster}`,
    containers: [
      {
        containerArn: `${account}:container/${cluster}/${id}/5c6b9a3e-0c1d-4f0e-8e64-6b1f2a3c4d5e`,
        ...(exitCode !== undefined && { exitCode }),
        ...(reason !== undefined && { reason }),
        lastStatus: 'STOPPED',
        name: 'service',
        taskArn: `${account}:task/${cluster}/${id}`,
      },
    ],
    createdAt: '2026-01-01T00:00:00.000Z',
    desiredStatus: 'STOPPED',
    group,
    launchType: 'FARGATE',
    lastStatus,
    startedAt: '2026-01-01T00:00:30.000Z',
    stopCode,
    stoppedReason,
    stoppingAt: '2026-01-01T00:01:00.000Z',
    stoppedAt: '2026-01-01T00:01:20.000Z',
    taskArn: `${account}:task/${cluster}/${id}`,
    taskDefinitionArn: `${account}:task-definition/${group.replace('service:', '')}:1`,
    version: 5,
  };
  return {
    Source: 'aws.ecs',
    DetailType: 'ECS Task State Change',
    Resources: [detail.taskArn],
    Detail: JSON.stringify(detail),
  };
}
