import { type Attributes, attributeOf } from './attributes.ts';
import type { Change, Condition } from './table.ts';

/** What DynamoDB needs to know of an expression: what its placeholders stand for. */
interface Placeholders {
  readonly name: (attribute: string) => string;
  readonly value: (given: unknown) => string;
  readonly attributes: () => {
    readonly ExpressionAttributeNames: Record<string, string>;
    readonly ExpressionAttributeValues?: Attributes;
  };
}

/** Every name goes through a placeholder: `state` and `item` are among DynamoDB's reserved words. */
function createPlaceholders(): Placeholders {
  const names: Record<string, string> = {};
  const values: Attributes = {};
  let valueCount = 0;
  return {
    name(attribute) {
      names[`#${attribute}`] = attribute;
      return `#${attribute}`;
    },
    value(given) {
      const placeholder = `:v${valueCount}`;
      valueCount += 1;
      values[placeholder] = attributeOf(given);
      return placeholder;
    },
    attributes: () => ({
      ExpressionAttributeNames: names,
      // DynamoDB refuses an empty map.
      ...(valueCount > 0 && { ExpressionAttributeValues: values }),
    }),
  };
}

/**
 * The parts of an UpdateItem that make a change.
 * @param isThere the condition that the item exists
 */
export function updateExpressions<Key, Item>(isThere: string, change: Change<Key, Item>) {
  const placeholders = createPlaceholders();
  const { name, value } = placeholders;
  const conditions = change.when.map((condition) => conditionText(condition, placeholders));
  // An update of an item that does not exist would create one.
  if (!change.orCreate) conditions.unshift(isThere);
  const { set, remove = [], add = {}, include = {} } = change;
  const assignments = Object.entries(set).map(([attribute, given]) => `${name(attribute)} = ${value(given)}`);
  const additions = [
    ...Object.entries(add).map(([attribute, count]) => `${name(attribute)} ${value(count)}`),
    ...Object.entries(include).map(([attribute, member]) => `${name(attribute)} ${value(new Set([member]))}`),
  ];
  return {
    ...(conditions.length > 0 && { ConditionExpression: conditions.join(' AND ') }),
    UpdateExpression: [
      ...(assignments.length > 0 ? [`SET ${assignments.join(', ')}`] : []),
      ...(remove.length > 0 ? [`REMOVE ${remove.map(name).join(', ')}`] : []),
      ...(additions.length > 0 ? [`ADD ${additions.join(', ')}`] : []),
    ].join(' '),
    ...placeholders.attributes(),
  };
}

/** Conditions as one expression, with what its placeholders stand for. Without conditions there is none of it. */
export function conditionExpression<Item>(
  conditions: readonly Condition<Item>[],
  joinedBy: 'AND' | 'OR',
): { readonly text?: string } & Partial<ReturnType<Placeholders['attributes']>> {
  if (conditions.length === 0) return {};
  const placeholders = createPlaceholders();
  const texts = conditions.map((condition) => conditionText(condition, placeholders));
  return { text: texts.join(` ${joinedBy} `), ...placeholders.attributes() };
}

function conditionText<Item>(condition: Condition<Item>, placeholders: Placeholders): string {
  const attribute = placeholders.name(condition.attribute);
  const isAbsent = `attribute_not_exists(${attribute})`;
  if ('absent' in condition) return isAbsent;
  const text = comparisonText(attribute, condition, placeholders);
  return condition.orAbsent || 'fewerMembersThan' in condition ? `(${isAbsent} OR ${text})` : text;
}

function comparisonText<Item>(
  attribute: string,
  condition: Exclude<Condition<Item>, { absent: true }>,
  { value }: Placeholders,
): string {
  if ('below' in condition) return `${attribute} < ${value(condition.below)}`;
  if ('atMost' in condition) return `${attribute} <= ${value(condition.atMost)}`;
  if ('in' in condition) return `${attribute} IN (${condition.in.map(value).join(', ')})`;
  if ('fewerMembersThan' in condition) return `size(${attribute}) < ${value(condition.fewerMembersThan)}`;
  const { equals } = condition;
  if (typeof equals !== 'object') return `${attribute} = ${value(equals)}`;
  // A list is compared member by member, because local stand-ins for DynamoDB compare no lists.
  const members = equals.map((member, at) => `${attribute}[${at}] = ${value(member)}`);
  return [`size(${attribute}) = ${value(equals.length)}`, ...members].join(' AND ');
}
