import type { Results } from '../../bench/read-results.ts';
import { results as uploads } from './cost-sample.ts';

export const issuerRound = { perSecond: 100, cpuMicroseconds: 1_000, p50Ms: 10, p99Ms: 20 };
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
  consumer: {
    machine: 'a machine',
    results: [
      { name: 'sqs-consumer, 10 in flight', rounds: [consumerRound] },
      { name: 'upload-once, 10 in flight', rounds: [{ perSecond: 125, callsPerMessage: 0.25 }] },
    ],
  },
  uploads,
};
