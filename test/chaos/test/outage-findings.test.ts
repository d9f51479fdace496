import { POLL_BACKOFF, RETRY_BACKOFF } from '@upload-once/queue';
import t from 'tap';
import { isWaitOf, mostConsumerCalls, mostTries, type Work } from '../src/outages/bounds.ts';
import { type Observed, outageFindings } from '../src/outages/outage-findings.ts';
import { OutageKind } from '../src/outages/outage-kind.ts';
import type { Probe } from '../src/outages/probes.ts';

t.test('tries that fail each time are as many as the shortest waits allow', async (t) => {
  // Messages come back after at least 2, 4, 8 … seconds, polls after 1, 2, 4 … and in the end 15.
  t.equal(mostTries(1, RETRY_BACKOFF), 1);
  t.equal(mostTries(2, RETRY_BACKOFF), 2);
  t.equal(mostTries(10, RETRY_BACKOFF), 3);
  t.equal(mostTries(60, RETRY_BACKOFF), 5);
  t.equal(mostTries(10, POLL_BACKOFF), 4);
  t.equal(mostTries(60, POLL_BACKOFF), 8);
});

t.test('a wait is one of its backoff from the half that is certain up to the whole', async (t) => {
  for (const [seconds, attempt, isIt] of [
    [1, 1, false],
    [2, 1, true],
    [4, 1, true],
    [5, 1, false],
    [15, 3, true],
    [17, 3, false],
    [900, 20, true],
    [901, 20, false],
  ] as const) {
    t.equal(isWaitOf(seconds, attempt, RETRY_BACKOFF), isIt, `${seconds} s after ${attempt}`);
  }
});

const work: Work = { seconds: 10, messages: 20, probes: 20, requests: 25 };

t.test('a queue that is cut off is polled no more often than its backoff says', async (t) => {
  t.equal(mostConsumerCalls('sqs', OutageKind.cut, { ...work, probes: 5 }), 3 * (4 + 5));
});

const SAYS = {
  s3: 'The bucket does not respond',
  dynamodb: 'The table of uploads does not respond',
} as const;

function probesOf(
  service: string,
  path: Probe['path'],
  ...responses: (readonly [number, string?])[]
): Probe[] {
  return responses.map(([status, message = ''], at) => ({
    service,
    path,
    status,
    message,
    beganAtMs: at,
    endedAtMs: at + 1,
  }));
}

/** As it has to be while S3 is cut off. */
const good: Observed = {
  service: 's3',
  kind: OutageKind.cut,
  work,
  probes: [
    ...probesOf('url-issuer', '/livez', [200], [200]),
    ...probesOf('url-issuer', '/readyz', [200], [200]),
    ...probesOf('acceptor', '/livez', [200], [200]),
    ...probesOf('acceptor', '/readyz', [200], [503, SAYS.s3], [503, SAYS.s3]),
  ],
  calls: new Map([
    ['url-issuer', 0],
    ['acceptor', 100],
  ]),
  attempts: new Map([['acceptor', 5]]),
  lines: new Map([
    ['url-issuer', Array.from({ length: 25 }, () => ({ msg: 'request' }))],
    [
      'acceptor',
      Array.from({ length: 12 }, (_, at) => ({
        msg: 'message failed, and comes back',
        receiveCount: 1,
        waitSeconds: 2 + (at % 3),
      })),
    ],
  ]),
  formsGiven: 25,
  formsRefused: 0,
  storedDuring: 25,
};
const issuerOf = (dynamodb: Partial<Observed>): Observed => ({
  ...good,
  service: 'dynamodb',
  probes: [
    ...probesOf('url-issuer', '/livez', [200]),
    ...probesOf('url-issuer', '/readyz', [503, SAYS.dynamodb]),
  ],
  calls: new Map([['url-issuer', 50]]),
  attempts: new Map([['url-issuer', 2]]),
  formsGiven: 0,
  formsRefused: 25,
  ...dynamodb,
});

t.test('nothing is found where everything is as it should be', async (t) => {
  t.strictSame(outageFindings(good), []);
  t.strictSame(outageFindings(issuerOf({})), []);
});

function linesOf(...lines: Record<string, unknown>[]): Observed['lines'] {
  return new Map([['acceptor', lines]]);
}

