import type { AwsService } from '../metered/meter.ts';

/** What `make bench-uploads` writes to bench/results/uploads.json. */
export interface UploadResults {
  /** See `machineLine`. */
  readonly machine: string;
  /** Of each upload. */
  readonly sizeBytes: number;
  /** What a form costs, asked for with `GET /getpresignedurl`. */
  readonly form: ByLoad;
  /** What a presigned PUT costs, asked for with `POST /v1/uploads` without an Idempotency-Key. */
  readonly put: ByLoad;
  /** What is measured by time: the machine counts, so compare within a round only. */
  readonly rounds: readonly Round[];
}

/** `form` and `put` of `UploadResults`. */
export type UploadKind = 'form' | 'put';

export type ServiceName = 'url-issuer' | 'acceptor' | 'processor';

export interface ByLoad {
  /** Requests at the same time at the url-issuer, then a backlog for each of the other services. */
  readonly busy: ByService;
  /** One upload at a time, and nothing else. */
  readonly idle: ByService;
}

export type ByService = { readonly uploads: number } & Readonly<Record<ServiceName, ServiceFigures>>;

/** All figures are of one upload: what was counted, divided by the number of uploads. */
export interface ServiceFigures {
  /** Without receives that brought no message. */
  readonly calls: Calls;
  /** Calls of ReceiveMessage that brought no message: they depend on the time in which nothing came, not on the uploads. */
  readonly emptyReceives: number;
  /** Write request units of DynamoDB: a KiB or a part of one each. */
  readonly writeUnits: number;
  /** Read request units of DynamoDB: 4 KiB or a part of them each, half as many if the read is eventually consistent. */
  readonly readUnits: number;
  /** On standard output, metrics among them. */
  readonly log: { readonly lines: number; readonly bytes: number };
}

/** By operation, as AWS's API reference names it. An operation that was not called is left out. */
export type Calls = Readonly<Record<AwsService, Readonly<Record<string, number>>>>;

/** All of it busy. */
export interface Round {
  /** CPU of one PutItem by the AWS SDK, in a process that does nothing else. */
  readonly putItemCpuMicroseconds: number;
  readonly form: Readonly<Record<ServiceName, RoundFigures>>;
  readonly put: Readonly<Record<ServiceName, RoundFigures>>;
}

export interface RoundFigures {
  /** In user mode and in the kernel, of all threads of the process, an upload. */
  readonly cpuMicroseconds: number;
  /** Uploads a second, while this service has its core for itself; what stands in for AWS has the other one and can be the limit. */
  readonly perSecond: number;
}
