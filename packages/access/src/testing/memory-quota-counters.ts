import { assertUnits, type QuotaCounter, type QuotaCounters } from '../quotas/quota-counters.ts';

/** The fake of the counters in memory, for tests. */
export function createMemoryQuotaCounters(): QuotaCounters {
  const counts = new Map<string, number>();
  const nameOf = ({ keyId, day }: QuotaCounter) => `${keyId} ${day}`;
  return {
    async add(counter, units, quota) {
      assertUnits(units, quota);
      const used = (counts.get(nameOf(counter)) ?? 0) + units;
      if (used > quota) return undefined;
      counts.set(nameOf(counter), used);
      return used;
    },

    used: async (counter) => counts.get(nameOf(counter)) ?? 0,
  };
}
