import { Ajv, type ErrorObject } from 'ajv';
import type { ConfigChecks } from './config-checks.ts';
import type { ConfigOf, Field, Fields, OptionalField } from './fields.ts';
import { isSecretName, redactText, redactUserInfo } from './redaction.ts';

/** The part of a long value that an error message still shows. */
const SHOWN_VALUE_CHARACTERS = 100;

/** One variable that is wrong or missing; `message` says what was expected and, unless it may be a secret, what was found. */
export interface ConfigProblem {
  readonly variable: string;
  readonly message: string;
}

/** The configuration cannot be used. Holds every violation, not the first one only; `message` has one line for each. */
export class ConfigError extends Error {
  readonly code = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ variable, message }) => `${variable}: ${message}`).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads a service's configuration from its environment.
 *
 * Values are converted to the fields' types and defaults filled in. A blank variable counts as not set; variables
 * that no field names are ignored. `env` and `fields` stay as they are.
 *
 * @param fields a field's `expected` is what an error message says was expected, in plain words ("a whole number from 0 to 65535");
 *   its `description` stands in for it
 * @param checks one at a time, in the fields' order, each for a variable whose field found no violation
 * @throws ConfigError with every violation at once, in the fields' order, one for each variable. A value whose variable
 *   looks like a secret's is not repeated. Whatever else a check throws is thrown as it is.
 */
export async function loadConfig<F extends Fields>(
  fields: F,
  env: Environment,
  checks: ConfigChecks<F> = {},
): Promise<ConfigOf<F>> {
  const set = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => name in fields && value?.trim()),
  );
  const { values, refused } = readSound(fields, set);
  const checkOf = checks as Readonly<Record<string, ((value: unknown) => unknown) | undefined>>;
  const problems: ConfigProblem[] = [];
  for (const [variable, field] of Object.entries(fields)) {
    if (refused.has(variable)) {
      problems.push(problemOf(variable, field, env[variable]));
      continue;
    }
    const message = await checkOf[variable]?.(values[variable]);
    if (typeof message === 'string') problems.push({ variable, message });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return values as ConfigOf<F>;
}

/** The values of all variables but the refused ones, and which those are. */
function readSound(fields: Fields, set: Environment) {
  const { values, errors } = read(fields, set);
  const refused = new Set(errors.map(variableOf));
  if (refused.size === 0) return { values, refused };
  const sound = Object.entries(fields).filter(([name]) => !refused.has(name));
  return { values: read(Object.fromEntries(sound), set).values, refused };
}

function read(fields: Fields, set: Environment) {
  const ajv = new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true });
  ajv.addVocabulary(['expected', 'isOptional'] satisfies (keyof OptionalField<unknown>)[]);
  const isRequired = ([, field]: [string, Field<unknown>]) => !('isOptional' in field);
  const required = Object.entries(fields)
    .filter(isRequired)
    .map(([name]) => name);
  const validate = ajv.compile({ type: 'object', properties: fields, required });
  const values: Record<string, unknown> = { ...set };
  validate(values);
  return { values, errors: validate.errors ?? [] };
}

function variableOf({ params, instancePath }: ErrorObject): string | undefined {
  return params['missingProperty'] ?? instancePath.split('/')[1];
}

function problemOf(variable: string, field: Field<unknown>, value: string | undefined): ConfigProblem {
  const expected = `expected ${field.expected ?? field.description ?? 'another value'}`;
  return { variable, message: `${expected}, ${foundWords(variable, value)}` };
}

function foundWords(variable: string, value: string | undefined): string {
  if (value === undefined) return 'but it is not set';
  if (value.trim() === '') return 'but it is blank';
  if (isSecretName(variable)) return 'got a value that is not shown here because it may be a secret';
  const shown = redactText(redactUserInfo(value));
  return shown.length > SHOWN_VALUE_CHARACTERS
    ? `got ${JSON.stringify(shown.slice(0, SHOWN_VALUE_CHARACTERS))}… (${value.length} characters)`
    : `got ${JSON.stringify(shown)}`;
}
