import { createRequire } from 'node:module';

interface Call {
  readonly ReturnValuesOnConditionCheckFailure?: 'ALL_OLD' | 'NONE';
}
interface Refusal {
  readonly body: { Item?: object };
}
interface Database {
  checkConditional(call: Call, item: object | undefined): Refusal | null | undefined;
}
interface Validation {
  readonly types: Record<string, { readonly type: string; readonly enum: readonly string[] }>;
}

const WRITES = ['putItem', 'updateItem', 'deleteItem'];

/**
 * Teaches dynalite what it lacks: a write whose condition fails returns the item that it found, if the call asks for that (Amazon DynamoDB
 * API Reference, "ReturnValuesOnConditionCheckFailure"). It does so where the condition is checked, under the item's lock: no other
 * write comes between.
 */
export function returnOldItems(): void {
  const load = createRequire(import.meta.url);
  for (const write of WRITES) {
    const { types }: Validation = load(`dynalite/validations/${write}`);
    types['ReturnValuesOnConditionCheckFailure'] ??= { type: 'String', enum: ['ALL_OLD', 'NONE'] };
  }
  const database: Database = load('dynalite/db');
  const { checkConditional } = database;
  database.checkConditional = (call, item) => {
    const refusal = checkConditional(call, item);
    if (refusal && item && call.ReturnValuesOnConditionCheckFailure === 'ALL_OLD') refusal.body.Item = item;
    return refusal;
  };
}
