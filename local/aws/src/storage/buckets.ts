import { S3Error } from '../s3-error.ts';
import type { Bucket, BucketSettings } from './bucket.ts';
import { KeyLock } from './key-lock.ts';
import { compareKeys } from './key-order.ts';
import type { Records } from './records.ts';

/** Buckets and their settings, in memory and on disk. */
export class Buckets {
  readonly #records: Records<Bucket>;
  readonly #byName = new Map<string, Bucket>();
  readonly #writes = new KeyLock();

  constructor(records: Records<Bucket>) {
    this.#records = records;
  }

  async load(): Promise<void> {
    for (const bucket of await this.#records.load()) {
      this.#byName.set(bucket.name, { ...bucket, createdAt: new Date(bucket.createdAt) });
    }
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  all(): readonly Bucket[] {
    return [...this.#byName.values()].sort((a, b) => compareKeys(a.name, b.name));
  }

  get(name: string): Bucket {
    const bucket = this.#byName.get(name);
    if (bucket === undefined) {
      throw new S3Error('NoSuchBucket', 404, 'The specified bucket does not exist', { BucketName: name });
    }
    return bucket;
  }

  async create(name: string, createdAt: Date): Promise<Bucket> {
    assertBucketName(name);
    return await this.#writes.run(name, async () => {
      if (this.has(name)) {
        throw new S3Error(
          'BucketAlreadyOwnedByYou',
          409,
          'Your previous request to create the named bucket succeeded and you already own it.',
          { BucketName: name },
        );
      }
      return await this.#put({ name, createdAt, versioning: 'Off', queueRules: [], corsRules: [] });
    });
  }

  async configure(name: string, settings: Partial<BucketSettings>): Promise<Bucket> {
    return await this.#writes.run(name, () => this.#put({ ...this.get(name), ...settings }));
  }

  /**
   * Removes a bucket unless `assertEmpty` throws. From that moment on the bucket is not there; what `removeRest` removes is gone
   * when a new bucket can have the name.
   */
  async delete(name: string, assertEmpty: () => void, removeRest: () => Promise<void>): Promise<void> {
    await this.#writes.run(name, async () => {
      this.get(name);
      assertEmpty();
      this.#byName.delete(name);
      await removeRest();
      await this.#records.remove(name);
    });
  }

  async #put(bucket: Bucket): Promise<Bucket> {
    this.#byName.set(bucket.name, bucket);
    await this.#records.put(bucket.name, bucket);
    return bucket;
  }
}

/** Amazon S3 User Guide, "General purpose bucket naming rules", as far as they are about form. */
function assertBucketName(name: string): void {
  const formed = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..');
  if (formed && !/^\d+\.\d+\.\d+\.\d+$/.test(name)) return;
  throw new S3Error('InvalidBucketName', 400, 'The specified bucket is not valid.', { BucketName: name });
}
