/** An order that the control API cannot follow; `message` says what was expected. */
class InvalidOrder extends Error {
  readonly code = 'InvalidOrder';
}

/** All that orders may say. */
export interface Order {
  atLeast?: number;
  copies?: number;
  count?: number;
  ids?: string[];
  keep?: boolean;
  keyPrefix?: string;
  operation?: string;
  queueArn?: string;
  reversed?: boolean;
}

type Check = (value: unknown) => unknown;

const KINDS: Readonly<Record<'number' | 'flag' | 'word' | 'words', { check: Check; expected: string }>> = {
  number: { check: wholeNumber, expected: 'a whole number of at least 0' },
  flag: { check: (value) => (typeof value === 'boolean' ? value : undefined), expected: 'true or false' },
  word: { check: (value) => (typeof value === 'string' ? value : undefined), expected: 'a string' },
  words: {
    check: (value) =>
      Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined,
    expected: 'a list of strings',
  },
};

const KIND_OF: Readonly<Record<keyof Order, keyof typeof KINDS>> = {
  atLeast: 'number',
  copies: 'number',
  count: 'number',
  ids: 'words',
  keep: 'flag',
  keyPrefix: 'word',
  operation: 'word',
  queueArn: 'word',
  reversed: 'flag',
};

/**
 * Reads a JSON body (empty: nothing said) or the values of a query.
 * @param takes the names that may be there
 * @throws InvalidOrder
 */
export function readOrder(
  given: string | Readonly<Record<string, string>>,
  takes: readonly (keyof Order)[],
): Order {
  const values = typeof given === 'string' ? parse(given) : given;
  const order: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const known = takes.find((one) => one === name);
    if (known === undefined) {
      throw new InvalidOrder(
        `${JSON.stringify(name)} is not taken here; taken are: ${takes.join(', ') || 'none'}`,
      );
    }
    const { check, expected } = KINDS[KIND_OF[known]];
    order[known] = check(value);
    if (order[known] === undefined) {
      throw new InvalidOrder(`${known} is ${expected}, not ${JSON.stringify(value)}`);
    }
  }
  return order;
}

function parse(body: string): object {
  if (body === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidOrder('the body is a JSON object, or empty');
  }
  return value;
}

function wholeNumber(value: unknown): unknown {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && Number(number) >= 0 ? number : undefined;
}
