import { Ending, type Outcome, Rollback } from './follow-rollout.ts';

export interface Place {
  readonly region: string;
  /** What the names of alarms and log groups begin with. */
  readonly name: string;
  readonly cluster: string;
}

const ROLLBACK_WORDS = {
  [Rollback.goesOn]: 'ECS goes back to the earlier version',
  [Rollback.complete]: 'the earlier version runs',
  [Rollback.failed]: 'the earlier version failed too',
} as const;

/** One line, when the deployment of a service has ended. */
export function endingLine({ service, ending, reason, rollback = Rollback.goesOn }: Outcome): string {
  if (ending === Ending.running) return `${service}: the new version runs`;
  const what = ending === Ending.rolledBack ? `rolled back: ${ROLLBACK_WORDS[rollback]}` : 'failed';
  return `${service}: ${what}. ECS says: ${reason || 'nothing'}`;
}

/**
 * How the deployment ended, and what to do.
 *
 * @param limitMinutes after which what is unfinished was given up
 */
export function summaryOfRollout(
  outcomes: readonly Outcome[],
  { region, name, cluster }: Place,
  limitMinutes: number,
): string {
  const ofEnding = (ending: Ending) => outcomes.filter((outcome) => outcome.ending === ending);
  const names = (some: readonly Outcome[]) => some.map(({ service }) => service).join(' ');
  const look = (some: readonly Outcome[]) => [
    `  aws ecs describe-services --region ${region} --cluster ${cluster} --services ${names(some)} \\`,
    `    --query 'services[].[serviceName,deployments[].[status,rolloutState,rolloutStateReason]]'`,
  ];
  const [rolledBack, failed, unfinished] = [Ending.rolledBack, Ending.failed, Ending.unfinished].map(
    ofEnding,
  );
  const backBy = (rollback: Rollback, words: string) => {
    const some = (rolledBack ?? []).filter((outcome) => outcome.rollback === rollback);
    if (some.length === 0) return [];
    return [
      `Rolled back: ${names(some)}. ${words}`,
      ...(rollback === Rollback.complete ? [] : ['', ...look(some), '']),
    ];
  };
  const broken = [...(rolledBack ?? []), ...(failed ?? [])];
  return [
    ...backBy(Rollback.complete, 'The earlier version runs, and serves.'),
    ...backBy(Rollback.goesOn, 'ECS goes back to the earlier version, and has not finished. To look again:'),
    ...backBy(Rollback.failed, 'The earlier version failed too, and tasks can be missing. To look again:'),
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
          `  aws logs tail /aws/events/${name}-task-failures --region ${region} --since 30m   # why tasks ended`,
          `  aws cloudwatch describe-alarms --region ${region} --alarm-name-prefix ${name}- --state-value ALARM`,
          '',
          'Correct the cause, and run `make deploy` again. docs/operations.md has each alarm.',
        ]
      : []),
    ...(unfinished?.length
      ? [
          ...unfinishedWords(unfinished, names(unfinished), limitMinutes),
          '',
          ...look(unfinished),
          '',
          'To wait longer, set WAIT_MINUTES.',
        ]
      : []),
  ].join('\n');
}

function unfinishedWords(unfinished: readonly Outcome[], names: string, limitMinutes: number): string[] {
  const unknown = unfinished.find(({ isUnknown }) => isUnknown)?.reason;
  if (unknown !== undefined)
    return [
      `ECS could not be asked how it ended: ${names}. The deployment goes on. AWS says: ${unknown || 'nothing'}. To look again:`,
    ];
  return [
    `Not finished after ${limitMinutes} minutes: ${names}. ECS goes on, and old tasks that finish long work can take hours. To look again:`,
  ];
}
