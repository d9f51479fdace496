import type { Test } from 'tap';
import type { ObjectListing, StoredVersion } from '../../src/index.ts';
import type { BucketUnderTest } from './object-store-contract.ts';

export interface ListingUnderTest extends Pick<BucketUnderTest, 'put' | 'putDeleteMarker'> {
  /** So that a few versions are several pages. */
  readonly listing: ObjectListing;
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** What every listing of a bucket promises, whatever it stands on. */
export function objectListingContract(t: Test, open: (t: Test) => Promise<ListingUnderTest>): void {
  t.test('every version under a prefix is in exactly one page, delete markers in none', async (t) => {
    const { listing, put, putDeleteMarker } = await open(t);
    const stored: [string, string][] = [];
    const keys = [
      'uploads/Zähler 1+1 100% & so',
      'uploads/a',
      'uploads/a\u0001control',
      'uploads/a/b?c#d',
      'uploads/😀',
    ];
    for (const key of keys) {
      for (const text of ['1', '22', '333']) stored.push([key, await put(key, bytes(text))]);
      await putDeleteMarker(key);
    }
    await put('accepted/a', bytes('elsewhere'));
    await put('uploads', bytes('no slash'));

    const pages = await Array.fromAsync(listing.pages('uploads/'));
    t.ok(pages.length > 1, 'there are several');
    const listed = pages.flat();
    t.strictSame(listed.map(({ key, versionId }) => [key, versionId]).sort(), stored.sort());
    const ofOne = listed.filter(({ key }: StoredVersion) => key === 'uploads/a');
    t.match(
      ofOne.map(({ sizeBytes }) => sizeBytes),
      [3, 2, 1],
      'newest first',
    );
    t.match(ofOne[0], { eTag: /^[0-9a-f]{32}$/, storedAt: Date });
  });

  t.test(
    'its time is never earlier than that of what was stored before, as the listing has it',
    async (t) => {
      const { listing, put } = await open(t);
      await put('uploads/a', bytes('x'));
      const now = await listing.now();
      const [version] = (await Array.fromAsync(listing.pages('uploads/'))).flat();
      t.ok(version && version.storedAt <= now, `${version?.storedAt.toISOString()} ${now.toISOString()}`);
    },
  );

  t.test('nothing under a prefix is no version', async (t) => {
    const { listing, put } = await open(t);
    await put('uploads/a', bytes('x'));
    t.strictSame((await Array.fromAsync(listing.pages('nothing/'))).flat(), []);
  });
}
