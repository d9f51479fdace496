export type KillSide = 'before' | 'after';
/** SIGKILL ends the process there; SIGTERM asks it to end, and it may finish. */
export type KillSignal = 'SIGKILL' | 'SIGTERM';

/** A call, by its name and its place among those of that name, from the receive of the first message on. */
export interface CallPlace {
  readonly name: string;
  readonly occurrence: number;
}

/** One side of one call: before AWS got it, or after it took effect and before the process knows. */
export interface KillPoint extends CallPlace {
  readonly signal: KillSignal;
  readonly side: KillSide;
}

export function describePoint({ signal, side, name, occurrence }: KillPoint): string {
  return `${signal} ${side} ${name} ${occurrence}`;
}
