import { isLike } from './evaluate-policies.ts';

type Test = (given: string, wanted: string) => boolean;

/** IAM User Guide, "IAM JSON policy elements: Condition operators". Those that our policies use, and no others. */
const OPERATORS: Readonly<Record<string, Test>> = {
  StringEquals: (given, wanted) => given === wanted,
  StringLike: isLike,
  ArnEquals: isLike,
  ArnLike: isLike,
  Bool: (given, wanted) => given.toLowerCase() === wanted.toLowerCase(),
  NumericGreaterThan: (given, wanted) => Number(given) > Number(wanted),
};

/** True when none of the wanted values fits: also when the request lacks the key. */
const NEGATED: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  ArnNotEquals: 'ArnEquals',
};

/**
 * @param wanted the policy's values; one must match
 * @param given the request's; undefined when it has no such key
 */
export function isConditionMet(
  operator: string,
  wanted: readonly string[],
  given: readonly string[] | undefined,
): boolean {
  if (operator === 'Null') return wanted.includes(String(given === undefined));
  const forAll = operator.startsWith('ForAllValues:');
  const name = operator.replace(/^For(All|Any)Values?:/, '').replace(/IfExists$/, '');
  const test = OPERATORS[NEGATED[name] ?? name];
  if (test === undefined) throw new Error(`a condition operator that is not known here: ${operator}`);
  const fits = (value: string) => wanted.some((one) => test(value, one));
  if (forAll) return (given ?? []).every(fits);
  if (given === undefined) return operator.endsWith('IfExists') || name in NEGATED;
  return name in NEGATED ? !given.some(fits) : given.some(fits);
}
