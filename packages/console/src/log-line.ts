/** What the console takes from one line of a service's log. */
export interface LogEntry {
  readonly at: Date;
  readonly service: string;
  readonly outcome: string;
  readonly uploadId?: string;
  readonly versionId?: string;
  readonly apiKeyId?: string;
  readonly traceId?: string;
  readonly reason?: string;
  readonly type?: string;
  readonly attempt?: number;
  readonly sizeBytes?: number;
  readonly durationMs?: number;
  readonly leadTimeMs?: number;
  readonly storedAt?: Date;
  readonly issuedAt?: Date;
  readonly message: string;
}

/** A line of the embedded metric format (Amazon CloudWatch User Guide, "Specification: Embedded metric format"). */
export interface MetricLine {
  readonly at: Date;
  /** Each metric's values. */
  readonly values: Readonly<Record<string, readonly number[]>>;
}

const TEXTS = ['uploadId', 'versionId', 'apiKeyId', 'traceId', 'reason', 'type'] as const;
const NUMBERS = ['attempt', 'sizeBytes', 'durationMs', 'leadTimeMs'] as const;
const TIMES = ['storedAt', 'issuedAt'] as const;
/** An object key has at most so many bytes (Amazon S3 User Guide, "Naming Amazon S3 objects"). */
const MAX_TEXT_CHARACTERS = 1024;
/** A longer line tells of no upload, and is not parsed. */
const MAX_LINE_CHARACTERS = 16_384;

/**
 * Reads one line. A handler can write lines of its own into a service's log: what has another type than a service gives it is left out,
 * and nothing is trusted to be more than text.
 * @returns undefined for a line that says nothing of an upload or a metric
 */
export function parseLogLine(line: string): LogEntry | MetricLine | undefined {
  if (!line.startsWith('{') || line.length > MAX_LINE_CHARACTERS) return undefined;
  const data = parsed(line);
  if (!data) return undefined;
  return '_aws' in data ? metricLine(data) : logEntry(data);
}

export function isMetricLine(line: LogEntry | MetricLine): line is MetricLine {
  return 'values' in line;
}

type Data = Readonly<Record<string, unknown>>;

function parsed(line: string): Data | undefined {
  try {
    const data: unknown = JSON.parse(line);
    return typeof data === 'object' && data !== null ? (data as Data) : undefined;
  } catch {
    return undefined;
  }
}

function logEntry(data: Data): LogEntry | undefined {
  const { time, service, outcome, msg } = data;
  const at = timeOf(time);
  if (!at || typeof service !== 'string' || typeof outcome !== 'string') return undefined;
  const entry: Record<string, unknown> = {};
  for (const name of TEXTS) {
    const value = data[name];
    if (typeof value === 'string' && value !== '') entry[name] = value.slice(0, MAX_TEXT_CHARACTERS);
  }
  for (const name of NUMBERS) if (Number.isFinite(data[name])) entry[name] = data[name];
  for (const name of TIMES) {
    const value = timeOf(data[name]);
    if (value) entry[name] = value;
  }
  const message = typeof msg === 'string' ? msg.slice(0, MAX_TEXT_CHARACTERS) : '';
  return { ...entry, at, service, outcome, message };
}

function metricLine(data: Data): MetricLine | undefined {
  const { Timestamp, CloudWatchMetrics } = data['_aws'] as {
    readonly Timestamp?: unknown;
    readonly CloudWatchMetrics?: unknown;
  };
  if (!Number.isFinite(Timestamp) || !Array.isArray(CloudWatchMetrics)) return undefined;
  const values: Record<string, number[]> = {};
  for (const { Metrics } of CloudWatchMetrics as { Metrics?: unknown }[]) {
    if (!Array.isArray(Metrics)) continue;
    for (const { Name } of Metrics as { Name?: unknown }[]) {
      const value = typeof Name === 'string' ? [data[Name]].flat() : [];
      const numbers = value.filter((each): each is number => Number.isFinite(each));
      if (numbers.length > 0) values[Name as string] = numbers;
    }
  }
  return { at: new Date(Timestamp as number), values };
}

function timeOf(value: unknown): Date | undefined {
  if (typeof value !== 'string') return undefined;
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? undefined : at;
}
