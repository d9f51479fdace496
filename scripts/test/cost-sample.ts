import type { ServiceFigures, UploadResults } from '../../bench/uploads/results.ts';

function figures(changed: Partial<ServiceFigures> = {}): ServiceFigures {
  const calls = { s3: {}, dynamodb: {}, sqs: {} };
  return { calls, emptyReceives: 0, writeUnits: 0, readUnits: 0, log: { lines: 0, bytes: 0 }, ...changed };
}

/** An upload with one call of each kind that it can need, and numbers that are easily multiplied. */
const s3 = { ListObjectVersions: 1, CopyObject: 1, HeadObject: 1, DeleteObject: 1 };
export const anUpload = {
  uploads: 10,
  'url-issuer': figures({ writeUnits: 1, log: { lines: 1, bytes: 1_000 } }),
  acceptor: figures({
    calls: { s3, dynamodb: { GetItem: 1, UpdateItem: 2 }, sqs: { ReceiveMessage: 1, DeleteMessageBatch: 1 } },
    writeUnits: 2,
    readUnits: 1,
    log: { lines: 1, bytes: 1_000 },
  }),
  processor: figures({
    calls: {
      s3: {},
      dynamodb: { GetItem: 1, UpdateItem: 2 },
      sqs: { ReceiveMessage: 1, DeleteMessage: 1 },
    },
    writeUnits: 2,
    readUnits: 1,
    log: { lines: 1, bytes: 1_000 },
  }),
};
const cpu = (cpuMicroseconds: number) => ({ cpuMicroseconds, perSecond: 1 });
const cpuOfRound = { 'url-issuer': cpu(1_000), acceptor: cpu(10_000), processor: cpu(10_000) };
export const results: UploadResults = {
  machine: 'a machine',
  sizeBytes: 4096,
  form: { busy: anUpload, idle: anUpload },
  put: { busy: anUpload, idle: anUpload },
  rounds: [{ putItemCpuMicroseconds: 1_000, form: cpuOfRound, put: cpuOfRound }],
};
