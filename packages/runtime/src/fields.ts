/** A variable of the environment as JSON Schema, with the words that errors and documents use. */
export interface Field<Value> {
  readonly type: 'string' | 'integer' | 'boolean';
  readonly enum?: readonly Value[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: Value;
  readonly description?: string;
  readonly expected?: string;
}

export interface OptionalField<Value> extends Field<Value> {
  readonly isOptional: true;
}

/** By the variables' names. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** What is read of them. */
export type ConfigOf<F> = {
  readonly [Name in keyof F]: F[Name] extends OptionalField<infer Value>
    ? Value | undefined
    : F[Name] extends Field<infer Value>
      ? Value
      : never;
};

type Options<Value> = Omit<Field<Value>, 'type' | 'enum'>;

export function text(options: Options<string> = {}): Field<string> {
  return { ...options, type: 'string' };
}

export function integer(options: Options<number> = {}): Field<number> {
  return { ...options, type: 'integer' };
}

export function flag(options: Options<boolean> = {}): Field<boolean> {
  return { ...options, type: 'boolean' };
}

export function oneOf<Value extends string>(
  values: readonly Value[],
  options: Options<Value> = {},
): Field<Value> {
  return { ...options, type: 'string', enum: values };
}

/** Every other variable must be set, or has a default. */
export function optional<Value>(field: Field<Value>): OptionalField<Value> {
  return { ...field, isOptional: true };
}
