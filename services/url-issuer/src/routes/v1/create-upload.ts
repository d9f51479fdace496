import { uploadIdOf } from '@upload-once/uploads';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { idempotencyKeyHeader, idempotencyKeyOf, requestSha256Of } from '../../issuing/idempotency-key.ts';
import type { IssueIdempotently } from '../../issuing/issue-idempotently.ts';
import type { IssueUpload } from '../../issuing/issue-upload.ts';
import { readUploadBody } from '../../issuing/read-upload-body.ts';
import { uploadBody } from '../../issuing/upload-body.ts';
import type { UploadDefaults } from '../../issuing/upload-request.ts';
import { createdUpload, responses } from './responses.ts';

export interface CreateUploadOptions {
  readonly defaults: UploadDefaults;
  readonly issueUpload: IssueUpload;
  readonly issueIdempotently: IssueIdempotently;
}

/** Metadata has 2 KiB, a name 900 bytes; JSON may write each character as six. */
const BODY_LIMIT_BYTES = 32 * 1024;

const headers = Type.Object({ 'idempotency-key': Type.Optional(idempotencyKeyHeader) });

/** `POST /v1/uploads`: a form or URL that is good for one upload, once the upload is durable in the table. */
export async function createUpload(app: FastifyInstance, options: CreateUploadOptions): Promise<void> {
  app.route<{ Body: Static<typeof uploadBody> }>({
    method: 'POST',
    url: '/v1/uploads',
    bodyLimit: BODY_LIMIT_BYTES,
    schema: {
      operationId: 'createUpload',
      summary: 'Create an upload',
      headers,
      body: uploadBody,
      response: responses({ 201: createdUpload }, 409, 413, 415, 422),
    },
    handler: async (request, reply) => {
      const { apiKey, traceparent } = request;
      if (!apiKey) throw new Error('The plugin api-key must come before this route');
      const idempotencySha256 = idempotencyKeyOf(request.raw.rawHeaders);
      const uploadRequest = readUploadBody(request.body, apiKey, options.defaults);
      const takeQuota = () => request.takeQuota(reply);
      const context = { apiKeyId: apiKey.keyId, traceparent, takeQuota };
      const issued =
        idempotencySha256 === undefined
          ? await options.issueUpload(uploadRequest, context)
          : await options.issueIdempotently(uploadRequest, context, {
              key: { apiKeyId: apiKey.keyId, sha256: idempotencySha256 },
              requestSha256: requestSha256Of(request.body),
              isCounted: apiKey.dailyQuota !== undefined,
            });
      request.uploadKey = issued.key;
      // It took too long and the client got 503: what is in the table now is an upload without a form.
      if (reply.sent) return reply;
      request.isIssued = issued.isNew;
      if (issued.isNew) request.uploadExpiresAt = issued.expiresAt;
      const id = uploadIdOf(issued.key);
      reply.code(201);
      return { id, state: issued.state, ...issued.signed, expiresAt: issued.expiresAt.toISOString() };
    },
  });
}
