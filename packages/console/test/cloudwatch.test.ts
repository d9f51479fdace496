import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import t from 'tap';
import { createCloudWatchLogs, createCloudWatchMetrics } from '../src/aws.ts';
import { LEAD_TIME_BOUNDS_MS } from '../src/hour-metrics.ts';

const NOW = new Date('2026-01-01T12:00:30.000Z');
type Sent = { readonly name: string; readonly input: Record<string, unknown> };

/** A client that responds with what AWS would, and notes what it was asked. */
function clientOf<T>(respond: (sent: Sent) => unknown) {
  const asked: Sent[] = [];
  const client = {
    async send(command: {
      readonly constructor: { readonly name: string };
      readonly input: Record<string, unknown>;
    }) {
      const sent = { name: command.constructor.name, input: command.input };
      asked.push(sent);
      return respond(sent);
    },
  } as unknown as T;
  return { client, asked };
}

const GROUPS = {
  logGroups: ['url-issuer', 'acceptor', 'processor', 'other'].map((service) => ({
    logGroupName: `/ecs/mine-${service}`,
    logGroupArn: `arn:aws:logs:eu-central-1:123456789012:log-group:/ecs/mine-${service}`,
  })),
};
const SERVICES = ['url-issuer', 'acceptor', 'processor', 'webhook-sender'];
const logsOf = (client: CloudWatchLogsClient) =>
  createCloudWatchLogs({ client, prefix: '/ecs/mine-', services: SERVICES, now: () => NOW });

t.test('lines of the last minutes, from each log group that is there, page by page', async (t) => {
  const { client, asked } = clientOf<CloudWatchLogsClient>(({ name, input }) => {
    if (name === 'DescribeLogGroupsCommand') return GROUPS;
    if (input['endTime'] !== undefined) return { events: [] };
    const isFirst = input['nextToken'] === undefined;
    const events = [{ message: `${input['logGroupName']} ${isFirst ? 1 : 2}` }, {}];
    return { events, ...(isFirst && { nextToken: 'more' }) };
  });
  const lines: string[] = [];
  const signal = new AbortController().signal;
  const { isCut } = (await logsOf(client).load?.(15, (more) => lines.push(...more), signal)) ?? {};
  t.equal(isCut, false);
  t.strictSame(
    lines,
    ['url-issuer', 'acceptor', 'processor'].flatMap((service) => [
      `/ecs/mine-${service} 1`,
      `/ecs/mine-${service} 2`,
    ]),
  );
  t.strictSame(asked[1], {
    name: 'FilterLogEventsCommand',
    input: {
      logGroupName: '/ecs/mine-url-issuer',
      filterPattern: '{ $.outcome = "*" }',
      startTime: NOW.getTime() - 60_000,
    },
  });
  const windows = asked
    .filter(({ input }) => input['logGroupName'] === '/ecs/mine-acceptor' && input['nextToken'] === undefined)
    .map(({ input }) => [input['startTime'], input['endTime']]);
  const before = (minutes: number) => NOW.getTime() - minutes * 60_000;
  t.strictSame(
    windows,
    [
      [before(1), undefined],
      [before(3), before(1) - 1],
      [before(7), before(3) - 1],
      [before(15), before(7) - 1],
    ],
    'the newest first',
  );
});

t.test('a log that has too many lines is cut at its old end, and says since when it is whole', async (t) => {
  const isOld = (input: Record<string, unknown>) =>
    (input['startTime'] as number) < NOW.getTime() - 3 * 60_000;
  const { client, asked } = clientOf<CloudWatchLogsClient>(({ name, input }) => {
    if (name === 'DescribeLogGroupsCommand') return GROUPS;
    const isLong = isOld(input) && input['logGroupName'] === '/ecs/mine-acceptor';
    return { events: [], ...(isLong && { nextToken: 'more' }) };
  });
  const loaded = await logsOf(client).load?.(15, () => {}, new AbortController().signal);
  t.strictSame(loaded, { isCut: true, completeSince: new Date(NOW.getTime() - 3 * 60_000) });
  t.equal(asked.length, 1 + 4 + 20 + 4);
});

t.test('a live tail names the log groups by their ARNs, and ends when it is told to', async (t) => {
  const end = new AbortController();
  const lines: string[] = [];
  const { client, asked } = clientOf<CloudWatchLogsClient>(({ name }) =>
    name === 'DescribeLogGroupsCommand'
      ? GROUPS
      : {
          responseStream: (async function* () {
            yield { sessionStart: { sessionId: 'a' } };
            yield { sessionUpdate: { sessionMetadata: { sampled: true }, sessionResults: [] } };
            yield {
              sessionUpdate: {
                sessionMetadata: { sampled: false },
                sessionResults: [{ message: 'one' }, { message: 'two' }],
              },
            };
            end.abort();
            yield { sessionUpdate: { sessionResults: [{ message: 'late' }] } };
          })(),
        },
  );
  const source = logsOf(client);
  t.equal(source.isFree, false);
  let sampled = 0;
  await source.follow((more) => lines.push(...more), end.signal, {
    onCut: () => t.fail('a live tail begins now'),
    onUnread: () => t.fail('all is read'),
    onSampled: () => {
      sampled += 1;
    },
  });
  t.strictSame(lines, ['one', 'two']);
  t.equal(sampled, 1, 'once CloudWatch left out lines');
  t.strictSame(asked[1]?.input, {
    logGroupIdentifiers: ['url-issuer', 'acceptor', 'processor'].map(
      (service) => `arn:aws:logs:eu-central-1:123456789012:log-group:/ecs/mine-${service}`,
    ),
    logEventFilterPattern: '{ $.outcome = "*" }',
  });
});