const bad: Readonly<Record<string, { readonly observed: Observed; readonly says: RegExp }>> = {
  'a /livez that fails': {
    observed: { ...good, probes: [...good.probes, ...probesOf('acceptor', '/livez', [503])] },
    says: /acceptor: \/livez responded with 503/,
  },
  'a /livez that does not respond': {
    observed: { ...good, probes: [...good.probes, ...probesOf('acceptor', '/livez', [0, 'refused'])] },
    says: /acceptor: \/livez responded with 0 refused/,
  },
  'a /readyz that does not report it': {
    observed: { ...good, probes: probesOf('acceptor', '/readyz', [200], [200]) },
    says: /acceptor: \/readyz never said that s3 was away/,
  },
  'a /readyz that does not say what is away': {
    observed: { ...good, probes: probesOf('acceptor', '/readyz', [503, 'Not ready']) },
    says: /never said that s3 was away/,
  },
  'a /readyz that is good in between': {
    observed: { ...good, probes: probesOf('acceptor', '/readyz', [503, SAYS.s3], [200], [503, SAYS.s3]) },
    says: /good again while s3 was away/,
  },
  'a /readyz that fails by itself': {
    observed: { ...good, probes: [...good.probes, ...probesOf('acceptor', '/readyz', [500])] },
    says: /\/readyz responded with 500/,
  },
  'a service that is not ready without what it does not need': {
    observed: { ...good, probes: [...good.probes.slice(4), ...probesOf('url-issuer', '/readyz', [503])] },
    says: /url-issuer: \/readyz was never 200/,
  },
  'calls without a backoff': {
    observed: { ...good, calls: new Map([['acceptor', 1000]]) },
    says: /acceptor: 1000 calls to s3 in 10 s; its backoff allows 400/,
  },
  'a call that is tried again and again': {
    observed: { ...good, attempts: new Map([['acceptor', 6]]) },
    says: /acceptor: a call to s3 was made 6 times, not 5 at most/,
  },
  'a form for which the table is asked again and again': {
    observed: issuerOf({ attempts: new Map([['url-issuer', 3]]) }),
    says: /url-issuer: a call to dynamodb was made 3 times, not 2 at most/,
  },
  'a /readyz that does not say what is slow': {
    observed: {
      ...good,
      kind: OutageKind.slow,
      probes: [...good.probes, ...probesOf('acceptor', '/readyz', [503, 'Not ready'])],
    },
    says: /acceptor: \/readyz responded with 503 and did not name s3, but: Not ready/,
  },
  'a service that calls what it does not need': {
    observed: { ...good, calls: new Map([['url-issuer', 1]]) },
    says: /url-issuer: 1 calls to s3/,
  },
  'a wait that is too short': {
    observed: {
      ...good,
      lines: linesOf({ msg: 'message failed, and comes back', receiveCount: 2, waitSeconds: 3 }),
    },
    says: /waits 3 s after receive 2/,
  },
  'a poll that comes too soon': {
    observed: { ...good, lines: linesOf({ msg: 'the queue does not respond', waitSeconds: 0 }) },
    says: /a poll waits 0 s/,
  },
  'messages that all come back together': {
    observed: {
      ...good,
      lines: linesOf(
        ...Array.from({ length: 12 }, () => ({
          msg: 'message failed, and comes back',
          receiveCount: 1,
          waitSeconds: 2,
        })),
      ),
    },
    says: /12 messages that failed together all wait 2 s/,
  },
  'too few messages to see whether they come back together': {
    observed: {
      ...good,
      lines: linesOf({ msg: 'message failed, and comes back', receiveCount: 1, waitSeconds: 2 }),
    },
    says: /acceptor: only 1 messages failed/,
  },
  'a log that floods': {
    observed: { ...good, lines: linesOf(...Array.from({ length: 1000 }, () => ({ msg: 'away' }))) },
    says: /acceptor: the log has 1000 lines of 10 s/,
  },
  'an issuer whose log floods': {
    observed: issuerOf({ lines: new Map([['url-issuer', Array(100).fill({ msg: 'away' })]]) }),
    says: /url-issuer: the log has 100 lines/,
  },
  'clients that get nothing stored': {
    observed: { ...good, storedDuring: 0 },
    says: /no file was stored/,
  },
  'an issuer that gives no form without what it does not need': {
    observed: { ...good, formsGiven: 0, formsRefused: 25 },
    says: /no form was given/,
  },
  'an issuer that gives forms it can’t record': {
    observed: issuerOf({ formsRefused: 0 }),
    says: /never responded with 503/,
  },
};

for (const [name, { observed, says }] of Object.entries(bad)) {
  t.test(`${name} is found`, async (t) => {
    const findings = outageFindings(observed);
    t.ok(
      findings.some((finding) => says.test(finding)),
      findings.join('\n') || 'nothing was found',
    );
  });
}
