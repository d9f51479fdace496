import type { Sample } from './samples.ts';

/** How a process's memory or file descriptors went. */
export interface Growth {
  readonly first: number;
  readonly last: number;
  readonly most: number;
  /**
   * The slope of the straight line nearest (least squares) to the least of each minute after the warm-up: what was still there
   * when garbage had been collected and connections closed; undefined: too few minutes.
   */
  readonly perMinute: number | undefined;
}

/**
 * Until then a process takes memory that it keeps: code is compiled, connections are opened, V8 lets its heap grow to what
 * the load needs before it collects in earnest.
 */
export const WARM_UP_MINUTES = 3;
/** A line through less than this says more about the last collection than about a leak. */
const LEAST_MINUTES = 3;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Undefined where nothing was measured. */
export function growthOf(
  samples: readonly Sample[],
  value: (sample: Sample) => number | undefined,
): Growth | undefined {
  const points = samples.flatMap((sample) => {
    const measured = value(sample);
    return measured === undefined ? [] : [{ x: sample.atMinutes, y: measured }];
  });
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return undefined;
  const warm = points.filter(({ x }) => x >= WARM_UP_MINUTES);
  const isLongEnough = last.x - WARM_UP_MINUTES >= LEAST_MINUTES;
  return {
    first: (warm[0] ?? first).y,
    last: last.y,
    most: Math.max(...points.map(({ y }) => y)),
    perMinute: isLongEnough ? slope(leastOfEachMinute(warm)) : undefined,
  };
}

function leastOfEachMinute(points: readonly Point[]): Point[] {
  const minutes = Map.groupBy(points, ({ x }) => Math.floor(x));
  return [...minutes.values()].map((inIt) =>
    inIt.reduce((least, point) => (point.y < least.y ? point : least)),
  );
}

function slope(points: readonly Point[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const covariance = mean(points.map(({ x, y }) => (x - meanX) * (y - meanY)));
  return covariance / mean(points.map(({ x }) => (x - meanX) ** 2));
}
