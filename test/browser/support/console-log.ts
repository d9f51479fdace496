import type { Test } from 'tap';
import type { ConsoleSources, FollowGaps } from '../../../packages/console/src/index.ts';
import { startConsoleStage, TOKEN } from '../../../packages/console/test/console-stage.ts';

type OnLines = (lines: readonly string[]) => void;

/** A console that follows a log, and what writes lines into it. */
export async function startWithLog(
  t: Test,
  { sources = {}, isWritable = false }: { sources?: Partial<ConsoleSources>; isWritable?: boolean } = {},
) {
  let write: OnLines = () => {};
  let gaps: FollowGaps = { onCut() {}, onSampled() {}, onUnread() {} };
  const logs = {
    name: 'a log',
    isFree: true,
    follow(onLines: OnLines, signal: AbortSignal, given: FollowGaps) {
      write = onLines;
      gaps = given;
      return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    },
  };
  const { origin } = await startConsoleStage(t, { sources: { logs, ...sources }, isWritable });
  const textOf = (entry: object) => JSON.stringify(entry);
  return {
    url: `${origin}/#token=${TOKEN}`,
    log: (...entries: readonly object[]) => write(entries.map(textOf)),
    /** Tells that lines before this one were not read. */
    cut: (entry: object) => gaps.onCut([textOf(entry)]),
    sample: () => gaps.onSampled(),
    unread: (problem: string) => gaps.onUnread(problem),
  };
}

export const line = (service: string, outcome: string, uploadId: string, ms: number, more: object = {}) => ({
  time: new Date(ms),
  service,
  outcome,
  uploadId,
  ...more,
});

/** A line with metrics, as the services write them. */
export const metricLine = (ms: number, values: Readonly<Record<string, number | readonly number[]>>) => ({
  _aws: {
    Timestamp: ms,
    CloudWatchMetrics: [{ Metrics: Object.keys(values).map((Name) => ({ Name })) }],
  },
  ...values,
});

/** What a look at the dead letters finds. */
export const oneDeadLetter = async () => ({
  rows: [
    {
      messageId: 'm',
      what: 'upload',
      uploadId: 'a',
      versionId: 'v',
      receiveCount: 1,
      sentAt: new Date(),
      state: undefined,
      reason: undefined,
    },
  ],
  visible: 1,
  hidden: 0,
  plan: 'moves 1',
});
