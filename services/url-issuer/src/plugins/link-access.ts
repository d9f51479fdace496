import { createHash } from 'node:crypto';
import { type AccessStore, type ApiKey, UnknownApiKey } from '@upload-once/access';
import type { LinkStore } from '@upload-once/uploads';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { clientAddressOf } from '../client-address.ts';
import { headerValues } from '../header-values.ts';
import { forbidden, HttpError, serviceUnavailable, tooManyRequests } from '../http-error.ts';
import { showLimit } from '../limit-headers.ts';
import { opensLink, readLinkToken } from '../links/link-secret.ts';
import type { LinkSettings } from '../links/link-settings.ts';
import type { PresentedLink } from '../links/link-state.ts';
import type { TokenBuckets } from '../rates/token-buckets.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The link that this request came with; undefined only where none is asked for. */
    link: PresentedLink | undefined;
  }
}

export interface LinkAccessOptions {
  readonly linkStore: LinkStore;
  readonly accessStore: Pick<AccessStore, 'getKey'>;
  readonly buckets: TokenBuckets;
  readonly links: LinkSettings;
  readonly now: () => Date;
}

const SECONDS_PER_MINUTE = 60;

/**
 * From here on every request has a link, in one header `Authorization: Bearer <id>.<secret>`.
 *
 * First its address is counted, before anything is looked up. A link is counted when the secret was found to be its own: who has none
 * can't keep its person out.
 */
export const linkAccess = fp(
  async (app, options: LinkAccessOptions) => {
    const { linkStore, accessStore, buckets, links, now } = options;

    async function count(
      limit: { readonly name: string; readonly bucket: string; readonly perMinute: number },
      reply: FastifyReply,
    ): Promise<void> {
      const { name, bucket, perMinute } = limit;
      const ratePerSecond = perMinute / SECONDS_PER_MINUTE;
      const { taken, remaining, waitMs, fullInMs } = await buckets.take(bucket, {
        burst: perMinute,
        ratePerSecond,
      });
      showLimit(reply, {
        name,
        limit: perMinute,
        windowSeconds: SECONDS_PER_MINUTE,
        remaining,
        resetSeconds: Math.ceil((taken ? fullInMs : waitMs) / 1000),
      });
      if (!taken) throw tooManyRequests(Math.ceil(waitMs / 1000));
    }

    /** Undefined: it opens nothing any more. */
    async function findKey(keyId: string): Promise<ApiKey | undefined> {
      try {
        const { key } = await accessStore.getKey(keyId);
        return key.enabled ? key : undefined;
      } catch (error) {
        if (error instanceof UnknownApiKey) return undefined;
        throw serviceUnavailable(error);
      }
    }

    async function find(request: FastifyRequest): Promise<PresentedLink> {
      const token = readLinkToken(presentedBy(request));
      if (!token) throw forbidden();
      const readAt = now();
      const found = await linkStore.get(token.key).catch((cause) => {
        throw serviceUnavailable(cause);
      });
      if (!opensLink(token.secret, found?.link.secretSha256) || !found) throw forbidden();
      return { ...found, readAt, apiKey: await findKey(found.upload.apiKeyId) };
    }

    app.decorateRequest('link', undefined);
    app.addHook('onRequest', async (request, reply) => {
      if (links.origin === undefined) throw linksDisabled();
      if (links.addressRatePerMinute > 0) {
        const bucket = `address:${clientAddressOf(request.ip as string | undefined)}`;
        await count({ name: 'address', bucket, perMinute: links.addressRatePerMinute }, reply);
      }
      const link = await find(request);
      const { key } = link.upload;
      request.uploadKey = key;
      await count({ name: 'rate', bucket: `link:${sha256(key)}`, perMinute: links.ratePerMinute }, reply);
      request.link = link;
    });
  },
  { name: 'link-access', fastify: '5.x' },
);

/** For an installation that has no origin for links. */
export function linksDisabled(): HttpError {
  return new HttpError(403, 'This installation has no links: LINK_ORIGIN is not set', {
    code: 'LinksDisabled',
  });
}

/** @throws Error where the plugin does not come before */
export function linkOf(request: FastifyRequest): PresentedLink {
  if (!request.link) throw new Error('The plugin link-access must come before this route');
  return request.link;
}

/** Empty unless there is one, which is a bearer token. */
function presentedBy({ raw }: FastifyRequest): string {
  const [value = '', ...others] = headerValues('authorization', raw.rawHeaders);
  return (others.length === 0 && /^Bearer +([!-~]+)$/i.exec(value)?.[1]) || '';
}

/** A key can have a kilobyte, and any character. */
function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
