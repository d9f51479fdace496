export {
  createFaultScript,
  type FakeCall,
  type FaultScript,
  type Faults,
  noFaults,
  type Stall,
} from '@upload-once/table/testing';
export { type BucketChange, createMemoryObjectStore, type MemoryObjectStore } from './memory-object-store.ts';
export { createMemoryReports, type MemoryReports } from './memory-reports.ts';
export { createMemoryUploadStore, type MemoryUploadStore } from './memory-upload-store.ts';
