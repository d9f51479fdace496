import { type Check, isPassed } from './compare.ts';

/** A heading, and a row for each check. */
export function checkRows(checks: readonly Check[]): string[][] {
  const rows = checks.map((check) => {
    const { name, found, committed, allowed } = check;
    const limit = 'least' in allowed ? `≥ ${allowed.least.toFixed(2)}` : `≤ ${allowed.most.toFixed(2)}`;
    return [name, found.toFixed(2), limit, committed.toFixed(2), isPassed(check) ? 'ok' : 'WORSE'];
  });
  return [['', 'found', 'allowed', 'committed', ''], ...rows];
}

/** As tap ends its runs: .ci/run counts such lines. */
export function tally(checks: readonly Check[]): string {
  const pass = checks.filter(isPassed).length;
  const fail = checks.length - pass;
  return `# { total: ${checks.length}, pass: ${pass}${fail > 0 ? `, fail: ${fail}` : ''} }`;
}
