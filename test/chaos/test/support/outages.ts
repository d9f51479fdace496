import t from 'tap';
import { casesOf } from '../../src/outages/cases.ts';
import type { OutageKind } from '../../src/outages/outage-kind.ts';
import { runOutages } from '../../src/outages/outages.ts';

/** Long enough for /readyz to report it and for polls and messages to fail more than once; short enough for every commit. */
const SECONDS = 10;

/** Decides nothing: tap's own, half a minute, would break a file off that runs by itself. */
const LIMIT_MS = 1_200_000;

/** Has S3, SQS and DynamoDB fail in one way, one after the other. */
export function assertOutagesAreGotOver(kind: OutageKind): void {
  t.setTimeout(LIMIT_MS);
  t.test(
    `P3: S3, SQS and DynamoDB ${kind}: services stay up and say so, and nothing is lost or doubled`,
    async (t) => {
      const cases = casesOf(kind, SECONDS);
      const { results, findings, files } = await runOutages({ cases, seed: 1, logFolder: t.testdir() });
      for (const { observed, findings } of results) {
        t.strictSame(findings, [], `${observed.service} ${observed.kind}`);
      }
      t.equal(results.length, cases.length);
      t.strictSame(findings, [], `${files} files are accounted for`);
      t.ok(files > 0);
    },
  );
}
