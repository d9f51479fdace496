// Over 250 lines, and one thing: the bucket storage that S3’s operations use, with its files on disk.
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Bucket, BucketSettings } from './bucket.ts';
import { Buckets } from './buckets.ts';
import { type ChecksumAlgorithm, Digests } from './checksum.ts';
import { DataFiles, sliceSegments } from './data-files.ts';
import { DiskMultipartUploads } from './disk-multipart-uploads.ts';
import { KeyLock } from './key-lock.ts';
import { knownDigests } from './known-digests.ts';
import type { Commit, ObjectStorage, ObjectStorageOptions } from './object-storage.ts';
import type { ByteRange, DeleteMarker, ObjectVersion, StoredVersion } from './object-version.ts';
import { Records } from './records.ts';
import { bucketNotEmpty, tooLarge } from './refusals.ts';
import type { Staged, StageOptions } from './staged.ts';
import { StagedBytes } from './staged-bytes.ts';
import { VersionIndex } from './version-index.ts';
import { assertWriteConditions } from './write-conditions.ts';

/** The version id where a bucket is not versioned. */
const UNVERSIONED = 'null';

/** ObjectStorage over a folder: `data/` the bytes, `versions/`, `buckets/` and `uploads/` what is known of them. */
export class DiskStorage implements ObjectStorage {
  readonly multipart: DiskMultipartUploads;
  readonly #now: () => Date;
  readonly #ids: () => string;
  readonly #files: DataFiles;
  readonly #records: Records<StoredVersion>;
  readonly #buckets: Buckets;
  readonly #indexes = new Map<string, VersionIndex>();
  readonly #writes = new KeyLock();
  /** When a key's current object was last deleted, by bucket and key. */
  readonly #lastDeletes = new Map<string, number>();
  #sequence = 0;

  static async open(options: ObjectStorageOptions): Promise<DiskStorage> {
    const storage = new DiskStorage(options);
    await storage.#load();
    return storage;
  }

  private constructor({ directory, now, ids }: ObjectStorageOptions) {
    this.#now = now;
    this.#ids = ids;
    this.#files = new DataFiles(join(directory, 'data'), ids);
    this.#records = new Records(join(directory, 'versions'), ids);
    this.#buckets = new Buckets(new Records(join(directory, 'buckets'), ids));
    this.multipart = new DiskMultipartUploads({
      storage: this,
      files: this.#files,
      directory: join(directory, 'uploads'),
      now,
      ids,
      nextSequence: () => ++this.#sequence,
    });
  }

  async #load(): Promise<void> {
    await this.#buckets.load();
    const versions = (await this.#records.load()).sort((a, b) => a.sequence - b.sequence);
    for (const version of versions) if (!version.deleteMarker) this.#files.retain(version.segments);
    this.#sequence = Math.max(versions.at(-1)?.sequence ?? 0, await this.multipart.load());
    for (const record of versions) {
      const version = { ...record, storedAt: new Date(record.storedAt) };
      const replaced = this.#replacedBy(version);
      if (replaced !== undefined) await this.#forget(replaced);
      this.#index(version.bucket).put(version);
    }
    await this.#files.sweep();
  }

  async createBucket(name: string): Promise<Bucket> {
    return await this.#buckets.create(name, this.#now());
  }

  async deleteBucket(name: string): Promise<void> {
    await this.#buckets.delete(
      name,
      () => {
        // A write that is under way counts as the version that it is about to make.
        if (this.keys(name).length > 0 || this.#writes.hasWork(`${name}/`)) throw bucketNotEmpty(name);
      },
      async () => {
        this.#indexes.delete(name);
        await this.multipart.removeOf(name);
      },
    );
  }

  hasBucket(name: string): boolean {
    return this.#buckets.has(name);
  }

  buckets(): readonly Bucket[] {
    return this.#buckets.all();
  }

  bucket(name: string): Bucket {
    return this.#buckets.get(name);
  }

  async configure(name: string, settings: Partial<BucketSettings>): Promise<Bucket> {
    return await this.#buckets.configure(name, settings);
  }

  moment(): number {
    return this.#sequence;
  }

