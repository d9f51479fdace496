import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32c, Crc64NvmeJs } from '@aws-sdk/checksums/crc';

/** The algorithms of the headers `x-amz-checksum-*` that are offered here. */
export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

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
