import { readFileSync } from 'node:fs';
import { longestTimeInQueueSeconds } from '@upload-once/queue';
import t from 'tap';

// The alarm that repeats: what CloudWatch calculates, over the life of a dead letter.

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;
const KEPT_DAYS = 14;
const LEFT_DAYS = 10;
const daily = readFileSync(new URL('../../terraform/modules/alarms/daily.tf', import.meta.url), 'utf8');

/** The expression of the metric math, as Terraform makes it. Only what stands there is understood. */
function ringsAt(ageSeconds: number, hour: number, fromSeconds: number): boolean {
  const [, expression = ''] = /^ {4}expression += "(.+)"$/m.exec(daily) ?? [];
  const [, least, ringing] =
    /^IF\(age >= (\$\{each\.value\.age_seconds\}) AND HOUR\(age\) == (\d+), 1, 0\)$/.exec(expression) ?? [];
  if (!least || !ringing) throw new Error(`not an expression that this test can read: ${expression}`);
  return ageSeconds >= fromSeconds && hour === Number(ringing);
}

/** From which age on, as daily.tf calculates it. */
function expiringAgeSeconds(longestInQueueSeconds: number): number {
  const [, expression = ''] = /^ {4}queue => (max\(.+\))$/m.exec(daily) ?? [];
  const javaScript = expression
    .replace('var.dead_letters.retention_days', String(KEPT_DAYS))
    .replace('var.settings.dead_letters_left_days', String(LEFT_DAYS))
    .replace('var.dead_letters.longest_in_queue_seconds[queue]', String(longestInQueueSeconds))
    .replace('max(', 'Math.max(');
  if (!/^Math\.max\([\d\s()+*,-]+\)$/.test(javaScript))
    throw new Error(`not an expression that this test can read: ${expression}`);
  return new Function(`return ${javaScript}`)();
}

t.test(
  'alarm dead-letter-expiring: a dead letter is told of each day, from ten days before it expires or from its second day on',
  async (t) => {
    const queues = [
      { maxReceiveCount: 20, longestWorkSeconds: HOUR_SECONDS },
      { maxReceiveCount: 8, longestWorkSeconds: 12 * HOUR_SECONDS },
    ];
    for (const queue of queues) {
      const longestSeconds = longestTimeInQueueSeconds({ ...queue, visibilitySeconds: 60 });
      const fromSeconds = expiringAgeSeconds(longestSeconds);
      for (const inQueueSeconds of [0, longestSeconds]) {
        for (let movedAtHour = 0; movedAtHour < 24; movedAtHour += 1) {
          const livesSeconds = KEPT_DAYS * DAY_SECONDS - inQueueSeconds;
          const rings: number[] = [];
          for (let ageSeconds = 0; ageSeconds < livesSeconds; ageSeconds += HOUR_SECONDS) {
            const hour = (movedAtHour + ageSeconds / HOUR_SECONDS) % 24;
            if (ringsAt(ageSeconds, hour, fromSeconds)) rings.push(ageSeconds);
          }
          const [first = Number.POSITIVE_INFINITY] = rings;
          t.ok(first >= DAY_SECONDS, 'not beside the alarm on dead letters');
          const least = Math.min(LEFT_DAYS * DAY_SECONDS, livesSeconds - DAY_SECONDS);
          t.ok(livesSeconds - first >= least - DAY_SECONDS, `${livesSeconds - first} seconds are left`);
          t.ok(
            rings.every((ring, index) => index === 0 || ring - (rings[index - 1] ?? 0) === DAY_SECONDS),
            'once a day',
          );
          t.ok(livesSeconds - (rings.at(-1) ?? 0) <= DAY_SECONDS, 'to the last day');
        }
      }
    }
  },
);
