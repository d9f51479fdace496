import { type Clock, systemClock } from '@upload-once/clock';
import { createGroups, type Groups } from '@upload-once/table';
import { LRUCache } from 'lru-cache';
import type { ApiKey } from '../api-keys/api-key.ts';
import { type AddsApart, createAddsApart } from './adds-apart.ts';
import { dayOf, type QuotaCounters } from './quota-counters.ts';

export interface DailyQuotaOptions {
  readonly counters: QuotaCounters;
  readonly now: () => Date;
  readonly clock?: Pick<Clock, 'after' | 'monotonicMs'>;
}

/** What became of one request for a unit of a key's quota. */
export interface QuotaResult {
  readonly granted: boolean;
  readonly quota: number;
  /** Units that were left for the rest of the day, as far as this request could see. */
  readonly remaining: number;
  /** 00:00 UTC, when the count begins anew. */
  readonly resetsAt: Date;
}

export interface DailyQuota {
  /**
   * Takes one unit of a key's quota of the day. Those that ask for the same key at the same time are one write (`createGroups`);
   * where not all of them fit, the first get what there is, to the last unit. While all tasks together take more units of a key than an item of the
   * table takes writes, each task's writes are further apart (`createAddsApart`).
   *
   * @returns undefined for a key without a quota. Rejects when the table did not respond: then a unit may have been used up
   *   for nothing, but none was granted that the table does not know of.
   */
  take(key: Pick<ApiKey, 'keyId' | 'dailyQuota'>): Promise<QuotaResult | undefined>;
}

/** A counter went back, which it never does by itself: it was removed before the day was over. */
class QuotaCounterWentBack extends Error {
  readonly code = 'QuotaCounterWentBack';
}

const MILLISECONDS_PER_DAY = 86_400_000;

/** How many keys are remembered: those that have used up their quota, whose requests cost the table nothing, and those that ask now. */
const MAX_KEYS = 10_000;

/** As many as are recorded in one call after that: no group of them is cut in two. */
const MOST_AT_ONCE = 25;

export function createDailyQuota({ counters, now, clock = systemClock }: DailyQuotaOptions): DailyQuota {
  const groups = new LRUCache<string, Groups<undefined, QuotaResult>>({ max: MAX_KEYS });
  const exhausted = new LRUCache<string, { readonly day: string; readonly used: number }>({
    max: MAX_KEYS,
  });

  function noteUse(keyId: string, day: string, quota: number, used: number): void {
    if (used >= quota) exhausted.set(keyId, { day, used });
  }

  /**
   * Takes a unit for each of so many requests, in the order in which they came. No request is refused before the quota is known to be
   * used up: after a failure those beyond it may try again as well.
   */
  async function takeAll(
    keyId: string,
    day: string,
    quota: number,
    requests: number,
    addsApart: AddsApart,
  ): Promise<QuotaResult[]> {
    let fitting = Math.min(requests, quota);
    let used: number | undefined;
    while (fitting > 0) {
      used = await counters.add({ keyId, day }, fitting, quota);
      if (used !== undefined) break;
      const usedByAll = await counters.used({ keyId, day });
      noteUse(keyId, day, quota, usedByAll);
      const left = Math.max(0, quota - usedByAll);
      if (left >= fitting)
        throw new QuotaCounterWentBack(`the count of ${keyId} on ${day} went back to ${usedByAll}`);
      // Counts only grow: for those beyond what is left now there will be nothing today.
      fitting = left;
    }
    if (used !== undefined) {
      noteUse(keyId, day, quota, used);
      addsApart.note(fitting, used);
    }
    const before = (used ?? quota) - fitting;
    return Array.from({ length: requests }, (_, at) => {
      const granted = at < fitting;
      return { granted, quota, remaining: granted ? quota - before - at - 1 : 0, resetsAt: endOf(day) };
    });
  }

  return {
    async take({ keyId, dailyQuota: quota }) {
      if (quota === undefined) return undefined;
      const day = dayOf(now());
      const known = exhausted.get(keyId);
      if (known?.day === day && known.used >= quota) {
        return { granted: false, quota, remaining: 0, resetsAt: endOf(day) };
      }
      const name = `${keyId} ${day} ${quota}`;
      let group = groups.get(name);
      if (group === undefined) {
        const addsApart = createAddsApart(() => clock.monotonicMs());
        const call = (group: readonly undefined[]) => takeAll(keyId, day, quota, group.length, addsApart);
        group = createGroups({ most: MOST_AT_ONCE, call, apartMs: () => addsApart.apartMs, clock });
        groups.set(name, group);
      }
      return group.add(undefined);
    },
  };
}

function endOf(day: string): Date {
  return new Date(Date.parse(day) + MILLISECONDS_PER_DAY);
}
