export { type BucketChange, createMemoryObjectStore, type MemoryObjectStore } from './memory-object-store.ts';
export { createMemoryReports, type MemoryReports } from './memory-reports.ts';
export { createMemoryUploadEvents, type MemoryUploadEvents } from './memory-upload-events.ts';
export { createMemoryUploadStore, type MemoryUploadStore } from './memory-upload-store.ts';
export { newUpload } from './new-upload.ts';
