import type { S3Client } from '@aws-sdk/client-s3';

type Identity = Awaited<ReturnType<S3Client['config']['credentials']>>;

/** What a form or URL is signed with, and how long it can be good. */
export interface SigningCredentials {
  readonly identity: Identity;
  /** A whole second, never later than was asked for, nor than the credentials' own end. */
  readonly expiresAt: Date;
}

/**
 * Finds the credentials for what shall be good until then; the result's `expiresAt` is earlier where they end before.
 * @throws CredentialsEndTooSoon
 */
export type FindSigningCredentials = (wantedExpiresAt: Date) => Promise<SigningCredentials>;

/** What they sign would stop working almost at once, when they themselves end; others were asked for, in vain. */
class CredentialsEndTooSoon extends Error {
  readonly code = 'CredentialsEndTooSoon';
}

/**
 * Lifetimes are never shortened below this: what is shortened must still be long enough to be of use. A caller that asks
 * for less gets all of it or an error.
 */
const SHORTENED_LIFETIME_MIN_SECONDS = 60;

/**
 * S3 refuses what was signed with credentials that have ended, whatever expiration is signed into it (Amazon S3 User
 * Guide, "Download and upload objects with presigned URLs"). So an expiration is never later than the credentials' end;
 * where too little would be left, others are asked for once, at once, rather than those that the SDK keeps.
 *
 * @param options.client only its credentials are used
 */
export function createSigningCredentials(options: {
  readonly client: S3Client;
  readonly now: () => Date;
}): FindSigningCredentials {
  const { client, now } = options;
  return async (wantedExpiresAt) => {
    const leastUntil = Math.min(
      wantedExpiresAt.getTime(),
      now().getTime() + SHORTENED_LIFETIME_MIN_SECONDS * 1000,
    );
    let identity = await client.config.credentials();
    if (endOf(identity) < leastUntil) identity = await client.config.credentials({ forceRefresh: true });
    if (endOf(identity) < leastUntil) {
      throw new CredentialsEndTooSoon(
        `The credentials that sign end at ${identity.expiration?.toISOString()}, what they sign would have to be good ` +
          `until ${new Date(leastUntil).toISOString()} at least; newer ones were asked for and there are none`,
      );
    }
    return {
      identity,
      expiresAt: new Date(Math.min(wantedExpiresAt.getTime(), wholeSecond(endOf(identity)))),
    };
  };
}

/** Milliseconds; credentials of a user have no end. */
function endOf(identity: Identity): number {
  return identity.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
