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
  readonly expiresAt?: Date;
  readonly message: string;
}

/** A line of the embedded metric format (Amazon CloudWatch User Guide, "Specification: Embedded metric format"). */
export interface MetricLine {
  readonly at: Date;
  /** Each metric's values. */
  readonly values: Readonly<Record<string, readonly number[]>>;
}

const TEXTS = ['uploadId', 'versionId', 'apiKeyId', 'traceId', 'reason', 'type'] as const;
/** No upload takes longer, and what is longer is no duration. */
const MAX_DURATION_MS = 366 * 24 * 60 * 60_000;
/** The end of the year 9999. A later time is none, and a page could not show it. */
const LAST_TIME_MS = Date.UTC(10_000, 0, 1) - 1;
/** Each number's greatest value; the least is 0. */
const NUMBERS = {
  attempt: Number.MAX_SAFE_INTEGER,
  sizeBytes: Number.MAX_SAFE_INTEGER,
  durationMs: MAX_DURATION_MS,
  leadTimeMs: MAX_DURATION_MS,
} as const;
const TIMES = ['storedAt', 'issuedAt', 'expiresAt'] as const;
/** An object key has at most so many bytes (Amazon S3 User Guide, "Naming Amazon S3 objects"). */
const MAX_ID_CHARACTERS = 1024;
/** The feed keeps thousands of them. */
const MAX_TEXT_CHARACTERS = 200;
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
    return isData(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null;
}

function logEntry(data: Data): LogEntry | undefined {
  const { time, service, outcome, msg } = data;
  const at = timeOf(time);
  if (!at || typeof service !== 'string' || typeof outcome !== 'string') return undefined;
  const entry: Record<string, unknown> = {};
  for (const name of TEXTS) {
    const value = data[name];
    if (typeof value === 'string' && value !== '')
      entry[name] = value.slice(0, name === 'uploadId' ? MAX_ID_CHARACTERS : MAX_TEXT_CHARACTERS);
  }
  for (const [name, most] of Object.entries(NUMBERS)) {
    const value = data[name];
    if (typeof value === 'number' && value >= 0 && value <= most) entry[name] = value;
  }
  for (const name of TIMES) {
    const value = timeOf(data[name]);
    if (value) entry[name] = value;
  }
  const message = typeof msg === 'string' ? msg.slice(0, MAX_TEXT_CHARACTERS) : '';
  return { ...entry, at, service, outcome, message };
}

function metricLine(data: Data): MetricLine | undefined {
  const metadata = data['_aws'];
  if (!isData(metadata)) return undefined;
  const at = typeof metadata['Timestamp'] === 'number' ? validDate(metadata['Timestamp']) : undefined;
  if (!at || !Array.isArray(metadata['CloudWatchMetrics'])) return undefined;
  const values: Record<string, number[]> = {};
  for (const name of metadata['CloudWatchMetrics'].flatMap(metricNames)) {
    const numbers = [data[name]].flat().filter(isCount);
    if (numbers.length > 0) values[name] = numbers;
  }
  return { at, values };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function metricNames(directive: unknown): string[] {
  const metrics = isData(directive) ? directive['Metrics'] : undefined;
  if (!Array.isArray(metrics)) return [];
  return metrics.flatMap((metric: unknown) => {
    const name = isData(metric) ? metric['Name'] : undefined;
    return typeof name === 'string' ? [name] : [];
  });
}

function timeOf(value: unknown): Date | undefined {
  return typeof value === 'string' ? validDate(value) : undefined;
}

function validDate(value: string | number): Date | undefined {
  const at = new Date(value);
  return isTime(at.getTime()) ? at : undefined;
}

/** From 1970 to the end of the year 9999. @param ms epoch milliseconds */
export function isTime(ms: number): boolean {
  return ms >= 0 && ms <= LAST_TIME_MS;
}
