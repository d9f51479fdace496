import type { Delivery } from '@upload-once/queue';
import { errorTypeOf } from '@upload-once/tracing';
import { type Upload, type UploadStore, uploadIdOf } from '@upload-once/uploads';
import type { MessageTraces } from '@upload-once/worker';
import { readMessage } from './message.ts';
import type { Post } from './post.ts';
import { WebhookType } from './webhook-event.ts';

type WorkOfTrace = NonNullable<ReturnType<MessageTraces['current']>>;
type Received = Pick<Delivery, 'body' | 'signal'> & Partial<Pick<Delivery, 'messageId' | 'receiveCount'>>;
type Send = (delivery: Received) => Promise<void>;

/**
 * Watches the sender's work through its ports: each attempt to deliver an event is the span `webhook` of the upload's trace; that of a
 * duplicate is a trace of its own with a link to it. So is that of a message that SQS delivers again: the attempt can have been made before.
 * A next attempt is another message. Work that makes no attempt has no span.
 */
export function traceWebhookSender<
  P extends { readonly uploads: Pick<UploadStore, 'get'>; readonly post: Post },
>(ports: P, traces: MessageTraces): P & { readonly watch: (send: Send) => Send } {
  const { uploads, post } = ports;
  const redelivered = new WeakSet<WorkOfTrace>();

  function found(upload: Upload | undefined): void {
    const work = traces.current();
    if (!work || !upload) return;
    work.traceparent = upload.traceparent;
    work.attributes['upload_once.upload_id'] = uploadIdOf(upload.key);
  }

  return {
    ...ports,
    uploads: {
      ...uploads,
      async get(key) {
        const upload = await uploads.get(key);
        found(upload);
        return upload;
      },
    },
    async post(endpoint, request, signal) {
      const work = traces.current();
      if (!work) return post(endpoint, request, signal);
      const { type } = JSON.parse(request.body) as { readonly type: string };
      work.relation = type === WebhookType.duplicate || redelivered.has(work) ? 'link' : 'child';
      Object.assign(work.attributes, {
        'upload_once.event_type': type,
        'http.request.method': 'POST',
        'server.address': endpoint.url.hostname,
      });
      try {
        const response = await post(endpoint, request, signal);
        work.attributes['http.response.status_code'] = response.status;
        if (response.status < 200 || response.status >= 300) work.failure = String(response.status);
        return response;
      } catch (error) {
        work.failure = errorTypeOf(error);
        throw error;
      }
    },

    watch: (send) => (delivery) =>
      traces.run(
        'webhook',
        delivery,
        () => ({ 'upload_once.attempt': readMessage(delivery.body)?.attempt ?? 0 }),
        () => {
          const work = traces.current();
          if (work && (delivery.receiveCount ?? 1) > 1) redelivered.add(work);
          return send(delivery);
        },
      ),
  };
}
