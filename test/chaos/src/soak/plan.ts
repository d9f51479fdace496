import { below, type Random } from '@upload-once/simulation/src/simulation/random.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What each upload is to be, before anything is asked for. */
export interface UploadPlan {
  /** In which order uploads were planned, from 1. */
  readonly number: number;
  /** Of the files that are sent with the form: one, or two that differ. */
  readonly sizesBytes: readonly number[];
  /** The second file is sent while the first one is on its way, not after its response. */
  readonly isOverlapping: boolean;
}

const DOUBLED_SHARE = 0.1;

/**
 * Sizes, and how many of a thousand uploads have them. Most are small, so that many fit. Every size at which something changes is
 * among them (zero bytes, one byte, and 64 MiB, the least size of a multipart copy). The mean is half a mebibyte.
 */
const SIZES: readonly { readonly perMille: number; size(random: Random): number }[] = [
  { perMille: 20, size: () => 0 },
  { perMille: 20, size: () => 1 },
  { perMille: 460, size: (random) => below(16 * KIB, random) },
  { perMille: 320, size: (random) => below(128 * KIB, random) },
  { perMille: 140, size: (random) => below(MIB, random) },
  { perMille: 36, size: (random) => below(8 * MIB, random) },
  { perMille: 2, size: () => 64 * MIB - 1 },
  { perMille: 2, size: () => 64 * MIB },
];

/** Plans one upload after the other, the same ones for the same row of random numbers. */
export function createPlanner(random: Random): () => UploadPlan {
  let number = 0;
  return () => {
    number += 1;
    const first = sizeBytes(random);
    const isDoubled = random() < DOUBLED_SHARE;
    const second = sizeBytes(random);
    const isOverlapping = random() < 0.5;
    if (!isDoubled) return { number, sizesBytes: [first], isOverlapping };
    // By its size at the least, every file differs from the one beside it: two of one byte may be alike.
    return { number, sizesBytes: [first, second === first ? first + 1 : second], isOverlapping };
  };
}

function sizeBytes(random: Random): number {
  let at = below(1000, random);
  for (const { perMille, size } of SIZES) {
    if (at < perMille) return size(random);
    at -= perMille;
  }
  throw new Error('the shares of all sizes add up to a thousand');
}