t.test('a failure within a live tail is one, unless the tail was to end', async (t) => {
  for (const isEnding of [false, true]) {
    const end = new AbortController();
    const { client } = clientOf<CloudWatchLogsClient>(({ name }) =>
      name === 'DescribeLogGroupsCommand'
        ? GROUPS
        : {
            // biome-ignore lint/correctness/useYield: it fails before.
            responseStream: (async function* () {
              if (isEnding) end.abort();
              throw new Error('the stream broke');
            })(),
          },
    );
    const following = logsOf(client).follow(() => {}, end.signal, {
      onCut() {},
      onSampled() {},
      onUnread() {},
    });
    if (isEnding) await t.resolves(following);
    else await t.rejects(following, { message: 'the stream broke' });
  }
});

t.test('an installation without log groups is named', async (t) => {
  const { client } = clientOf<CloudWatchLogsClient>(() => ({ logGroups: [] }));
  await t.rejects(
    logsOf(client).follow(() => {}, new AbortController().signal, {
      onCut() {},
      onSampled() {},
      onUnread() {},
    }),
    {
      message: /no log group \/ecs\/mine-url-issuer .*--name/,
    },
  );
});

t.test('the last hour by one GetMetricData, over all pages', async (t) => {
  const minute = (at: string) => new Date(`2026-01-01T${at}:00Z`);
  const pages = [
    {
      MetricDataResults: [
        { Id: 'issued', Timestamps: [minute('12:00'), minute('11:01'), minute('11:00')], Values: [3, 2, 9] },
        { Id: 'bar0', Timestamps: [minute('12:00'), minute('11:59')], Values: [1, 2] },
      ],
      NextToken: 'more',
    },
    {
      MetricDataResults: [
        { Id: 'issued', Timestamps: [minute('11:59')], Values: [1] },
        { Id: 'bar16', Values: [4] },
      ],
    },
  ];
  const { client, asked } = clientOf<CloudWatchClient>(({ input }) => pages[input['NextToken'] ? 1 : 0]);
  const hour = await createCloudWatchMetrics({ client, environment: 'mine', now: () => NOW }).lastHour();
  t.equal(hour.minutes.length, 60);
  t.match(hour.minutes[0], { atMs: minute('11:01').getTime(), issued: 2, processed: 0 });
  t.match(hour.minutes[58], { issued: 1 });
  t.match(hour.minutes[59], { atMs: minute('12:00').getTime(), issued: 3 });
  t.strictSame(hour.leadTimeCounts, [3, ...new Array(15).fill(0), 4]);
  const { MetricDataQueries, StartTime, EndTime } = (asked[0] as Sent).input as {
    MetricDataQueries: { Id: string; Expression?: string; MetricStat?: { Stat: string } }[];
    StartTime: Date;
    EndTime: Date;
  };
  t.strictSame([StartTime, EndTime], [minute('11:01'), minute('12:01')]);
  const expressionOf = (id: string) => MetricDataQueries.find(({ Id }) => Id === id)?.Expression;
  t.equal(
    expressionOf('refusedRequests'),
    `SUM(SEARCH('{UploadOnce,Environment,Service,Reason} MetricName="RequestsRefused" Environment="mine"', 'Sum', 60))`,
  );
  t.equal(
    expressionOf('issued'),
    `SUM(SEARCH('{UploadOnce,Environment,Service} MetricName="UploadsIssued" Environment="mine"', 'Sum', 60))`,
  );
  t.strictSame(
    MetricDataQueries.flatMap(({ MetricStat }) => MetricStat?.Stat ?? []),
    [
      'TC(:50)',
      ...LEAD_TIME_BOUNDS_MS.slice(1).map((to, at) => `TC(${LEAD_TIME_BOUNDS_MS[at]}:${to})`),
      'TC(300000:)',
    ],
  );
  t.equal(asked[1]?.input['NextToken'], 'more');
});

t.test('a number that CloudWatch could not compute is missing, and not 0', async (t) => {
  const pages = [
    {
      MetricDataResults: [
        { Id: 'issued', StatusCode: 'PartialData', Values: [] },
        { Id: 'accepted', StatusCode: 'Complete', Values: [] },
        { Id: 'failed', StatusCode: 'InternalError', Messages: [{ Code: 'A', Value: 'try \u001bagain' }] },
        { Id: 'bar16', StatusCode: 'Forbidden', Values: [] },
      ],
      NextToken: 'more',
    },
    { MetricDataResults: [{ Id: 'issued', StatusCode: 'Complete', Values: [] }] },
  ];
  const { client } = clientOf<CloudWatchClient>(({ input }) => pages[input['NextToken'] ? 1 : 0]);
  const hour = await createCloudWatchMetrics({ client, environment: 'mine', now: () => NOW }).lastHour();
  t.strictSame(hour.missing, [
    { name: 'failed', why: 'CloudWatch responded with InternalError try ?again' },
    { name: 'leadTime', why: 'CloudWatch responded with Forbidden' },
  ]);
});
