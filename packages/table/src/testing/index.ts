export {
  createFaultScript,
  type FakeCall,
  type FaultScript,
  type Faults,
  noFaults,
  type Stall,
} from './faults.ts';
export { createMemoryTable } from './memory-table.ts';
