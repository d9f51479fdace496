import { METRICS, type MetricName } from './metrics.ts';

const DIMENSION_VALUE_MAX_CHARACTERS = 1024;

/** @throws RangeError for a value or a dimension that CloudWatch would drop in silence */
export function checkMetric(
  name: MetricName,
  value: number,
  dimensions: Readonly<Record<string, string>>,
): void {
  if (!Number.isFinite(value)) throw new RangeError(`${name} takes a finite number, not ${value}`);
  assertDimensions(name, METRICS[name].dimensions, dimensions);
}

function assertDimensions(
  name: string,
  expected: readonly string[],
  given: Readonly<Record<string, string>>,
): void {
  const names = Object.keys(given);
  if (names.length !== expected.length || !expected.every((dimension) => names.includes(dimension))) {
    throw new RangeError(
      `${name} takes ${expected.length === 0 ? 'no dimension of its own' : `the dimensions ${expected.join(', ')}`}, ` +
        `not ${names.length === 0 ? 'none' : names.join(', ')}`,
    );
  }
  for (const [dimension, value] of Object.entries(given)) {
    if (value.trim() === '' || value.length > DIMENSION_VALUE_MAX_CHARACTERS) {
      throw new RangeError(
        `${name}: ${dimension} takes 1 to ${DIMENSION_VALUE_MAX_CHARACTERS} characters that are not all blank, not ${JSON.stringify(value.slice(0, 100))}`,
      );
    }
  }
}
