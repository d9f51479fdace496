import type { PlainThrown } from '@upload-once/runtime/plain-error';
import type { Span } from '@upload-once/tracing';
import type { HandlerWork } from './handler-runner.ts';

/** What a thread is given as its `workerData`. */
export interface ThreadStart {
  readonly settings: ThreadSettings;
  /** See `openThreadPort`; shared with the main thread. */
  readonly underWay: Int32Array;
}

/** What a handler's thread is started with. */
export interface ThreadSettings {
  /** PROCESSOR_HANDLER; '' is the handler that ships. */
  readonly handlerName: string;
  readonly workingDirectory: string;
  /** Undefined: the thread loads the handler and runs nothing. */
  readonly run:
    | {
        readonly logLevel: string;
        readonly region: string;
        readonly forcePathStyle: boolean;
        readonly bucket: string;
        /** How many calls to S3 are under way at once, at most. */
        readonly callsAtOnce: number;
      }
    | undefined;
}

/** From the main thread. */
export type ToThread =
  | {
      readonly type: 'run';
      readonly runId: number;
      readonly work: HandlerWork;
      /** See `beginOnce`; shared with the main thread. */
      readonly beginning: Int32Array;
    }
  | { readonly type: 'abort'; readonly runId: number; readonly reason: PlainThrown }
  | { readonly type: 'ask' };

/** From the handler's thread. Each `run`, `abort` and `ask` is answered at once: a thread that does not respond is blocked. */
export type FromThread =
  | { readonly type: 'loaded' }
  | { readonly type: 'not-loaded'; readonly message: string }
  | { readonly type: 'begun'; readonly runId: number }
  | { readonly type: 'aborting'; readonly runId: number }
  | { readonly type: 'here' }
  | { readonly type: 'ended'; readonly runId: number; readonly thrown?: PlainThrown }
  /** A span of the handler's own that has ended. */
  | { readonly type: 'span'; readonly span: Span }
  /** What was thrown outside of every promise. The thread ends. */
  | { readonly type: 'crashed'; readonly thrown: PlainThrown }
  | HandlerOutput;

export interface HandlerOutput {
  /** A log line is finished and redacted, with its line feed. What the handler printed, by `console.log` for example, is as it is. */
  readonly type: 'line' | 'stdout' | 'stderr';
  readonly text: string;
}
