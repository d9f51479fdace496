import type { Results } from '../../bench/read-results.ts';
import { results as uploads } from './cost-sample.ts';

export const issuerRound = { perSecond: 100, cpuMicroseconds: 1_000, p50Ms: 10, p99Ms: 20, callsPerForm: 1 };
const consumerRound = { perSecond: 10, callsPerMessage: 0.5 };
/** Round figures, as the benches write them. */
export const sample: Results = {
  issuer: {
    machine: 'a machine',
    results: [
      { name: 'bare Fastify', rounds: [issuerRound, issuerRound, issuerRound] },
      { name: 'plain issuer', rounds: [issuerRound, issuerRound, { ...issuerRound, perSecond: 50 }] },
      {
        name: 'url-issuer',
        rounds: [
          { ...issuerRound, perSecond: 300 },
          { ...issuerRound, perSecond: 200, cpuMicroseconds: 250 },
          { ...issuerRound, perSecond: 200, p99Ms: 30 },
        ],
      },
    ],
  },
  'issuer-idempotency': {
    machine: 'a machine',
    results: [
      { name: 'plain issuer', rounds: [issuerRound] },
      { name: 'POST /v1/uploads', rounds: [{ ...issuerRound, perSecond: 150 }] },
    ],
  },
  'issuer-half-peak': {
    machine: 'a machine',
    results: [
      { name: 'bare Fastify', rounds: [{ perSecond: 500, p50Ms: 2, p99Ms: 4 }] },
      { name: 'url-issuer', rounds: [{ perSecond: 50, p50Ms: 3, p99Ms: 8 }] },
    ],
  },
  peers: {
    machine: 'a machine',
    results: [
      { name: 'plain issuer', rounds: [issuerRound] },
      { name: 'better-upload 2.0.3', rounds: [{ ...issuerRound, perSecond: 150 }] },
    ],
  },
  consumer: {
    machine: 'a machine',
    results: [
      { name: 'sqs-consumer, 10 in flight', rounds: [consumerRound] },
      { name: 'upload-once, 10 in flight', rounds: [{ perSecond: 125, callsPerMessage: 0.25 }] },
    ],
  },
  uploads,
  flood: {
    machine: 'a machine',
    capacity: 80.4,
    perSecond: { others: 10.05, flood: 30.15 },
    duplicates: 999,
    results: [
      { name: 'beside forms used once', rounds: [{ medianMs: 100, p99Ms: 200 }] },
      { name: 'beside one form used again and again', rounds: [{ medianMs: 90, p99Ms: 220 }] },
    ],
  },
  large: {
    machine: 'a machine',
    copies: [
      {
        gib: 1,
        results: [
          { name: 'one CopyObject', rounds: [{ seconds: 10 }] },
          { name: 'acceptor', rounds: [{ seconds: 2 }] },
        ],
      },
    ],
    smallPerSecond: 10,
    small: [
      { name: 'alone', rounds: [{ medianMs: 100, p99Ms: 200 }] },
      { name: 'beside large ones', rounds: [{ medianMs: 100, p99Ms: 210 }] },
    ],
  },
  growth: {
    machine: 'a machine',
    results: [
      { name: '10 waiting, 1 acceptor', rounds: [{ calls: 5, conflicts: 0, copiesMadeTwice: 0 }] },
      { name: '10000 waiting, 4 acceptors', rounds: [{ calls: 4, conflicts: 0.05, copiesMadeTwice: 0.01 }] },
    ],
    memory: [
      { inFlight: 16, mib: [100, 100] },
      { inFlight: 256, mib: [160, 160] },
    ],
  },
  calls: { machine: 'a machine', calls: [{ name: 'a call', rounds: [{ sdk: 100, own: 25 }] }] },
  'start-up': {
    machine: 'a machine',
    results: [
      { name: 'node -e 0', rounds: [{ ms: 50, residentMib: 40 }] },
      { name: 'acceptor', rounds: [{ ms: 400, residentMib: 100 }] },
    ],
  },
  traces: {
    machine: 'a machine',
    results: [
      { name: 'no traces', rounds: [{ all: 4000, issuer: 500, acceptor: 2000, processor: 1500 }] },
      { name: 'all traces', rounds: [{ all: 4200, issuer: 520, acceptor: 2100, processor: 1580 }] },
    ],
  },
  unsampled: {
    machine: 'a machine',
    rounds: [{ unwatchedMicroseconds: 2, watchedMicroseconds: 12 }],
  },
  'client-small-files': {
    machine: 'a machine',
    results: [
      { name: 'node:http', rounds: [{ seconds: 1, cpuSeconds: 0.8 }] },
      { name: 'client library', rounds: [{ seconds: 1.5, cpuSeconds: 1 }] },
    ],
  },
};
