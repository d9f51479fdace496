import { S3Error } from '../s3-error.ts';
import { type AssembledParts, assembleParts } from './assemble-parts.ts';
import type { DataFiles } from './data-files.ts';
import { KeyLock } from './key-lock.ts';
import { compareKeys } from './key-order.ts';
import type { Completion, MultipartUpload, MultipartUploads, Part } from './multipart-uploads.ts';
import type { ObjectStorage } from './object-storage.ts';
import type { ObjectVersion } from './object-version.ts';
import { Records } from './records.ts';
import type { Staged } from './staged.ts';
import { StagedBytes } from './staged-bytes.ts';

type UploadRecord = Omit<MultipartUpload, 'parts'>;
interface PartRecord extends Part {
  readonly uploadId: string;
}

interface Dependencies {
  readonly storage: ObjectStorage;
  readonly files: DataFiles;
  readonly directory: string;
  readonly now: () => Date;
  readonly ids: () => string;
  readonly nextSequence: () => number;
}

/** Uploads in parts, over the folders `uploads/` and `uploads-parts/`. */
export class DiskMultipartUploads implements MultipartUploads {
  readonly #storage: ObjectStorage;
  readonly #files: DataFiles;
  readonly #now: () => Date;
  readonly #ids: () => string;
  readonly #nextSequence: () => number;
  readonly #uploads = new Map<string, { record: UploadRecord; parts: Map<number, Part> }>();
  readonly #uploadRecords: Records<UploadRecord>;
  readonly #partRecords: Records<PartRecord>;
  readonly #endings = new KeyLock();
  readonly #partWrites = new KeyLock();

  constructor({ storage, files, directory, now, ids, nextSequence }: Dependencies) {
    this.#storage = storage;
    this.#files = files;
    this.#now = now;
    this.#ids = ids;
    this.#nextSequence = nextSequence;
    this.#uploadRecords = new Records(directory, ids);
    this.#partRecords = new Records(`${directory}-parts`, ids);
  }

  /** Takes up what an earlier process left; gives the highest sequence that an upload holds. */
  async load(): Promise<number> {
    let highest = 0;
    for (const record of await this.#uploadRecords.load()) {
      const initiatedAt = new Date(record.initiatedAt);
      this.#uploads.set(record.uploadId, { record: { ...record, initiatedAt }, parts: new Map() });
      highest = Math.max(highest, record.sequence);
    }
    for (const { uploadId, ...part } of await this.#partRecords.load()) {
      const upload = this.#uploads.get(uploadId);
      if (upload === undefined) {
        await this.#partRecords.remove(partName(uploadId, part.partNumber));
        continue;
      }
      upload.parts.set(part.partNumber, { ...part, storedAt: new Date(part.storedAt) });
      this.#files.retain(part.segments);
    }
    return highest;
  }

  async create(order: Parameters<MultipartUploads['create']>[0]): Promise<MultipartUpload> {
    this.#storage.bucket(order.bucket);
    const sequence = this.#nextSequence();
    const record = { ...order, uploadId: this.#ids(), initiatedAt: this.#now(), sequence, began: sequence };
    await this.#uploadRecords.put(record.uploadId, record);
    this.#uploads.set(record.uploadId, { record, parts: new Map() });
    return { ...record, parts: [] };
  }

  get(bucket: string, key: string, uploadId: string): MultipartUpload {
    const upload = this.#uploads.get(uploadId);
    if (upload === undefined || upload.record.bucket !== bucket || upload.record.key !== key) {
      throw noSuchUpload(uploadId);
    }
    return {
      ...upload.record,
      parts: [...upload.parts.values()].sort((a, b) => a.partNumber - b.partNumber),
    };
  }

  list(bucket: string): readonly MultipartUpload[] {
    return [...this.#uploads.values()]
      .filter(({ record }) => record.bucket === bucket)
      .map(({ record }) => this.get(bucket, record.key, record.uploadId))
      .sort((a, b) => compareKeys(a.key, b.key) || a.sequence - b.sequence);
  }

  async putPart({ uploadId }: MultipartUpload, partNumber: number, staged: Staged): Promise<Part> {
    const name = partName(uploadId, partNumber);
    return await this.#partWrites.run(name, async () => {
      const { md5Hex, sizeBytes, checksums, segments } = staged;
      const part = { partNumber, eTag: md5Hex, sizeBytes, checksums, segments, storedAt: this.#now() };
      if (this.#uploads.has(uploadId)) await this.#partRecords.put(name, { uploadId, ...part });
      // The upload may have ended while the record was written.
      const upload = this.#uploads.get(uploadId);
      if (upload === undefined) {
        await this.#partRecords.remove(name);
        throw noSuchUpload(uploadId);
      }
      staged.keep();
      const replaced = upload.parts.get(partNumber);
      upload.parts.set(partNumber, part);
      if (replaced !== undefined) await this.#files.release(replaced.segments);
      return part;
    });
  }

  async complete(completion: Completion): Promise<ObjectVersion> {
    const { bucket, key, uploadId } = completion;
    return await this.#endings.run(uploadId, async () => {
      const upload = this.get(bucket, key, uploadId);
      const whole = await assembleParts(upload, completion, this.#files);
      const version = await this.#commit(upload, completion, whole);
      await this.#end(uploadId);
      return version;
    });
  }

  async #commit(
    upload: MultipartUpload,
    completion: Completion,
    whole: AssembledParts,
  ): Promise<ObjectVersion> {
    const { bucket, key, attributes, sequence, initiatedAt, began } = upload;
    const { ifNoneMatch, ifMatch } = completion;
    const { segments, sizeBytes, eTag, checksums, checksumType } = whole;
    this.#files.retain(segments);
    const staged = new StagedBytes(this.#files, segments, { sizeBytes, md5Hex: eTag, checksums });
    try {
      return await this.#storage.commit({
        bucket,
        key,
        origin: 'CompleteMultipartUpload',
        staged,
        attributes,
        checksumType,
        place: { sequence, storedAt: initiatedAt },
        began,
        ...(ifNoneMatch && { ifNoneMatch }),
        ...(ifMatch && { ifMatch }),
      });
    } finally {
      await staged.discard();
    }
  }

  async abort(bucket: string, key: string, uploadId: string): Promise<void> {
    await this.#endings.run(uploadId, async () => {
      this.get(bucket, key, uploadId);
      await this.#end(uploadId);
    });
  }

  async removeOf(bucket: string): Promise<void> {
    for (const { uploadId } of this.list(bucket)) {
      await this.#endings.run(uploadId, () => this.#end(uploadId));
    }
  }

  async #end(uploadId: string): Promise<void> {
    const parts = this.#uploads.get(uploadId)?.parts ?? new Map<number, Part>();
    this.#uploads.delete(uploadId);
    await this.#uploadRecords.remove(uploadId);
    for (const part of parts.values()) {
      await this.#partRecords.remove(partName(uploadId, part.partNumber));
      await this.#files.release(part.segments);
    }
  }
}

function partName(uploadId: string, partNumber: number): string {
  return `${uploadId}.${partNumber}`;
}

function noSuchUpload(uploadId: string): S3Error {
  return new S3Error(
    'NoSuchUpload',
    404,
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { UploadId: uploadId },
  );
}
