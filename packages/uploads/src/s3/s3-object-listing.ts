import { ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectListing } from '../ports/object-listing.ts';
import { toVersion } from './s3-responses.ts';

export interface S3ObjectListingOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Entries of one page, delete markers among them: 1 to 1,000, S3's own bound and the default. */
  readonly pageEntries?: number;
}

/** The versions of a bucket in S3, in its own order: keys by their UTF-8 bytes, each key's versions newest first. */
export function createS3ObjectListing({
  client,
  bucket,
  pageEntries,
}: S3ObjectListingOptions): ObjectListing {
  return {
    async *pages(Prefix) {
      let KeyMarker: string | undefined;
      let VersionIdMarker: string | undefined;
      do {
        const response = await client.send(
          new ListObjectVersionsCommand({
            Bucket: bucket,
            Prefix,
            MaxKeys: pageEntries,
            KeyMarker,
            VersionIdMarker,
            // A key can hold characters that XML can't (Amazon S3 API Reference, "ListObjectVersions", EncodingType), and the
            // SDK reads a character reference beyond U+FFFF as another character.
            EncodingType: 'url',
          }),
        );
        yield (response.Versions ?? []).map((listed) => ({
          key: urlDecoded(listed.Key ?? ''),
          ...toVersion(listed),
        }));
        KeyMarker = response.IsTruncated ? urlDecoded(response.NextKeyMarker ?? '') : undefined;
        VersionIdMarker = response.IsTruncated ? response.NextVersionIdMarker : undefined;
      } while (KeyMarker !== undefined);
    },

    async now() {
      const ask = new ListObjectVersionsCommand({ Bucket: bucket, MaxKeys: 1 });
      let date: string | undefined;
      ask.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args);
          const { headers } = result.response as { headers?: Readonly<Record<string, string>> };
          date = headers?.['date'];
          return result;
        },
        { step: 'deserialize', name: 'readDate' },
      );
      await client.send(ask);
      const ms = Date.parse(date ?? '');
      if (Number.isNaN(ms)) throw new Error(`S3's response has no date that can be read: ${date}`);
      // The header has whole seconds.
      return new Date(ms + 999);
    },
  };
}

function urlDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
