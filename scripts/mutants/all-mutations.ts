import type { Mutation } from './mutation.ts';
import { claimMutations } from './mutations/claim.ts';
import { clientMutations } from './mutations/client.ts';
import { connectionMutations } from './mutations/connections.ts';
import { copyMutations } from './mutations/copy.ts';
import { deletionMutations } from './mutations/deletion.ts';
import { drainMutations } from './mutations/drain.ts';
import { duplicateMutations } from './mutations/duplicates.ts';
import { fencingMutations } from './mutations/fencing.ts';
import { heartbeatMutations } from './mutations/heartbeat.ts';
import { issuingMutations } from './mutations/issuing.ts';
import { metricMutations } from './mutations/metrics.ts';
import { threadMutations } from './mutations/threads.ts';
import { traceMutations } from './mutations/traces.ts';
import { webhookEventMutations } from './mutations/webhook-events.ts';

/** What `make mutants` tries, in the order of an upload's way. */
export const allMutations: readonly Mutation[] = [
  ...clientMutations,
  ...issuingMutations,
  ...claimMutations,
  ...copyMutations,
  ...deletionMutations,
  ...duplicateMutations,
  ...fencingMutations,
  ...heartbeatMutations,
  ...threadMutations,
  ...traceMutations,
  ...webhookEventMutations,
  ...drainMutations,
  ...metricMutations,
  ...connectionMutations,
];
