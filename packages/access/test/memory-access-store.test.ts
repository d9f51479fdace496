import t from 'tap';
import { createMemoryAccessStore } from '../src/testing/index.ts';
import { testAccessStore } from './contract/access-store-contract.ts';

testAccessStore(t, async () => createMemoryAccessStore());
