import { type Clock, endsWithin } from '@upload-once/clock';
import { UploadState, type UploadStore } from '@upload-once/uploads';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { serviceUnavailable } from '../../http-error.ts';
import { createUploadChanges, type UploadChangesOptions } from '../../upload-changes.ts';
import { assertOwn, idParameter, keyOfId, uploadNotFound } from './own-upload.ts';
import { responses, state, uploadResponse } from './responses.ts';
import { OBSERVED_VERSIONS_MAX, uploadView } from './upload-view.ts';

export interface GetUploadOptions {
  readonly uploadStore: UploadStore;
  readonly clock: Clock;
  /** How long a response may take beside the wait that the client asks for. */
  readonly responseMs: number;
  readonly waits: UploadChangesOptions['waits'];
}

const WAIT_MAX_SECONDS = 20;

/** A redrive can follow FAILED, but nothing follows by itself. */
const FINAL_STATES: readonly UploadState[] = [UploadState.processed, UploadState.failed, UploadState.revoked];

const query = Type.Object({
  wait: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: WAIT_MAX_SECONDS,
      default: 0,
      description:
        'The service responds when the state changes, or after this number of seconds. It responds at once if the state is PROCESSED, ' +
        'FAILED or REVOKED, or if too many requests wait already.',
      'x-expected': `a whole number of seconds from 0 to ${WAIT_MAX_SECONDS}`,
    }),
  ),
  state: Type.Optional({
    ...state,
    description:
      'The state that you know. With `wait`, the service responds at once if the state is another.',
    'x-expected': `one of ${Object.values(UploadState).join(', ')}`,
  }),
});

/** `GET /v1/uploads/{id}`: what became of an upload, for the key that made it, by one Query; and another after a wait. */
export async function getUpload(app: FastifyInstance, options: GetUploadOptions): Promise<void> {
  const { uploadStore, clock, responseMs } = options;
  const changes = createUploadChanges(options);
  app.addHook('preClose', async () => changes.close());

  /** @throws HttpError 404, 503 */
  async function read(request: FastifyRequest, key: string) {
    const reading = uploadStore.getWithObservedVersions(key, OBSERVED_VERSIONS_MAX);
    const settled = reading.then(
      () => undefined,
      () => undefined,
    );
    if (!(await endsWithin(clock, responseMs, settled)))
      throw serviceUnavailable(new Error('the table of uploads took too long'));
    const found = await reading.catch((cause) => {
      throw serviceUnavailable(cause);
    });
    assertOwn(request, found?.upload);
    if (!found) throw uploadNotFound();
    return found;
  }

  app.route<{ Params: Static<typeof idParameter>; Querystring: Static<typeof query> }>({
    method: 'GET',
    url: '/v1/uploads/:id',
    exposeHeadRoute: false,
    handlerTimeout: responseMs + WAIT_MAX_SECONDS * 1000,
    config: { asksForState: true },
    schema: {
      operationId: 'getUpload',
      summary: 'Get the state of an upload',
      params: idParameter,
      querystring: query,
      response: responses({ 200: uploadResponse }, 404, 414),
    },
    handler: async (request) => {
      const startedMs = clock.monotonicMs();
      const key = keyOfId(request.params.id);
      const { wait = 0, state: known } = request.query;
      let found = await read(request, key);
      request.uploadKey = key;
      const { state, apiKeyId } = found.upload;
      const waitMs = wait * 1000 - (clock.monotonicMs() - startedMs);
      const isKnown = known === undefined || known === state;
      if (waitMs > 0 && isKnown && !FINAL_STATES.includes(state)) {
        const { signal } = request;
        await changes.untilChanged({ key, state, apiKeyId, waitMs, signal });
        // A client that is gone reads no response.
        if (!signal.aborted) found = await read(request, key);
      }
      return uploadView(found.upload, found.observedVersions, found.tallies);
    },
  });
}
