import { createHourCounter, type HourMetrics } from './hour-metrics.ts';
import { isMetricLine, parseLogLine } from './log-line.ts';
import { inPlainWords } from './plain-words.ts';
import type { LoadedLines, LogSource } from './ports.ts';
import type { UploadFeed } from './upload-feed.ts';

/** How the log is read now. */
export interface LogState {
  /** Undefined: no log is configured. */
  readonly name: string | undefined;
  readonly isFree: boolean;
  readonly canLoad: boolean;
  readonly isFollowing: boolean;
  /** Some of it was read: a load has ended, or the live view began. */
  readonly isRead: boolean;
  readonly note: string | undefined;
  /** Why the log, or a part of it, is not followed. */
  readonly problem: string | undefined;
  /** Older lines were not read; `since`: from then on all were. */
  readonly cut: { readonly since?: Date } | undefined;
  /** When the source left out lines the last time, because there were too many a second. */
  readonly sampledAt: Date | undefined;
}

export interface LogFollower {
  state(): LogState;
  /** Counted from the lines that were read. */
  lastHour(now: Date): HourMetrics;
  load(minutes: number, signal: AbortSignal): Promise<LoadedLines>;
  /** Begins, if it is not followed yet. */
  follow(): void;
  stop(): void;
}

/** Reads a log into a feed and a counter of metrics. */
export function createLogFollower(options: {
  readonly source: LogSource | undefined;
  readonly feed: UploadFeed;
  readonly now: () => Date;
  readonly onChange: (state: LogState) => void;
}): LogFollower {
  const { source, feed, now, onChange } = options;
  const counter = createHourCounter(now);
  let following: AbortController | undefined;
  let isRead = false;
  let problem: string | undefined;
  let cut: LogState['cut'];
  let sampledAt: Date | undefined;

  function take(lines: readonly string[]): void {
    for (const line of lines) {
      const entry = parseLogLine(line);
      if (!entry) continue;
      if (isMetricLine(entry)) counter.add(entry);
      else feed.add(entry);
    }
  }

  function state(): LogState {
    return {
      name: source?.name,
      isFree: source?.isFree ?? false,
      canLoad: source?.load !== undefined,
      isFollowing: following !== undefined,
      isRead,
      note: source?.followNote,
      problem,
      cut,
      sampledAt,
    };
  }

  async function run(from: LogSource, end: AbortController): Promise<void> {
    try {
      await from.follow(take, end.signal, {
        onCut(after) {
          cut = laterCut(cut, firstTimeOf(after));
          onChange(state());
        },
        onUnread(why) {
          if (problem === why) return;
          problem = why;
          onChange(state());
        },
        onSampled() {
          sampledAt = now();
          onChange(state());
        },
      });
      if (following === end) problem = 'the live view has ended. You can start it again';
    } catch (error) {
      if (following === end) problem = inPlainWords(error);
    }
    // One that was stopped has said so, and another one can have begun.
    if (following !== end) return;
    following = undefined;
    onChange(state());
  }

  return {
    state,
    lastHour: (at) => counter.lastHour(at),

    async load(minutes, signal) {
      if (!source?.load) return { isCut: false };
      const loaded = await source.load(minutes, take, signal);
      const { isCut, completeSince } = loaded;
      isRead = true;
      cut = isCut ? { ...(completeSince && { since: completeSince }) } : undefined;
      onChange(state());
      return loaded;
    },

    follow() {
      if (!source || following) return;
      following = new AbortController();
      isRead = true;
      problem = undefined;
      void run(source, following);
      onChange(state());
    },

    stop() {
      following?.abort();
      following = undefined;
      onChange(state());
    },
  };
}

/** Of two cuts the later one counts: only from then on all is known. */
function laterCut(before: LogState['cut'], since: Date | undefined): LogState['cut'] {
  const known = [before?.since, since].filter((each) => each !== undefined);
  const latest = known.toSorted((a, b) => b.getTime() - a.getTime())[0];
  return latest ? { since: latest } : {};
}

function firstTimeOf(lines: readonly string[]): Date | undefined {
  for (const line of lines) {
    const at = parseLogLine(line)?.at;
    if (at) return at;
  }
  return undefined;
}
