/** The promises of docs/design.md that a history can break. */
export type PromiseName = 'P1' | 'P2' | 'P3' | 'P4' | 'P5';

/** Something happened that must never happen. */
export class PromiseBroken extends Error {
  readonly code = 'PromiseBroken';

  constructor(promise: PromiseName, what: string) {
    super(`${promise}: ${what}`);
  }
}

/** What does not hold breaks that promise. */
export type Must = (holds: boolean, promise: PromiseName, what: string) => void;
