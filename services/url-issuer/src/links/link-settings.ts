/** What the installation says of links. */
export interface LinkSettings {
  /** The origin at which people open links; undefined: there are no links. */
  readonly origin?: string;
  /** Origins that a link's page may lead back to. */
  readonly returnOrigins: readonly string[];
  /** How long a link lives where nothing else is asked for. */
  readonly lifetimeSeconds: number;
  /** The longest life that may be asked for. */
  readonly lifetimeMaxSeconds: number;
  /** How many requests of its page a link allows each minute, and at once. */
  readonly ratePerMinute: number;
  /** How many requests to any links an address can send each minute, and at once; 0: any number. */
  readonly addressRatePerMinute: number;
}

/** The languages of a link's page. */
export const LINK_LANGUAGES = ['en', 'de', 'nl', 'fr', 'es'] as const;
