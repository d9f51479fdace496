import { readFileSync } from 'node:fs';
import { longestTimeInQueueSeconds, RETRY_BACKOFF } from '@upload-once/queue';
import t from 'tap';
import { backoffSeconds } from '../../packages/queue/src/backoff.ts';
import { ACCEPT_LIMIT_SECONDS } from '../../services/acceptor/src/limit-work.ts';
import { longestAttemptSeconds } from '../../services/processor/src/longest-attempt.ts';

const DAY_SECONDS = 86_400;
const VISIBILITY_SECONDS = [1, 2, 60, 899, 900, 901, 3_600, 43_200];
const RECEIVES = [1, 2, 3, 8, 1_000];
const WORK_SECONDS = [0, 1, 3_600, 39_600];

function read(file: string): string {
  return readFileSync(new URL(`../../terraform/${file}`, import.meta.url), 'utf8');
}

/** Calculates an expression of Terraform's: numbers, variables, locals, max, min, ceil, + - * / and parentheses. */
function calculate(expression: string, variables: Readonly<Record<string, number>>): number {
  const javaScript = expression
    .replaceAll(/local\.(\w+)/g, (_, name) => String(calculate(localOf(name), variables)))
    .replaceAll(/var\.(?:settings\.)?(\w+)/g, (_, name) => String(variables[name]))
    .replaceAll(/\b(max|min|ceil)\(/g, 'Math.$1(');
  if (!/^(Math\.(max|min|ceil)|[\d\s()+*/,-])+$/.test(javaScript))
    throw new Error(`not an expression that this test can read: ${expression}`);
  return new Function(`return ${javaScript}`)();
}

function localOf(name: string): string {
  const text = new RegExp(`^ {2}${name} += (?<expression>.+)$`, 'm').exec(read('modules/storage/main.tf'));
  return text?.groups?.['expression'] ?? `no local ${name}`;
}

/** How long an event can be in one queue, as the rule for longest_work_seconds counts. */
function longestInQueue(): string {
  const ofEachQueue =
    /^ {2}longest_in_queue_seconds = \{ for queue, count in var\.settings\.max_receive_count : queue =>\n {4}(?<expression>.+)\n/m;
  const expression = ofEachQueue.exec(read('modules/storage/main.tf'))?.groups?.['expression'] ?? 'no local';
  return expression
    .replaceAll(/\bcount\b/g, 'var.max_receive_count')
    .replaceAll('var.longest_work_seconds[queue]', 'var.longest_work_seconds');
}

/** The default of max_receive_count. */
function receivesOf(queue: string): number {
  const [, line = ''] = /^ {4}max_receive_count = (.+)$/m.exec(read('modules/storage/variables.tf')) ?? [];
  return Number(new RegExp(`${queue} = optional\\(number, (\\d+)\\)`).exec(line)?.[1]);
}

t.test('P3: an outage of an hour makes no dead letter of an event that waits for the acceptor', async (t) => {
  const shortestSeconds = (receives: number) =>
    Array.from({ length: receives - 1 }, (_, index) =>
      backoffSeconds(index + 1, RETRY_BACKOFF, () => 0),
    ).reduce((sum, seconds) => sum + seconds, 0);
  t.ok(
    shortestSeconds(receivesOf('upload_events')) > 3600,
    'each call fails at once, and each wait is the shortest',
  );
  t.ok(
    shortestSeconds(receivesOf('accepted_events')) < 600,
    'a handler that always fails is reported within minutes',
  );
});

t.test('P3: Terraform counts how long an event can be in its queue as the code does', async (t) => {
  for (const visibilitySeconds of VISIBILITY_SECONDS) {
    for (const maxReceiveCount of RECEIVES) {
      for (const longestWorkSeconds of WORK_SECONDS) {
        const options = { visibilitySeconds, maxReceiveCount, longestWorkSeconds };
        const variables = {
          visibility_seconds: visibilitySeconds,
          max_receive_count: maxReceiveCount,
          longest_work_seconds: longestWorkSeconds,
        };
        t.equal(
          calculate(longestInQueue(), variables),
          longestTimeInQueueSeconds(options),
          JSON.stringify(options),
        );
      }
    }
  }
});

t.test('P3: Terraform counts on the longest work of both services', async (t) => {
  t.match(
    read('main.tf'),
    `longest_work_seconds = { upload_events = ${ACCEPT_LIMIT_SECONDS}, accepted_events = local.longest_attempt_seconds, webhooks = `,
  );
  t.match(
    read('modules/storage/queues.tf'),
    'condition     = local.longest_in_queue_seconds[each.key] <= var.settings.message_retention_days * 86400',
    'every queue must keep its events for longer',
  );
  const [, expression = ''] = /^ {2}longest_attempt_seconds = (.+)$/m.exec(read('main.tf')) ?? [];
  for (const concurrency of [1, 2, 16, 17, 256]) {
    for (const threads of [1, 2, 3, 64]) {
      for (const [limitSeconds, graceSeconds] of [
        [1, 1],
        [600, 10],
        [3_600, 10],
        [39_600, 600],
      ] as const) {
        const options = { limitSeconds, graceSeconds, concurrency, threads };
        const variables = {
          concurrency,
          handler_threads: threads,
          handler_limit_seconds: limitSeconds,
          handler_grace_seconds: graceSeconds,
        };
        t.equal(
          calculate(expression.replaceAll('local.processor.', 'var.'), variables),
          longestAttemptSeconds(options),
          JSON.stringify(options),
        );
      }
    }
  }
});

t.test(
  'P3: the default retention is long enough for every limit of a handler, and a day less is not',
  async (t) => {
    const defaultOf = (name: string) => {
      const attribute = new RegExp(`^ {4}${name} += optional\\(number, (\\d+)\\)$`, 'm');
      return Number(attribute.exec(read('modules/storage/variables.tf'))?.[1]);
    };
    const longestWorkSeconds = longestAttemptSeconds({
      limitSeconds: 39_600,
      graceSeconds: 600,
      concurrency: 256,
      threads: 1,
    });
    const days = (visibilitySeconds: number) =>
      longestTimeInQueueSeconds({
        visibilitySeconds,
        maxReceiveCount: receivesOf('accepted_events'),
        longestWorkSeconds,
      }) / DAY_SECONDS;
    const kept = defaultOf('message_retention_days');
    t.ok(days(defaultOf('visibility_seconds')) <= kept);
    t.ok(days(defaultOf('visibility_seconds')) > kept - 1);
    t.ok(days(43_200) > kept, 'a visibility timeout of 12 hours needs more days');
  },
);
