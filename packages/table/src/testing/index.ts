export { createFaultScript, type FakeCall, type FaultScript, type Faults, noFaults } from './faults.ts';
export { createMemoryTable } from './memory-table.ts';
