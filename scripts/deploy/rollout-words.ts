import { Ending, type Outcome } from './follow-rollout.ts';

export interface Place {
  readonly region: string;
  readonly cluster: string;
}

/** One line, when the deployment of a service has ended. */
export function endingLine({ service, ending, reason }: Outcome): string {
  if (ending === Ending.running) return `${service}: the new version runs`;
  const what = ending === Ending.rolledBack ? 'rolled back: the earlier version runs' : 'failed';
  return `${service}: ${what}. ECS says: ${reason || 'nothing'}`;
}

/**
 * How the deployment ended, and what to do.
 *
 * @param limitMinutes after which what is unfinished was given up
 */
export function summaryOfRollout(
  outcomes: readonly Outcome[],
  { region, cluster }: Place,
  limitMinutes: number,
): string {
  const ofEnding = (ending: Ending) => outcomes.filter((outcome) => outcome.ending === ending);
  const names = (some: readonly Outcome[]) => some.map(({ service }) => service).join(' ');
  const [rolledBack, failed, unfinished] = [Ending.rolledBack, Ending.failed, Ending.unfinished].map(
    ofEnding,
  );
  const broken = [...(rolledBack ?? []), ...(failed ?? [])];
  return [
    ...(rolledBack?.length
      ? [`Rolled back: ${names(rolledBack)}. The earlier version runs, and serves.`]
      : []),
    ...(failed?.length
      ? [
          `Failed: ${names(failed)}. There was no earlier version to go back to, and ECS starts no more tasks. When the cause is gone:`,
          '',
          ...failed.map(
            ({ service }) =>
              `  aws ecs update-service --region ${region} --cluster ${cluster} --force-new-deployment --service ${service}`,
          ),
        ]
      : []),
    ...(broken.length
      ? [
          'Where to look:',
          '',
          ...broken.map(({ service }) => `  aws logs tail /ecs/${service} --region ${region} --since 30m`),
          `  aws logs tail /aws/events/${cluster}-task-failures --region ${region} --since 30m   # why tasks ended`,
          `  aws cloudwatch describe-alarms --region ${region} --alarm-name-prefix ${cluster}- --state-value ALARM`,
          '',
          'Correct the cause, and run `make deploy` again. docs/operations.md has each alarm.',
        ]
      : []),
    ...(unfinished?.length
      ? [
          `Not finished after ${limitMinutes} minutes: ${names(unfinished)}. ECS goes on, and old tasks that finish long work can take hours. To look again:`,
          '',
          `  aws ecs describe-services --region ${region} --cluster ${cluster} --services ${names(unfinished)} \\`,
          `    --query 'services[].[serviceName,deployments[].[status,rolloutState,rolloutStateReason]]'`,
          '',
          'To wait longer, set WAIT_MINUTES.',
        ]
      : []),
  ].join('\n');
}
