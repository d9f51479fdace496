import type { Link, LinkedUpload, LinkTexts, NewLink } from '../domain/link.ts';
import type { Click } from '../domain/upload.ts';

export interface LinkPage {
  /** The newest first. */
  readonly links: readonly LinkedUpload[];
  /** For the next page; undefined: this is the last one. */
  readonly next?: string;
}

/**
 * Links, in the table `uploads`. Every read is strongly consistent. Calls reject when the table does not respond; a write may then have
 * taken effect or not, and may be repeated.
 */
export interface LinkStore {
  /**
   * Records the link of an upload that was issued. If the upload has its link already, only the secret is replaced: what was opened by the
   * secret before is opened by the given one from now on. Of several calls at once, the secret of one opens the link.
   */
  record(link: NewLink): Promise<void>;

  /** A link with its upload; undefined: one of them does not exist. */
  get(key: string): Promise<LinkedUpload | undefined>;

  /** Some of the links of an API key. @param after a page's `next` */
  list(apiKeyId: string, most: number, after?: string): Promise<LinkPage>;

  /** Replaces the given texts. An empty one removes its text. Undefined: there is no such link. */
  changeTexts(key: string, texts: Pick<LinkTexts, 'title' | 'message'>): Promise<Link | undefined>;

  /** Records a click in the link's upload, if that is still ISSUED: the trace of what arrives begins with it. */
  recordClick(key: string, click: Click): Promise<void>;

  /** Keeps a link's items as long as those of an upload that ends then: only ever longer. */
  keepUntil(link: Link, expiresAt: Date): Promise<void>;
}
