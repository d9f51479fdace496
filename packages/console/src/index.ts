export { inPlainWords } from './plain-words.ts';
export * from './ports.ts';
export { PortTaken, type RunningConsole, startConsole } from './server.ts';
export { createFolderLogs } from './sources/folder-logs.ts';
export { createOtlpTraces } from './sources/otlp-traces.ts';
export { createSqsQueues } from './sources/sqs-queues.ts';
export { createTableUploads } from './sources/table-uploads.ts';
