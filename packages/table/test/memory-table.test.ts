import t from 'tap';
import { createMemoryTable } from '../src/testing/index.ts';
import { type TestItem, type TestKey, tableContract } from './contract/table-contract.ts';

tableContract(t, async () => createMemoryTable<TestKey, TestItem>({ partitionKey: 'id' }));
