import type { Table } from '@upload-once/table';
import { type ItemKey, type QuotaItem, quotaItemKey, SCHEMA_VERSION } from '../item.ts';
import { assertUnits, counterDeleteAt, type QuotaCounters } from './quota-counters.ts';

/** The counters over any table: DynamoDB's, or the one in memory. */
export function createTableQuotaCounters(table: Table<ItemKey, QuotaItem>): QuotaCounters {
  return {
    async add(counter, units, quota) {
      assertUnits(units, quota);
      const { isWritten, item } = await table.update(quotaItemKey(counter), {
        // `units` is not more than the quota, so that the first of a day fit.
        when: [{ attribute: 'used', atMost: quota - units, orAbsent: true }],
        set: { deleteAt: counterDeleteAt(counter.day), schemaVersion: SCHEMA_VERSION },
        add: { used: units },
        orCreate: true,
      });
      return isWritten ? item.used : undefined;
    },

    async used(counter) {
      return (await table.get(quotaItemKey(counter)))?.used ?? 0;
    },
  };
}
