import {
  type ConfigOf,
  entriesOf,
  integer,
  ORIGIN_EXPECTED,
  ORIGINS_EXPECTED,
  optional,
  text,
} from '@upload-once/runtime';
import { LONGEST_UPLOAD_SECONDS } from '@upload-once/uploads';
import type { LinkSettings } from './link-settings.ts';

const LIFETIME_EXPECTED = `a whole number of seconds from 1 to ${LONGEST_UPLOAD_SECONDS} (30 days)`;

/** The url-issuer's variables about links. */
export const linkFields = {
  LINK_ORIGIN: optional(
    text({
      description:
        'The origin of this service as people see it, for upload links. Without it, there are no links, and those that exist do not work.',
      expected: ORIGIN_EXPECTED,
    }),
  ),
  LINK_LIFETIME_SECONDS: integer({
    default: 604_800,
    minimum: 1,
    maximum: LONGEST_UPLOAD_SECONDS,
    description: 'How long a link works, if the request sets no lifetime.',
    expected: LIFETIME_EXPECTED,
  }),
  LINK_LIFETIME_MAX_SECONDS: integer({
    default: LONGEST_UPLOAD_SECONDS,
    minimum: 1,
    maximum: LONGEST_UPLOAD_SECONDS,
    description: 'The longest lifetime that POST /v1/links accepts, at least LINK_LIFETIME_SECONDS.',
    expected: LIFETIME_EXPECTED,
  }),
  LINK_RETURN_ORIGINS: text({
    default: '',
    description:
      'Web origins, separated by commas, that the page of a link can lead to when the file was received.',
    expected: ORIGINS_EXPECTED,
  }),
  LINK_RATE_PER_MINUTE: integer({
    default: 60,
    minimum: 1,
    maximum: 100_000,
    description: 'How many requests the page of a link can send each minute. As many can come at once.',
    expected: 'a whole number from 1 to 100000',
  }),
  LINK_ADDRESS_RATE_PER_MINUTE: integer({
    default: 300,
    minimum: 0,
    maximum: 1_000_000,
    description:
      'How many requests an address can send each minute, for all links together. As many can come at once. 0 means no limit: use it if all clients share one address.',
    expected: 'a whole number from 0 to 1000000',
  }),
};

export function linkSettingsFrom(config: ConfigOf<typeof linkFields>): LinkSettings {
  return {
    ...(config.LINK_ORIGIN !== undefined && { origin: config.LINK_ORIGIN }),
    returnOrigins: entriesOf(config.LINK_RETURN_ORIGINS),
    lifetimeSeconds: config.LINK_LIFETIME_SECONDS,
    lifetimeMaxSeconds: Math.max(config.LINK_LIFETIME_SECONDS, config.LINK_LIFETIME_MAX_SECONDS),
    ratePerMinute: config.LINK_RATE_PER_MINUTE,
    addressRatePerMinute: config.LINK_ADDRESS_RATE_PER_MINUTE,
  };
}
