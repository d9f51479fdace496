/** What is known of an API key; never its value. */
export interface ApiKey {
  readonly keyId: string;
  /** Whose it is, for people: logs and lists show it. Not unique. */
  readonly name: string;
  /** Requests for each second in the long run; may be a fraction. */
  readonly ratePerSecond: number;
  /** How many requests may come at once. */
  readonly burst: number;
  /** Uploads that may be issued from one 00:00 UTC to the next; without it any number. */
  readonly dailyQuota?: number;
  /** Content types an upload may have, as `allowsContentType` reads them (`image/*` without what browsers execute); without it any, and none. */
  readonly allowedContentTypes?: readonly string[];
  /** The largest upload that may be asked for, in bytes; without it what the installation allows. */
  readonly maxBytes?: number;
  readonly createdAt: Date;
  /** A disabled key is as good as none. */
  readonly enabled: boolean;
}

/** The settings that the maker of a key decides. */
export type ApiKeySettings = Omit<ApiKey, 'keyId' | 'createdAt' | 'enabled'>;
