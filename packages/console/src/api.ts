import type { Clock } from '@upload-once/clock';
import { traceIdOf } from '@upload-once/tracing/traceparent';
import { RequestRefused } from './access-rules.ts';
import { type AuditJob, createAuditJob } from './audit-job.ts';
import { type HourMetrics, LEAD_TIME_BOUNDS_MS } from './hour-metrics.ts';
import type { Live } from './live.ts';
import { createLogFollower } from './log-follower.ts';
import { inPlainWords } from './plain-words.ts';
import { type ConsoleSources, type MetricSource, QueueName, TrialKind } from './ports.ts';
import { createRedrives, PREVIEW_MS, type UnderWay } from './redrives.ts';
import { uploadId, wholeNumber } from './request-values.ts';
import { shownDossier, shownUpload, shownVersion } from './shown-upload.ts';
import { createUploadFeed } from './upload-feed.ts';
import { barsOfSpans } from './waterfall.ts';

/** A page's timer can be so early. */
const EARLY_MS = 500;

/** What a route gets of a request. */
export interface ApiRequest {
  /** What follows the route's path. */
  readonly rest: string;
  /** The body's JSON, an object. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Aborted when the page has gone, or the console ends. */
  readonly signal: AbortSignal;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** A path that ends with a slash has more behind it. */
  readonly path: string;
  /** It changes something on AWS: only a console with --write has it. */
  readonly isWrite?: true;
  readonly handle: (request: ApiRequest) => Promise<unknown> | unknown;
}

export interface ConsoleApi {
  readonly routes: readonly Route[];
  /** What a page gets when it connects. */
  state(): unknown;
  /** No page has been open for a minute. */
  left(): void;
  /** Ends all that runs. @returns what changes something, and has to come to the end of its step */
  stop(): readonly UnderWay[];
}

