import type { AccessStore, IdempotencyStore } from '@upload-once/access';
import type { Traces } from '@upload-once/tracing';
import type { LinkStore, UploadStore } from '@upload-once/uploads';
import type { FastifyInstance } from 'fastify';
import { joinRepeats } from '../issuing/join-repeats.ts';
import type { UploadDefaults } from '../issuing/upload-request.ts';
import { createLinkIssuer } from '../links/issue-link.ts';
import type { LinkSettings } from '../links/link-settings.ts';
import { linkAccess } from '../plugins/link-access.ts';
import type { TokenBuckets } from '../rates/token-buckets.ts';
import type { UploadSigner } from '../signing/upload-signer.ts';
import { strictValidation } from '../strict-validation.ts';
import { signFile } from './u/sign-file.ts';
import { viewLink } from './u/view-link.ts';
import { changeLink } from './v1/links/change-link.ts';
import { createLink } from './v1/links/create-link.ts';
import { getLink } from './v1/links/get-link.ts';
import { listLinks } from './v1/links/list-links.ts';
import { revokeLink } from './v1/links/revoke-link.ts';

export interface LinkRoutesOptions {
  readonly pathPrefix: string;
  readonly defaults: UploadDefaults;
  readonly links: LinkSettings;
  readonly linkStore: LinkStore;
  readonly uploadStore: UploadStore;
  readonly idempotencyStore: IdempotencyStore;
  readonly accessStore: AccessStore;
  readonly buckets: TokenBuckets;
  readonly signer: UploadSigner;
  readonly traces?: Traces | undefined;
  readonly now: () => Date;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly pause?: (ms: number) => Promise<unknown>;
}

/** What API keys do with their links. The plugins that guard a key's routes come before. */
export async function linkManagement(guarded: FastifyInstance, options: LinkRoutesOptions): Promise<void> {
  const issueLink = createLinkIssuer(options);
  const issueLinkOnce = joinRepeats(issueLink);
  await guarded.register(createLink, {
    ...options,
    issueLink: (linkRequest, context, request) =>
      request ? issueLinkOnce(linkRequest, context, request) : issueLink(linkRequest, context),
  });
  for (const route of [listLinks, getLink, changeLink, revokeLink]) await guarded.register(route, options);
}

/** What the page of a link asks. Here the link says who it is, and how often it may. */
export async function linkRequests(linked: FastifyInstance, options: LinkRoutesOptions): Promise<void> {
  await linked.register(linkAccess, options);
  linked.setValidatorCompiler(strictValidation);
  await linked.register(viewLink, options);
  await linked.register(signFile, options);
}
