import { allowsContentType, isExecutedByBrowsers } from '@upload-once/access';
import { sampledPlaceOf, type Traces } from '@upload-once/tracing';
import type { LinkStore } from '@upload-once/uploads';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { HttpError, serviceUnavailable } from '../../http-error.ts';
import { violationsOfFilename } from '../../issuing/read-upload-body.ts';
import { FILENAME_VARIABLE, uploadBody } from '../../issuing/upload-body.ts';
import type { UploadDefaults } from '../../issuing/upload-request.ts';
import { refuseAny } from '../../issuing/violations.ts';
import { LINK_SIGNATURE_SECONDS } from '../../links/issue-link.ts';
import { LinkState, linkStateOf, maxBytesOf, type PresentedLink } from '../../links/link-state.ts';
import { linkOf } from '../../plugins/link-access.ts';
import type { RefusalReason } from '../../refusal-reasons.ts';
import { expirationOf } from '../../signing/signature-times.ts';
import type { UploadSigner } from '../../signing/upload-signer.ts';
import { LINK_SECURITY, linkResponses, signedFile } from './responses.ts';

export interface SignFileOptions {
  readonly defaults: UploadDefaults;
  readonly signer: UploadSigner;
  readonly linkStore: Pick<LinkStore, 'recordClick'>;
  /** Undefined: no spans are made, and no click is recorded. */
  readonly traces?: Traces | undefined;
}

const fileBody = Type.Object(
  {
    sizeBytes: Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'The size of the file. S3 accepts no other.',
      'x-expected': 'the size of the file in bytes',
    }),
    contentType: Type.Optional({
      ...uploadBody.properties.contentType,
      description: 'The content type of the file. A link that asks for certain types needs it.',
    }),
    filename: Type.Optional({
      ...uploadBody.properties.filename,
      description: 'The name of the file, in UTF-8. S3 stores it percent-encoded in x-amz-meta-filename.',
    }),
  },
  { additionalProperties: false },
);

/**
 * `POST /u/sign`: what one file can be sent with, for a minute. It is signed for the same key each time, and only while the upload is
 * ISSUED. The signature's date is from before the upload was read: a minute after a claim, nothing that was signed for its key works.
 *
 * A link can be weeks old, so each click begins a trace of its own, which links to that of the link. The upload goes on in the last click's.
 * So a click is recorded if it is sampled, or if what the upload goes on in now is: then it ends that. That write is best effort: no response
 * waits for it, and without it the upload's spans belong to the trace of the click before, or to that of the link.
 */
export async function signFile(app: FastifyInstance, options: SignFileOptions): Promise<void> {
  const { defaults, signer, linkStore, traces } = options;

  function rememberClick(request: FastifyRequest, { upload, readAt: at }: PresentedLink): void {
    const { traceparent } = request;
    if (!traces || !(sampledPlaceOf(traceparent) || sampledPlaceOf(upload.traceparent))) return;
    request.clickedTraceparent = upload.click?.createdTraceparent ?? upload.traceparent;
    linkStore.recordClick(upload.key, { at, traceparent }).catch((err) => {
      request.log.debug({ err }, 'a click could not be recorded: its trace ends with it');
    });
  }

  app.route<{ Body: Static<typeof fileBody> }>({
    method: 'POST',
    url: '/u/sign',
    config: { ignoresTraceparent: true },
    schema: {
      operationId: 'signFile',
      summary: 'Get a form or URL to send the file of a link',
      security: LINK_SECURITY,
      body: fileBody,
      response: linkResponses({ 200: signedFile }, 409, 410, 413, 415),
    },
    handler: async (request) => {
      const presented = linkOf(request);
      const { upload, readAt } = presented;
      assertOpen(presented);
      const { sizeBytes, contentType, filename } = request.body;
      refuseAny(violationsOfFilename(request.body));
      assertSize(sizeBytes, upload.constraints.minBytes, maxBytesOf(presented, defaults));
      assertContentType(contentType, presented);
      const end = Math.min(
        expirationOf(readAt, LINK_SIGNATURE_SECONDS).getTime(),
        upload.expiresAt.getTime(),
      );
      try {
        const signing = await signer.begin(new Date(end));
        rememberClick(request, presented);
        const signed = await signing.sign({
          ...upload,
          issuedAt: readAt,
          constraints: {
            ...upload.constraints,
            minBytes: sizeBytes,
            maxBytes: sizeBytes,
            ...(contentType !== undefined && { contentType }),
            ...(filename !== undefined && { filename }),
          },
        });
        return { ...signed, expiresAt: signing.expiresAt.toISOString() };
      } catch (error) {
        throw serviceUnavailable(error);
      }
    },
  });
}

const REFUSALS: Record<Exclude<LinkState, 'open'>, [status: number, message: string, code: RefusalReason]> = {
  [LinkState.received]: [409, 'A file was received by this link already', 'LinkUsed'],
  [LinkState.failed]: [409, 'A file was received by this link already', 'LinkUsed'],
  [LinkState.expired]: [410, 'The link has expired', 'LinkExpired'],
  [LinkState.revoked]: [410, 'The link was revoked', 'LinkRevoked'],
  [LinkState.stopped]: [
    410,
    'The API key that made the link was disabled, or allows none of its content types',
    'LinkStopped',
  ],
};

function assertOpen(presented: PresentedLink): void {
  const state = linkStateOf(presented);
  if (state === LinkState.open) return;
  const [status, message, code] = REFUSALS[state];
  throw new HttpError(status, message, { code });
}

function assertSize(sizeBytes: number, minBytes: number, maxBytes: number): void {
  if (sizeBytes > maxBytes)
    throw new HttpError(413, `The file has at most ${maxBytes} bytes, not ${sizeBytes}`, {
      code: 'FileTooLarge',
    });
  if (sizeBytes < minBytes)
    throw new HttpError(400, `The file has at least ${minBytes} bytes, not ${sizeBytes}`, {
      code: 'FileTooSmall',
    });
}

/** What the key allows now counts as well: its limits may have been lowered since. */
function assertContentType(contentType: string | undefined, { link, apiKey, upload }: PresentedLink): void {
  const refuse = (why: string): never => {
    const type = JSON.stringify(contentType ?? '');
    throw new HttpError(415, `${why}, not ${type}`, { code: 'ContentTypeNotAllowed' });
  };
  const refuseBy = (who: string, types: readonly string[] | undefined) => {
    if (!types || allowsContentType({ allowedContentTypes: types }, contentType)) return;
    const hint = isExecutedByBrowsers(contentType ?? '')
      ? ', and by a range no type that browsers execute'
      : '';
    refuse(`${who} allows ${types.join(', ')}${hint}`);
  };
  refuseBy('The link', link.contentTypes);
  refuseBy('The API key of the link', apiKey?.allowedContentTypes);
  if (upload.constraints.method === 'post' && contentType?.includes(FILENAME_VARIABLE))
    refuse(`The content type is one without ${FILENAME_VARIABLE}`);
}