/** What the page can ask for. Each response is JSON; a Date in it is ISO 8601. */
export function createApi(options: {
  readonly sources: ConsoleSources;
  readonly isWritable: boolean;
  readonly clock: Clock;
  readonly live: Live;
  readonly newId: () => string;
}): ConsoleApi {
  const { sources, isWritable, clock, live, newId } = options;
  const { uploads, queues, metrics, traces, deadLetters } = sources;
  const now = () => clock.now();
  const feed = createUploadFeed({
    onUpload: (upload) => live.send('upload', upload.uploadId, upload),
    onGone: (uploadId) => live.send('upload', uploadId, { uploadId, isGone: true }),
    onRefusal: (refusal) => live.send('refusal', JSON.stringify(refusal), refusal),
  });
  const log = createLogFollower({
    source: sources.logs,
    feed,
    now,
    onChange: (state) => live.send('log', '', state),
  });
  const audit: AuditJob | undefined =
    sources.audit && createAuditJob(sources.audit, now, (state) => live.send('audit', '', state));
  const redrives = createRedrives({ deadLetters, now, newId });
  let asked: { readonly atMs: number; readonly hour: Promise<HourMetrics> } | undefined;
  if (sources.logs?.isFree) log.follow();

  function state() {
    return {
      now: now(),
      isWritable,
      hasTrials: isWritable && sources.trials !== undefined,
      hasAudit: audit !== undefined,
      queues: queues.queues,
      names: { uploads: uploads.name, metrics: metrics?.name, traces: traces?.name },
      metricSeconds: metrics?.refreshSeconds ?? 5,
      log: log.state(),
      uploads: feed.uploads(),
      refusals: feed.refusals(),
      isFull: feed.isFull(),
      audit: audit?.state(),
    };
  }

  /** All pages share a request: each one costs. */
  function hourOf(source: MetricSource): Promise<HourMetrics> {
    const atMs = now().getTime();
    if (asked && atMs - asked.atMs < source.refreshSeconds * 1000 - EARLY_MS) return asked.hour;
    const mine = { atMs, hour: source.lastHour() };
    asked = mine;
    mine.hour.catch(() => {
      if (asked === mine) asked = undefined;
    });
    return mine.hour;
  }

  async function traceOf(traceId: string) {
    if (!traces || traceId === '') return { bars: [], more: 0, problem: undefined };
    try {
      const spans = await traces.spans(traceId);
      const bars = barsOfSpans(spans);
      return { bars, more: spans.length - bars.length, problem: undefined };
    } catch (error) {
      return { bars: [], more: 0, problem: inPlainWords(error) };
    }
  }

  async function dossier(id: string) {
    const found = await uploads.byId(id);
    const { upload, observedVersions } = found;
    if (!upload && observedVersions.length === 0)
      throw new RequestRefused(
        404,
        'NoUpload',
        'there is no upload with this id, and nothing was sent under its key',
      );
    const traceId = upload ? traceIdOf(upload.traceparent) : '';
    return { ...shownDossier(found), traceId, trace: await traceOf(traceId) };
  }

  function auditJob(): AuditJob {
    if (audit) return audit;
    throw new RequestRefused(409, 'NoAudit', 'the audit needs the bucket: set BUCKET, or give --bucket');
  }

  function repair(auditId: unknown) {
    const job = auditJob();
    const seen = job.state();
    const isTrue =
      seen?.endedAt &&
      seen.id === auditId &&
      !seen.isRepair &&
      seen.problem === undefined &&
      now().getTime() - seen.endedAt.getTime() <= PREVIEW_MS;
    if (!isTrue)
      throw new RequestRefused(
        409,
        'NoPreview',
        'run the audit first: a repair needs one that came to its end within the last 10 minutes',
      );
    return job.start({ olderThanMinutes: seen.olderThanMinutes, repairOnly: seen.findings });
  }

  const routes: Route[] = [
    { method: 'GET', path: '/api/state', handle: state },
    { method: 'GET', path: '/api/uploads/', handle: ({ rest }) => dossier(uploadId(rest)) },
    {
      method: 'POST',
      path: '/api/table',
      async handle({ body }) {
        const { cursor } = body;
        const page = await uploads.page(typeof cursor === 'string' ? cursor : undefined);
        return {
          uploads: page.uploads.map(shownUpload),
          observedVersions: page.observedVersions.map(shownVersion),
          next: page.next,
        };
      },
    },
    {
      method: 'GET',
      path: '/api/metrics',
      async handle() {
        const hour = metrics ? await hourOf(metrics) : log.lastHour(now());
        return { ...hour, boundsMs: LEAD_TIME_BOUNDS_MS };
      },
    },
    { method: 'GET', path: '/api/queues/', handle: ({ rest }) => queueState(queueOf(rest)) },
    {
      method: 'POST',
      path: '/api/log/load',
      handle: ({ body, signal }) => log.load(wholeNumber(body, 'minutes', 1, 24 * 60), signal),
    },
    { method: 'POST', path: '/api/log/follow', handle: () => log.follow() },
    { method: 'POST', path: '/api/log/stop', handle: () => log.stop() },
    {
      method: 'POST',
      path: '/api/dead-letters/',
      handle: ({ rest }) => redrives.preview(queueOf(rest)),
    },
    {
      method: 'POST',
      path: '/api/redrive/',
      isWrite: true,
      handle: ({ rest, body, signal }) => redrives.move(queueOf(rest), body['previewId'], signal),
    },
    {
      method: 'POST',
      path: '/api/audit/start',
      handle: ({ body }) =>
        auditJob().start({ olderThanMinutes: wholeNumber(body, 'olderThanMinutes', 0, 525_600) }),
    },
    {
      method: 'POST',
      path: '/api/audit/repair',
      isWrite: true,
      handle: ({ body }) => repair(body['auditId']),
    },
    { method: 'POST', path: '/api/audit/stop', handle: () => audit?.stop() },
    {
      method: 'POST',
      path: '/api/trials/',
      isWrite: true,
      async handle({ rest, signal }) {
        if (!sources.trials || !Object.hasOwn(TrialKind, rest))
          throw new RequestRefused(404, 'NoTrial', 'there is no such button');
        const result = await sources.trials.run(rest as TrialKind, signal);
        if (result.refusal !== undefined) feed.refused(result.uploadId, result.refusal, now());
        return result;
      },
    },
  ];

  async function queueState(queue: QueueName) {
    return { ...(await queues.state(queue)), redrive: redrives.last(queue) };
  }

  function queueOf(name: string): QueueName {
    if (Object.hasOwn(QueueName, name) && queues.queues.includes(name as QueueName)) return name as QueueName;
    throw new RequestRefused(404, 'NoQueue', 'this queue is not configured');
  }

  return {
    routes,
    state,
    left() {
      if (!sources.logs?.isFree) log.stop();
    },
    stop() {
      log.stop();
      audit?.stop();
      return [...redrives.underWay(), ...(audit?.underWay() ?? [])];
    },
  };
}
