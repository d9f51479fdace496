import process from 'node:process';
import type { MessagePort } from 'node:worker_threads';
import { S3Client } from '@aws-sdk/client-s3';
import { s3ClientConfig } from '@upload-once/runtime/aws-clients';
import { createLogger } from '@upload-once/runtime/logging';
import { fromPlain, toPlain } from '@upload-once/runtime/plain-error';
import { createS3ObjectStore } from '@upload-once/uploads/s3-object-store';
import { beginOnce } from './beginning.ts';
import { createCallHandler } from './call-handler.ts';
import type { Handler } from './handler.ts';
import type { ThreadSettings, ToThread } from './thread-messages.ts';
import type { ThreadPort } from './thread-port.ts';

/**
 * Runs the handler for what the main thread sends. The thread opens S3 itself, so that no bytes go from thread to thread; its log
 * lines go to the main thread finished and redacted, by the same port as the ends of runs, so that they stay in order.
 */
export function runHandlers(
  handler: Handler,
  settings: NonNullable<ThreadSettings['run']>,
  port: ThreadPort & Pick<MessagePort, 'on'>,
): void {
  const { say, print } = port;
  const log = createLogger({
    service: 'processor',
    level: settings.logLevel,
    destination: { write: (text) => print({ type: 'line', text }) },
  });
  // Node's own listener prints them as they are, with whatever secret is in them.
  process.removeAllListeners('warning');
  process.on('warning', (err) => log.warn({ err }, 'a warning of Node or of a library'));
  const objects = createS3ObjectStore({
    client: new S3Client(s3ClientConfig(settings)),
    bucket: settings.bucket,
  });
  const callHandler = createCallHandler({
    handler,
    objects,
    log,
    recordSpan: (span) => say({ type: 'span', span }),
  });
  const running = new Map<number, AbortController>();

  function run({ runId, work, beginning }: Extract<ToThread, { type: 'run' }>): void {
    if (!beginOnce(beginning)) return;
    // First: its limit begins with this, whatever a handler has made of the thread's globals.
    say({ type: 'begun', runId });
    const aborting = new AbortController();
    running.set(runId, aborting);
    callHandler(work, aborting.signal)
      .then(
        () => say({ type: 'ended', runId }),
        (error) => say({ type: 'ended', runId, thrown: toPlain(error) }),
      )
      .finally(() => running.delete(runId));
  }

  port.on('message', (message: ToThread) => {
    if (message.type === 'ask') return say({ type: 'here' });
    if (message.type === 'run') return run(message);
    running.get(message.runId)?.abort(fromPlain(message.reason));
    say({ type: 'aborting', runId: message.runId });
  });
}
