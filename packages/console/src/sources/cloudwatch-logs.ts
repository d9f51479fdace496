import {
  type CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  StartLiveTailCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { LogSource, OnLines } from '../ports.ts';

/** Lines about an upload have an outcome (Amazon CloudWatch Logs User Guide, "Filter pattern syntax", JSON). */
const FILTER = '{ $.outcome = "*" }';
/** Of each log group. A page has 1 MB at most, and can be empty (Amazon CloudWatch Logs API Reference, "FilterLogEvents"). */
const MOST_PAGES = 20;
const MINUTE_MS = 60_000;

/** The services' log groups. Nothing is read before the user asks: FilterLogEvents is throttled, and a live tail costs by the minute. */
export function createCloudWatchLogs(options: {
  readonly client: CloudWatchLogsClient;
  /** What the names of the log groups begin with, such as `/ecs/upload-once-`. */
  readonly prefix: string;
  readonly services: readonly string[];
  readonly now: () => Date;
}): LogSource {
  const { client, prefix, services, now } = options;
  const names = services.map((service) => prefix + service);

  /** The log groups that exist: an installation without webhooks has no webhook-sender. */
  async function groups(signal: AbortSignal) {
    const { logGroups = [] } = await client.send(
      new DescribeLogGroupsCommand({ logGroupNamePrefix: prefix, limit: 50 }),
      { abortSignal: signal },
    );
    const found = logGroups.filter(({ logGroupName = '' }) => names.includes(logGroupName));
    if (found.length > 0) return found;
    throw new Error(
      `there is no log group ${names[0]} in this region and account. --name names the installation`,
    );
  }

  /**
   * FilterLogEvents gives the oldest first, so this reads the last minute, then the two before it, and so on: what is left out is old.
   * @returns undefined: all was read; otherwise since when
   */
  async function loadGroup(
    logGroupName: string,
    {
      end,
      minutes,
      onLines,
      signal,
    }: { end: number; minutes: number; onLines: OnLines; signal: AbortSignal },
  ): Promise<number | undefined> {
    const first = end - minutes * MINUTE_MS;
    let pages = 0;
    let endTime = end;
    for (let length = MINUTE_MS; endTime > first; length *= 2) {
      const startTime = Math.max(first, endTime - length);
      let nextToken: string | undefined;
      do {
        if (pages >= MOST_PAGES || signal.aborted) return endTime;
        const page = await client.send(
          new FilterLogEventsCommand({
            logGroupName,
            filterPattern: FILTER,
            startTime,
            // Both ends belong to it, and what is newer than `end` does too.
            ...(endTime < end && { endTime: endTime - 1 }),
            ...(nextToken !== undefined && { nextToken }),
          }),
          { abortSignal: signal },
        );
        onLines((page.events ?? []).flatMap(({ message }) => message ?? []));
        nextToken = page.nextToken;
        pages += 1;
      } while (nextToken !== undefined);
      endTime = startTime;
    }
    return undefined;
  }

  return {
    name: `${prefix}…`,
    isFree: false,
    followNote:
      'A live tail of CloudWatch Logs costs about $0.01 a minute, after a free hour and a half a day.',

    async load(minutes, onLines, signal) {
      const end = now().getTime();
      let completeSinceMs = end - minutes * MINUTE_MS;
      let isCut = false;
      for (const { logGroupName = '' } of await groups(signal)) {
        const since = await loadGroup(logGroupName, { end, minutes, onLines, signal });
        if (since === undefined) continue;
        isCut = true;
        completeSinceMs = Math.max(completeSinceMs, since);
      }
      return { isCut, ...(isCut && { completeSince: new Date(completeSinceMs) }) };
    },

    async follow(onLines, signal, { onSampled }) {
      const logGroupIdentifiers = (await groups(signal)).flatMap(({ logGroupArn }) => logGroupArn ?? []);
      const { responseStream } = await client.send(
        new StartLiveTailCommand({ logGroupIdentifiers, logEventFilterPattern: FILTER }),
        { abortSignal: signal },
      );
      try {
        for await (const { sessionUpdate } of responseStream ?? []) {
          if (signal.aborted) return;
          // Over 500 lines a second it leaves some out (Amazon CloudWatch Logs API Reference, "LiveTailSessionMetadata").
          if (sessionUpdate?.sessionMetadata?.sampled) onSampled();
          const lines = (sessionUpdate?.sessionResults ?? []).flatMap(({ message }) => message ?? []);
          if (lines.length > 0) onLines(lines);
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}
