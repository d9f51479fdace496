import { uploadIdOf } from '@upload-once/uploads';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { idempotencyKeyHeader, idempotencyKeyOf, requestSha256Of } from '../../../issuing/idempotency-key.ts';
import type { UploadDefaults } from '../../../issuing/upload-request.ts';
import type { IssueLink } from '../../../links/issue-link.ts';
import { linkBody } from '../../../links/link-body.ts';
import { writeLinkToken } from '../../../links/link-secret.ts';
import type { LinkSettings } from '../../../links/link-settings.ts';
import { readLinkBody } from '../../../links/read-link-body.ts';
import { linksDisabled } from '../../../plugins/link-access.ts';
import { responses } from '../responses.ts';
import { createdLink } from './responses.ts';

export interface CreateLinkOptions {
  readonly defaults: UploadDefaults;
  readonly links: LinkSettings;
  readonly pathPrefix: string;
  readonly issueLink: IssueLink;
}

/** As a body of POST /v1/uploads, and the texts; JSON may write each character as six. */
const BODY_LIMIT_BYTES = 48 * 1024;

const headers = Type.Object({
  'idempotency-key': Type.Optional({
    ...idempotencyKeyHeader,
    description:
      'A value that the client chooses, 1 to 255 characters. For 24 hours, the same request with the same value gives the same link ' +
      'with a new secret while the link is unused. The URL of the earlier response stops working.',
  }),
});

/** `POST /v1/links`: a link by which a person without an API key can send one file, once it is durable in the table. */
export async function createLink(app: FastifyInstance, options: CreateLinkOptions): Promise<void> {
  const { defaults, links, pathPrefix, issueLink } = options;
  app.route<{ Body: Static<typeof linkBody> }>({
    method: 'POST',
    url: '/v1/links',
    bodyLimit: BODY_LIMIT_BYTES,
    schema: {
      operationId: 'createLink',
      summary: 'Create a link to send to a person',
      headers,
      body: linkBody,
      response: responses({ 201: createdLink }, 409, 413, 415, 422),
    },
    handler: async (request, reply) => {
      const { apiKey, traceparent, body } = request;
      if (!apiKey) throw new Error('The plugin api-key must come before this route');
      if (links.origin === undefined) throw linksDisabled();
      const idempotencySha256 = idempotencyKeyOf(request.raw.rawHeaders);
      const linkRequest = readLinkBody(body, apiKey, defaults, links);
      const context = { apiKeyId: apiKey.keyId, traceparent, takeQuota: () => request.takeQuota(reply) };
      const issued = await issueLink(
        linkRequest,
        context,
        idempotencySha256 === undefined
          ? undefined
          : {
              key: { apiKeyId: apiKey.keyId, sha256: idempotencySha256 },
              // No body of POST /v1/uploads says the same.
              requestSha256: requestSha256Of({ link: body }),
              isCounted: apiKey.dailyQuota !== undefined,
            },
      );
      request.uploadKey = issued.key;
      // It took too long and the client got 503: what is in the table now is a link without its secret.
      if (reply.sent) return reply;
      request.isIssued = issued.isNew;
      if (issued.isNew) request.uploadExpiresAt = issued.expiresAt;
      reply.code(201);
      return {
        id: uploadIdOf(issued.key),
        url: `${links.origin}${pathPrefix}/u#${writeLinkToken(issued)}`,
        expiresAt: issued.expiresAt.toISOString(),
      };
    },
  });
}
