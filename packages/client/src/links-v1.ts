import { askIssuer, type IssuerAccess, refusal } from './issuer-request.ts';
import { withRetries } from './issuer-retries.ts';
import { randomHex } from './random-hex.ts';
import { text } from './upload-form.ts';
import { assertIdempotencyKey, type NewUploadOptions, readResponse, type UploadState } from './uploads-v1.ts';

/** What a link may be; whatever is left out is the installation's default. */
export interface NewLinkOptions
  extends Pick<NewUploadOptions, 'name' | 'method' | 'minBytes' | 'maxBytes' | 'sha256' | 'metadata'> {
  /** Media types such as `application/pdf`, or `image/*`. */
  readonly contentTypes?: readonly string[] | undefined;
  readonly title?: string | undefined;
  readonly message?: string | undefined;
  readonly from?: string | undefined;
  /** At most 30 days. */
  readonly expiresInSeconds?: number | undefined;
  /** The installation limits the origins. */
  readonly returnUrl?: string | undefined;
  readonly language?: string | undefined;
}

export interface CreatedLink {
  readonly id: string;
  /** To send to the person. It has a secret that no other response has. */
  readonly url: string;
  readonly expiresAt: string;
}

/** A link as its maker sees it. */
export interface LinkStatus {
  readonly id: string;
  readonly state: UploadState;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly title?: string;
  readonly message?: string;
  readonly from?: string;
  /** The name of the file that was received, from its acceptance on. */
  readonly filename?: string;
  readonly sizeBytes?: number;
  readonly receivedAt?: string;
  readonly revokedAt?: string;
}

export interface LinkList {
  readonly links: readonly LinkStatus[];
  /** For the next page; absent on the last one. */
  readonly next?: string;
}

/**
 * `POST /v1/links`: a link to send to a person who has no API key. Again as `retries` say: all tries of one call give one link, with the
 * URL of the last response.
 * @throws InvalidArgument, RequestRefused, IssuerUnavailable, the signal's reason; as `createUpload`
 */
export async function createLink(
  request: IssuerAccess & NewLinkOptions & { readonly idempotencyKey?: string | undefined },
): Promise<CreatedLink> {
  const { issuerUrl, apiKey, timeoutSeconds, signal, fetch, retries, idempotencyKey, ...body } = request;
  if (idempotencyKey !== undefined) assertIdempotencyKey(idempotencyKey);
  const access = { issuerUrl, apiKey, timeoutSeconds, signal, fetch, retries };
  const headers = { 'idempotency-key': idempotencyKey ?? randomHex(16) };
  return withRetries(access, async () => {
    const response = await askIssuer(access, { method: 'POST', path: '/v1/links', body, headers });
    if (response.status !== 201) throw refusal(response);
    return readResponse(response, 'link', (created) => ({
      id: text(created, 'id'),
      url: text(created, 'url'),
      expiresAt: text(created, 'expiresAt'),
    }));
  });
}

/** `GET /v1/links`: one page, the newest first. @param after a page's `next` @throws as `createLink` */
export async function listLinks(access: IssuerAccess, after?: string): Promise<LinkList> {
  const path = `/v1/links?limit=50${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`;
  return withRetries(access, async () => {
    const response = await askIssuer(access, { method: 'GET', path });
    if (response.status !== 200) throw refusal(response);
    return readResponse(response, 'list of links', (page) => {
      if (!Array.isArray(page['links'])) throw new Error('"links" is no list');
      return page as unknown as LinkList;
    });
  });
}

/**
 * `PATCH /v1/links/{id}`: another title, message or end, counted from now. An empty text removes it.
 * @throws RequestRefused with `issuerCode` `LinkUsed` or `UploadRevoked` for the end of one that is over; and as `createLink`
 */
export async function changeLink(
  access: IssuerAccess,
  id: string,
  changes: Pick<NewLinkOptions, 'title' | 'message' | 'expiresInSeconds'>,
): Promise<LinkStatus> {
  return withRetries(access, async () => {
    const response = await askIssuer(access, { method: 'PATCH', path: pathOf(id), body: changes });
    if (response.status !== 200) throw refusal(response);
    return readResponse(response, 'link', (link) => {
      text(link, 'id');
      text(link, 'state');
      return link as unknown as LinkStatus;
    });
  });
}

/**
 * `DELETE /v1/links/{id}`: nothing that arrives from now on is accepted. Again is no error.
 * @throws RequestRefused with `issuerCode` `AlreadyClaimed` once a file has come; and as `createLink`
 */
export async function revokeLink(access: IssuerAccess, id: string): Promise<void> {
  await withRetries(access, async () => {
    const response = await askIssuer(access, { method: 'DELETE', path: pathOf(id) });
    if (response.status !== 204) throw refusal(response);
  });
}

function pathOf(id: string): string {
  return `/v1/links/${encodeURIComponent(id)}`;
}
