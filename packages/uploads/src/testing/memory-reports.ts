import { type Faults, noFaults } from '@upload-once/table/testing';
import type { Report, Reports } from '../domain/report.ts';

/** The outbox in memory: what was sent, with faults on command in the place of a network. */
export interface MemoryReports extends Reports {
  /** In the order in which they were taken. */
  readonly sent: readonly Report[];
  /** The same outbox at the end of another way: each caller meets faults of its own. */
  over(faults: Faults): Reports;
}

export function createMemoryReports(
  options: {
    readonly faults?: Faults;
    /** Called with every report as it is taken. */
    readonly notify?: (report: Report) => void;
  } = {},
): MemoryReports {
  const sent: Report[] = [];
  const over = ({ carry }: Faults): Reports => ({
    send: (report) =>
      carry({ operation: 'sendReport', key: keyOf(report) }, () => {
        sent.push(report);
        options.notify?.(report);
      }),
  });
  return { ...over(options.faults ?? noFaults), sent, over };
}

function keyOf(report: Report): string {
  return 'observedVersion' in report ? report.observedVersion.key : report.key;
}
