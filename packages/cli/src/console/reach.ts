import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { XRayClient } from '@aws-sdk/client-xray';
import type { LinkStore, UploadStore } from '@upload-once/uploads';

/** What the console reaches on AWS beside `Operations`. A client is made when it is asked for. */
export interface ConsoleReach {
  readonly store: (table: string) => Pick<UploadStore, 'getWithObservedVersions' | 'listObservedVersions'>;
  readonly links: (table: string) => Pick<LinkStore, 'get'>;
  readonly cloudWatchLogs: () => CloudWatchLogsClient;
  readonly cloudWatch: () => CloudWatchClient;
  readonly xRay: () => XRayClient;
}
