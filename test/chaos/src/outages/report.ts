import { textTable } from '@upload-once/local-stack/text-table.ts';
import type { OutageResult } from './outage.ts';
import { mostCalls } from './outage-findings.ts';
import { OutageKind } from './outage-kind.ts';

/** A row for each process in each outage: what it called and wrote, beside what there was to call and write about. */
export function outageTable(results: readonly OutageResult[]): string {
  const heading = [
    'outage',
    'process',
    'calls a second',
    'allowed',
    'log lines a second',
    'not ready',
    'at rest after',
  ];
  return textTable([heading, ...results.flatMap(rowsOf)]);
}

function rowsOf({ observed, restSeconds }: OutageResult): string[][] {
  const { service, kind, work, calls, lines, probes } = observed;
  const perSecond = (count: number) => (count / work.seconds).toFixed(1);
  return [...calls].map(([name, count], at) => {
    const readiness = probes.filter((probe) => probe.service === name && probe.path === '/readyz');
    const notReady = readiness.filter(({ status }) => status !== 200).length;
    const isCounted = kind !== OutageKind.away;
    return [
      at === 0 ? `${service} ${kind}, ${work.seconds.toFixed(0)} s` : '',
      name,
      isCounted ? perSecond(count) : '',
      isCounted ? perSecond(mostCalls(name, service, kind, work)) : '',
      perSecond(lines.get(name)?.length ?? 0),
      `${notReady} of ${readiness.length} times`,
      at === 0 ? `${restSeconds.toFixed(0)} s` : '',
    ];
  });
}
