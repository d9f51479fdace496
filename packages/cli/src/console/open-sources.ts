import type { Clock } from '@upload-once/clock';
import {
  type ConsoleSources,
  createFolderLogs,
  createOtlpTraces,
  createSqsQueues,
  createTableUploads,
} from '@upload-once/console';
import { createCloudWatchLogs, createCloudWatchMetrics, createXRayTraces } from '@upload-once/console/aws';
import type { ConsoleCommandOptions } from '../commands/console-options.ts';
import type { Operations } from '../operations.ts';
import { createAuditActions } from './audit.ts';
import { createDeadLetterActions } from './dead-letters.ts';
import type { ConsoleReach } from './reach.ts';
import { createTrials } from './trials.ts';

const SERVICES = ['url-issuer', 'acceptor', 'processor', 'webhook-sender'];

/**
 * Opens what the console shows. This is the one place where a machine of one's own and AWS differ: in where log, metrics and traces are. The
 * log of a folder has the metrics in it.
 */
export function openSources(
  options: ConsoleCommandOptions,
  given: {
    readonly operations: Operations;
    readonly reach: ConsoleReach;
    readonly clock: Clock;
    readonly randomBytes: (count: number) => Uint8Array;
    readonly newId: () => string;
  },
): ConsoleSources {
  const { operations, reach, clock, randomBytes, newId } = given;
  const { logFolder, tracesUrl, name, environment, bucket, queueUrls, table, trials } = options;
  const { uploads, accepted } = queueUrls;
  const now = () => clock.now();
  const isOnAws = name !== undefined && logFolder === undefined;
  return {
    uploads: createTableUploads({
      tableName: table,
      store: reach.store(table),
      links: reach.links(table),
      records: operations.records,
      newId,
    }),
    queues: createSqsQueues(operations.sqs, queueUrls),
    logs: isOnAws
      ? createCloudWatchLogs({
          client: reach.cloudWatchLogs(),
          prefix: `/ecs/${name}-`,
          services: SERVICES,
          now,
        })
      : logFolder === undefined
        ? undefined
        : createFolderLogs({ folder: logFolder, clock }),
    metrics:
      isOnAws && environment !== undefined
        ? createCloudWatchMetrics({ client: reach.cloudWatch(), environment, now })
        : undefined,
    traces:
      tracesUrl !== undefined
        ? createOtlpTraces(tracesUrl)
        : isOnAws
          ? createXRayTraces(reach.xRay())
          : undefined,
    deadLetters: createDeadLetterActions({ operations, queueUrls, bucket, randomBytes }),
    audit:
      bucket !== undefined && uploads !== undefined && accepted !== undefined
        ? createAuditActions({ ...options, operations, bucket, queueUrls: { uploads, accepted } })
        : undefined,
    trials: trials && createTrials({ ...trials, clock }),
  };
}
