import t from 'tap';
import { createMemoryQuotaCounters } from '../src/testing/index.ts';
import { testQuotaCounters } from './contract/quota-counters-contract.ts';

testQuotaCounters(t, async () => createMemoryQuotaCounters());
