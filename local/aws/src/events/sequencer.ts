/**
 * Gives the `sequencer` of one event after the other: hexadecimal, all of one length, growing within a process and,
 * while the clock does not go back, over restarts (Amazon S3 User Guide, "Event message structure").
 */
export function createSequencer(now: () => Date): () => string {
  let last = 0n;
  return () => {
    const byClock = BigInt(now().getTime()) << 16n;
    last = byClock > last ? byClock : last + 1n;
    return last.toString(16).toUpperCase().padStart(18, '0');
  };
}
