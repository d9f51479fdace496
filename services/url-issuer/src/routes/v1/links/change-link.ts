import {
  type LinkedUpload,
  type LinkStore,
  type Upload,
  UploadState,
  type UploadStore,
} from '@upload-once/uploads';
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { HttpError, serviceUnavailable } from '../../../http-error.ts';
import { linkChangeBody } from '../../../links/link-body.ts';
import type { LinkSettings } from '../../../links/link-settings.ts';
import { assertLinkChange } from '../../../links/read-link-body.ts';
import { expirationOf } from '../../../signing/signature-times.ts';
import { idParameter } from '../own-upload.ts';
import { responses } from '../responses.ts';
import { linkView } from './link-view.ts';
import { findOwnLink } from './own-link.ts';
import { linkResponse } from './responses.ts';

export interface ChangeLinkOptions {
  readonly uploadStore: UploadStore;
  readonly linkStore: LinkStore;
  readonly links: LinkSettings;
  readonly now: () => Date;
}

/** Two texts; JSON may write each character as six. */
const BODY_LIMIT_BYTES = 16 * 1024;

/** `PATCH /v1/links/{id}`: other texts, and another end while no file was received. */
export async function changeLink(app: FastifyInstance, options: ChangeLinkOptions): Promise<void> {
  const { uploadStore, linkStore, links, now } = options;

  /** The records are kept longer first: none is deleted before the link's end. */
  async function changeEnd({ upload, link }: LinkedUpload, expiresAt: Date): Promise<Upload> {
    if (upload.state !== UploadState.issued) throw linkOver(upload);
    await linkStore.keepUntil(link, expiresAt);
    const changed = await uploadStore.changeExpiry(upload, expiresAt);
    if (changed.applied) return changed.upload;
    throw changed.upload?.state === UploadState.issued ? changedMeanwhile() : linkOver(upload);
  }

  /** @throws HttpError 400 for a life that is longer in all than any link's */
  function newEnd({ link }: LinkedUpload, expiresInSeconds: number): Date {
    const latest = expirationOf(link.createdAt, links.lifetimeMaxSeconds);
    const expiresAt = expirationOf(now(), expiresInSeconds);
    if (expiresAt <= latest) return expiresAt;
    throw new HttpError(
      400,
      `"expiresInSeconds" is less here, not ${expiresInSeconds}: a link made at ${link.createdAt.toISOString()} ends at ${latest.toISOString()} at the latest`,
    );
  }

  async function change(found: LinkedUpload, body: Static<typeof linkChangeBody>): Promise<LinkedUpload> {
    const { expiresInSeconds, ...given } = body;
    const texts = Object.fromEntries(Object.entries(given).map(([field, text]) => [field, text.trim()]));
    const upload =
      expiresInSeconds === undefined ? found.upload : await changeEnd(found, newEnd(found, expiresInSeconds));
    if (Object.keys(texts).length === 0) return { ...found, upload };
    const link = await linkStore.changeTexts(upload.key, texts);
    return { link: link ?? found.link, upload };
  }

  app.route<{ Params: Static<typeof idParameter>; Body: Static<typeof linkChangeBody> }>({
    method: 'PATCH',
    url: '/v1/links/:id',
    bodyLimit: BODY_LIMIT_BYTES,
    schema: {
      operationId: 'changeLink',
      summary: 'Change the texts or the end of a link',
      params: idParameter,
      body: linkChangeBody,
      response: responses({ 200: linkResponse }, 404, 409, 413, 414, 415),
    },
    handler: async (request) => {
      assertLinkChange(request.body, links);
      const found = await findOwnLink(request, linkStore);
      const changed = await change(found, request.body).catch((error) => {
        throw error instanceof HttpError ? error : serviceUnavailable(error);
      });
      if (request.body.expiresInSeconds !== undefined) request.uploadExpiresAt = changed.upload.expiresAt;
      return linkView(changed);
    },
  });
}

function linkOver({ state }: Upload): HttpError {
  return state === UploadState.revoked
    ? new HttpError(409, 'The link was revoked: its end can’t be changed any more', { code: 'UploadRevoked' })
    : new HttpError(409, 'The link was used: its end can’t be changed any more', { code: 'LinkUsed' });
}

function changedMeanwhile(): HttpError {
  return new HttpError(409, 'Another request changed the end of the link at the same time', {
    code: 'LinkChanged',
  });
}
