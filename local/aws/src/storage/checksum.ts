import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32c, Crc64NvmeJs } from '@aws-sdk/checksums/crc';

/** The algorithms of the headers `x-amz-checksum-*` that are offered here. */
export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

/** Base64, as the headers `x-amz-checksum-*` carry them; of a multipart object with type COMPOSITE with `-<parts>` at the end. */
export type Checksums = Readonly<Partial<Record<ChecksumAlgorithm, string>>>;

/** Whether a checksum is of the object's bytes or of its parts' checksums (Amazon S3 User Guide, "Checking object integrity"). */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** Takes bytes in turn; `digest` ends it and gives the checksum's bytes, big-endian for the CRCs. */
export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  digest(): Promise<Uint8Array>;
}

export function startChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case 'CRC32':
      return startCrc32();
    case 'CRC32C':
      return new Crc32c();
    case 'CRC64NVME':
      return new Crc64NvmeJs();
    case 'SHA1':
      return overHash(createHash('sha1'));
    case 'SHA256':
      return overHash(createHash('sha256'));
  }
}

function startCrc32(): RunningChecksum {
  let value = 0;
  return {
    update(bytes) {
      value = crc32(bytes, value);
    },
    async digest() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    },
  };
}

function overHash(hash: Hash): RunningChecksum {
  return {
    update(bytes) {
      hash.update(bytes);
    },
    async digest() {
      return hash.digest();
    },
  };
}

export interface FinishedDigests {
  readonly sizeBytes: number;
  readonly md5Hex: string;
  /** In base64. */
  readonly checksums: Checksums;
}

/** MD5, the size and the wanted checksums of bytes that pass by. */
export class Digests {
  sizeBytes = 0;
  readonly #md5 = createHash('md5');
  readonly #running: ReadonlyMap<ChecksumAlgorithm, RunningChecksum>;

  constructor(algorithms: readonly ChecksumAlgorithm[]) {
    this.#running = new Map(algorithms.map((algorithm) => [algorithm, startChecksum(algorithm)]));
  }

  update(bytes: Uint8Array): void {
    this.sizeBytes += bytes.byteLength;
    this.#md5.update(bytes);
    for (const running of this.#running.values()) running.update(bytes);
  }

  /** Ends it. */
  async finish(): Promise<FinishedDigests> {
    const checksums: Partial<Record<ChecksumAlgorithm, string>> = {};
    for (const [algorithm, running] of this.#running) {
      checksums[algorithm] = Buffer.from(await running.digest()).toString('base64');
    }
    return { sizeBytes: this.sizeBytes, md5Hex: this.#md5.digest('hex'), checksums };
  }
}
