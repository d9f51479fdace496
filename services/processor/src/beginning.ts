/**
 * Who decides first on a run that was posted to a thread: the thread, which begins it, or the main thread, which takes it back. A
 * compare-and-exchange on a number that both share, so that a run which was taken back never begins.
 */
const OPEN = 0;
const BEGUN = 1;
const WITHDRAWN = 2;

/** A number for one run. */
export function createBeginning(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** The thread's side. False: the run was taken back. */
export function beginOnce(beginning: Int32Array): boolean {
  return Atomics.compareExchange(beginning, 0, OPEN, BEGUN) === OPEN;
}

/** The main thread's side. False: the run has begun. */
export function withdraw(beginning: Int32Array): boolean {
  return Atomics.compareExchange(beginning, 0, OPEN, WITHDRAWN) === OPEN;
}
