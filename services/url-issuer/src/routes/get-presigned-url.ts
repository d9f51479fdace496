import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { IssueUpload } from '../issuing/issue-upload.ts';
import { plainUploadRequest } from '../issuing/plain-upload-request.ts';
import type { UploadDefaults } from '../issuing/upload-request.ts';
import { responses } from './v1/responses.ts';

export interface GetPresignedUrlOptions {
  readonly defaults: UploadDefaults;
  readonly issueUpload: IssueUpload;
}

/** The contract with existing clients: they post `fields` and `file` to `url.url`. Nothing else may appear in it. */
const formResponse = Type.Object(
  { url: Type.Object({ url: Type.String(), fields: Type.Record(Type.String(), Type.String()) }) },
  { description: 'A form. Post its fields and the file to its URL.' },
);

/** `GET /getpresignedurl`: a form that is good for one upload, once the upload is durable in the table. */
export async function getPresignedUrl(app: FastifyInstance, options: GetPresignedUrlOptions): Promise<void> {
  app.route({
    method: 'GET',
    url: '/getpresignedurl',
    // A HEAD would leave an upload behind whose form is never sent.
    exposeHeadRoute: false,
    schema: {
      operationId: 'getPresignedUrl',
      summary: 'Get a form with the installation’s defaults',
      response: responses({ 200: formResponse }),
    },
    handler: async (request, reply) => {
      if (!request.apiKey) throw new Error('The plugin api-key must come before this route');
      const uploadRequest = plainUploadRequest(request.apiKey, options.defaults);
      const { key, signed, expiresAt } = await options.issueUpload(uploadRequest, {
        apiKeyId: request.apiKey.keyId,
        traceparent: request.traceparent,
        takeQuota: () => request.takeQuota(reply),
      });
      if (signed.method !== 'post') throw new Error('A plain upload request is for a form');
      request.uploadKey = key;
      // It took too long and the client got 503: what is in the table now is an upload without a form.
      if (reply.sent) return reply;
      request.isIssued = true;
      request.uploadExpiresAt = expiresAt;
      return { url: { url: signed.url, fields: signed.fields } };
    },
  });
}
