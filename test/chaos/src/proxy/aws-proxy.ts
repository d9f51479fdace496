import { AWS_SERVICES, type AwsCall, type AwsService } from './aws-call.ts';
import { type Judge, PASS } from './call-outcome.ts';
import { type ProxyListener, startListener } from './proxy-listener.ts';

/** What lies between one process and AWS. Every call is named, counted and judged; bytes stream through, both ways. */
export interface AwsProxy {
  /** For the process: where AWS is for it. */
  readonly env: Readonly<Record<string, string>>;
  /** Where that queue is for the process: the SDK can follow a queue's URL rather than the endpoint. */
  queueUrl(queueUrl: string): string;
  /** How often each call was made, by `AwsCall.name`. */
  readonly counts: ReadonlyMap<string, number>;
  /** From now on `judge` decides; without one everything passes. Calls that are under way keep their outcome. */
  judge(judge?: Judge): void;
  /** Connections to that service are refused, those that stand are reset, until `open`. */
  close(service: AwsService): void;
  open(service: AwsService): Promise<void>;
  stop(): void;
}

/** Starts a proxy on free ports of 127.0.0.1. The signatures stay good: the host that was signed is passed on. */
export async function startAwsProxy(endpoints: Readonly<Record<AwsService, string>>): Promise<AwsProxy> {
  const counts = new Map<string, number>();
  let number = 0;
  let current: Judge = () => PASS;

  async function meet(called: Omit<AwsCall, 'name' | 'number' | 'occurrence'>) {
    const name = `${called.service} ${called.operation}`;
    const occurrence = (counts.get(name) ?? 0) + 1;
    counts.set(name, occurrence);
    number += 1;
    return current({ ...called, name, number, occurrence });
  }

  const [s3, sqs, dynamodb] = (await Promise.all(
    AWS_SERVICES.map((service) => startListener({ service, endpoint: endpoints[service], meet })),
  )) as [ProxyListener, ProxyListener, ProxyListener];
  const listeners: Readonly<Record<AwsService, ProxyListener>> = { s3, sqs, dynamodb };

  return {
    env: {
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_ENDPOINT_URL_SQS: sqs.url,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    },
    queueUrl: (queueUrl) => new URL(new URL(queueUrl).pathname, sqs.url).href,
    counts,
    judge(judge = () => PASS) {
      current = judge;
    },
    close: (service) => listeners[service].close(),
    open: (service) => listeners[service].open(),
    stop() {
      for (const listener of Object.values(listeners)) listener.close();
    },
  };
}
