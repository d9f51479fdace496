import { randomBytes, randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createApiKey, createDynamoDbAccessStore, createDynamoDbQuotaCounters } from '@upload-once/access';
import type { FaultStack } from '../fault-stack.ts';
import type { ServiceUnderFaults } from '../service-under-faults.ts';
import { armFault, type IssuerFault } from './issuer-fault.ts';
import { type FormResponse, requestForms } from './request-forms.ts';

/** More than one BatchWriteItem takes. */
export const REQUESTS = 30;
const RATE = 1_000;

/** What is asked for each time. */
export const UPLOAD = {
  contentType: 'application/x-of-a-test',
  metadata: { of: 'an issuer' },
  expiresInSeconds: 3_600,
} as const;

export interface RoundSettings {
  readonly fault: IssuerFault;
  /** Of the API key, which is this round's own. */
  readonly dailyQuota?: number | undefined;
  /** Whether each request has an Idempotency-Key. Then all are repeated, and otherwise those that got no response, or 503. */
  readonly isIdempotent?: boolean | undefined;
}

/** Requests for forms at once, a fault among them, and then their repeats. */
export interface IssuerRound extends RoundSettings {
  readonly wasReached: boolean;
  /** What the process ended with. */
  readonly end: string | undefined;
  readonly first: readonly FormResponse[];
  /** Those at the same places as in `first`; undefined: it was not repeated. */
  readonly repeats: readonly (FormResponse | undefined)[];
  /** By which its items are found. */
  readonly apiKeyId: string;
  /** Of the quota, as the table has it. */
  readonly used: number;
}

/** @param issuer runs, or is started; afterwards it runs */
export async function runIssuerRound(
  { stack, issuer }: { stack: FaultStack; issuer: ServiceUnderFaults },
  settings: RoundSettings,
): Promise<IssuerRound> {
  const { fault, dailyQuota, isIdempotent = false } = settings;
  const access = openAccess(stack);
  try {
    const { value: apiKey, key } = await access.makeKey(dailyQuota);
    const idempotencyKeys = Array.from({ length: REQUESTS }, () => (isIdempotent ? randomUUID() : undefined));
    if (!issuer.isRunning) await issuer.start();

    // The key is new to the issuer, which has to read it first: until all requests have arrived.
    const arrived = Promise.withResolvers<void>();
    const armed = armFault(issuer, fault);
    issuer.proxy.judge(async (call) => {
      await arrived.promise;
      return armed.judge(call);
    });
    const common = { apiKey, upload: UPLOAD };
    const issuerUrl = await issuer.url();
    const first = await requestForms({ ...common, issuerUrl, idempotencyKeys }, arrived.resolve);
    issuer.proxy.judge();
    const wasReached = armed.isReached();

    let end: string | undefined;
    if ('signal' in fault && wasReached) {
      const { code, signal } = await issuer.ended();
      end = signal ?? `exit code ${code}`;
      await issuer.start();
    }
    const repeated = [...first.keys()].filter((at) => isIdempotent || isRepeatable(first[at]));
    const responses = await requestForms({
      ...common,
      issuerUrl: await issuer.url(),
      idempotencyKeys: repeated.map((at) => idempotencyKeys[at]),
    });
    const repeats: (FormResponse | undefined)[] = first.map(() => undefined);
    for (const [at, place] of repeated.entries()) repeats[place] = responses[at];

    const used = await access.used(key.keyId);
    return { ...settings, wasReached, end, first, repeats, apiKeyId: key.keyId, used };
  } finally {
    access.close();
  }
}

function isRepeatable(response: FormResponse | undefined): boolean {
  return response?.status === undefined || response.status === 503;
}

/** The table of the API keys, without a proxy in between. */
function openAccess({ region, credentials, endpoints, tables }: FaultStack) {
  const client = new DynamoDBClient({ region, credentials, endpoint: endpoints.dynamodb, maxAttempts: 1 });
  const options = { client, tableName: tables.access };
  const now = () => new Date();
  const counters = createDynamoDbQuotaCounters(options);
  return {
    makeKey(dailyQuota: number | undefined) {
      const settings = { name: 'of a round', ratePerSecond: RATE, burst: RATE };
      return createApiKey(
        { ...settings, ...(dailyQuota !== undefined && { dailyQuota }) },
        { store: createDynamoDbAccessStore(options), randomBytes, now },
      );
    },
    used: (keyId: string) => counters.used({ keyId, day: now().toISOString().slice(0, 10) }),
    close: () => client.destroy(),
  };
}