  async stage(
    body: AsyncIterable<Uint8Array>,
    { maxBytes, checksums = [] }: StageOptions = {},
  ): Promise<Staged> {
    const digests = new Digests(checksums);
    const segments = await this.#files.write(body, (bytes) => {
      digests.update(bytes);
      if (maxBytes !== undefined && digests.sizeBytes > maxBytes) throw tooLarge(digests.sizeBytes, maxBytes);
    });
    return new StagedBytes(this.#files, segments, await digests.finish());
  }

  async stageFrom(
    version: ObjectVersion,
    { range, checksums = [] }: { range?: ByteRange; checksums?: readonly ChecksumAlgorithm[] } = {},
  ): Promise<Staged> {
    const segments = range === undefined ? version.segments : sliceSegments(version.segments, range);
    const known = range === undefined ? knownDigests(version, checksums) : undefined;
    this.#files.retain(segments);
    try {
      return new StagedBytes(this.#files, segments, known ?? (await this.#files.digest(segments, checksums)));
    } catch (error) {
      await this.#files.release(segments);
      throw error;
    }
  }

  async commit(order: Commit): Promise<ObjectVersion> {
    return await this.#exclusively(order.bucket, order.key, async () => {
      const { bucket, key, staged } = order;
      const versioned = this.bucket(bucket).versioning === 'Enabled';
      const lastDelete = this.#lastDeletes.get(`${bucket}/${key}`) ?? 0;
      assertWriteConditions(key, this.current(bucket, key), lastDelete, order);
      const version: ObjectVersion = {
        deleteMarker: false,
        bucket,
        key,
        versionId: versioned ? this.#ids() : UNVERSIONED,
        sequence: order.place?.sequence ?? ++this.#sequence,
        storedAt: order.place?.storedAt ?? this.#now(),
        origin: order.origin,
        eTag: order.eTag ?? staged.md5Hex,
        sizeBytes: staged.sizeBytes,
        attributes: order.attributes,
        checksums: order.checksums ?? staged.checksums,
        checksumType: order.checksumType ?? 'FULL_OBJECT',
        segments: staged.segments,
      };
      await this.#store(version);
      staged.keep();
      return version;
    });
  }

  versions(bucket: string, key: string): readonly StoredVersion[] {
    return this.#index(bucket).versions(key).slice();
  }

  current(bucket: string, key: string): StoredVersion | undefined {
    return this.#index(bucket).versions(key)[0];
  }

  find(bucket: string, key: string, versionId: string): StoredVersion | undefined {
    return this.#index(bucket).find(key, versionId);
  }

  keys(bucket: string): readonly string[] {
    return this.#index(bucket).keys.slice();
  }

  read(version: ObjectVersion, range?: ByteRange): Readable {
    return this.#files.read(range === undefined ? version.segments : sliceSegments(version.segments, range));
  }

  async deleteVersion(bucket: string, key: string, versionId: string): Promise<StoredVersion | undefined> {
    return await this.#exclusively(bucket, key, async () => {
      const version = this.#index(bucket).find(key, versionId);
      if (version === undefined) return undefined;
      if (version === this.current(bucket, key)) this.#noteDelete(version);
      await this.#forget(version);
      return version;
    });
  }

  async putDeleteMarker(bucket: string, key: string): Promise<DeleteMarker> {
    return await this.#exclusively(bucket, key, async () => {
      const versioned = this.bucket(bucket).versioning === 'Enabled';
      const marker: DeleteMarker = {
        deleteMarker: true,
        bucket,
        key,
        versionId: versioned ? this.#ids() : UNVERSIONED,
        sequence: ++this.#sequence,
        storedAt: this.#now(),
      };
      const current = this.current(bucket, key);
      if (current !== undefined) this.#noteDelete(current);
      await this.#store(marker);
      return marker;
    });
  }

  #exclusively<T>(bucket: string, key: string, work: () => Promise<T>): Promise<T> {
    return this.#writes.run(`${bucket}/${key}`, work);
  }

  #index(bucket: string): VersionIndex {
    const standing = this.#indexes.get(this.bucket(bucket).name);
    if (standing !== undefined) return standing;
    const index = new VersionIndex();
    this.#indexes.set(bucket, index);
    return index;
  }

  /** Durable first, then visible. An unversioned write takes the place of the unversioned one before it. */
  async #store(version: StoredVersion): Promise<void> {
    const replaced = this.#replacedBy(version);
    await this.#records.put(recordName(version), version);
    this.#index(version.bucket).put(version);
    if (replaced !== undefined) await this.#forget(replaced);
  }

  #replacedBy(version: StoredVersion): StoredVersion | undefined {
    if (version.versionId !== UNVERSIONED) return undefined;
    return this.#index(version.bucket).find(version.key, UNVERSIONED);
  }

  async #forget(version: StoredVersion): Promise<void> {
    await this.#records.remove(recordName(version));
    this.#index(version.bucket).remove(version);
    if (!version.deleteMarker) await this.#files.release(version.segments);
  }

  #noteDelete(version: StoredVersion): void {
    if (!version.deleteMarker) this.#lastDeletes.set(`${version.bucket}/${version.key}`, ++this.#sequence);
  }
}

function recordName(version: StoredVersion): string {
  return String(version.sequence);
}
