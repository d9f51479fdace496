import type { ServiceUnderFaults } from '../service-under-faults.ts';

/**
 * How often a service has said that its time with a message, or with an upload, had run out. With a visibility timeout of two
 * seconds that happens to a process which a busy machine leaves without a core for a second.
 */
export function lossesSaidBy({ lines }: Pick<ServiceUnderFaults, 'lines'>): number {
  return lines.filter(
    ({ msg = '', err }) =>
      msg === 'message may be handled elsewhere from now on' ||
      (err as { code?: string } | undefined)?.code === 'LeaseLost',
  ).length;
}
