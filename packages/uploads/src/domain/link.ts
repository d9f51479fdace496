import type { Upload } from './upload.ts';

/** What the page of a link shows of the one who asks for the file. */
export interface LinkTexts {
  readonly title?: string;
  readonly message?: string;
  readonly from?: string;
}

/**
 * A link by which a person without an API key can send the file of one upload. What decides is in the upload: its state, its end, its size.
 * The link adds who may ask for a signature, and what the page shows.
 */
export interface Link extends LinkTexts {
  /** The upload's. */
  readonly key: string;
  readonly apiKeyId: string;
  /** When the upload was issued. */
  readonly createdAt: Date;
  /** SHA-256 of the link's secret, 64 lower-case hexadecimal digits. The secret itself is in no table. */
  readonly secretSha256: string;
  /** The types that the file can have, as `allowsContentType` of the package access reads them; undefined: any. */
  readonly contentTypes?: readonly string[];
  /** Where the page leads when the file was received. */
  readonly returnUrl?: string;
  /** The page's language; undefined: the browser's. */
  readonly language?: string;
}

/** A link for an upload that ends then. */
export interface NewLink extends Link {
  readonly expiresAt: Date;
}

export interface LinkedUpload {
  readonly upload: Upload;
  readonly link: Link;
}
