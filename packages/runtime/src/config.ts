import { envSchema } from 'env-schema';
import { type Static, type TObject, Type } from 'typebox';
import type { ConfigChecks } from './config-checks.ts';
import { isSecretName, redactText } from './redaction.ts';

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

/** The words that an error message uses; env-schema and ajv carry them along without looking at them. */
interface FieldWords {
  readonly expected?: string;
  readonly description?: string;
}

interface SchemaViolation {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: { readonly missingProperty?: string };
}

/**
 * Reads a service's configuration from its environment.
 *
 * Values are converted to the schema's types and defaults filled in. A blank variable counts as not set; variables
 * that the schema does not name are ignored. `env` and `schema` stay as they are.
 *
 * @param schema a TypeBox object whose properties are environment variables; a property's `expected` is what an error
 *   message says was expected, in plain words ("a whole number from 0 to 65535"); its `description` stands in for it;
 *   text is bounded by `pattern`, for `format` is not known here
 * @param checks one at a time, in the schema's order, each for a variable that the schema found no violation in
 * @throws ConfigError with every violation at once, in the schema's order, one for each variable. A value whose variable
 *   looks like a secret's is not repeated. Whatever else a check throws is thrown as it is.
 */
export async function loadConfig<S extends TObject>(
  schema: S,
  env: Environment,
  checks: ConfigChecks<S> = {},
): Promise<Static<S>> {
  const set = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => name in schema.properties && value?.trim()),
  );
  const { values, refused } = readSound(schema, set);
  const checkOf = checks as Readonly<Record<string, ((value: unknown) => unknown) | undefined>>;
  const problems: ConfigProblem[] = [];
  for (const [variable, words] of Object.entries(schema.properties)) {
    if (refused.has(variable)) {
      problems.push(problemOf(variable, words, env[variable]));
      continue;
    }
    const message = await checkOf[variable]?.(values[variable]);
    if (typeof message === 'string') problems.push({ variable, message });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return values as Static<S>;
}

/** The values of all variables but the refused ones, and which those are. */
function readSound(schema: TObject, set: Environment) {
  const refused = new Set<string | undefined>();
  try {
    return { values: read(schema, set), refused };
  } catch (error) {
    const violations = (error as { errors?: readonly SchemaViolation[] }).errors;
    if (violations === undefined) throw error;
    for (const violation of violations) refused.add(variableOf(violation));
    const sound = Object.entries(schema.properties).filter(([name]) => !refused.has(name));
    return { values: read(Type.Object(Object.fromEntries(sound)), set), refused };
  }
}

function read(schema: TObject, set: Environment): Record<string, unknown> {
  return envSchema<Record<string, unknown>>({
    schema: { ...schema },
    data: set,
    env: false,
    ajv: { customOptions: (ajv) => ajv.addKeyword('expected') },
  });
}

function variableOf(violation: SchemaViolation): string | undefined {
  return violation.params.missingProperty ?? violation.instancePath.split('/')[1];
}

function problemOf(variable: string, words: FieldWords, value: string | undefined): ConfigProblem {
  const expected = `expected ${words.expected ?? words.description ?? 'another value'}`;
  return { variable, message: `${expected}, ${foundWords(variable, value)}` };
}

function foundWords(variable: string, value: string | undefined): string {
  if (value === undefined) return 'but it is not set';
  if (value.trim() === '') return 'but it is blank';
  if (isSecretName(variable)) return 'got a value that is not shown here because it may be a secret';
  const shown = redactText(value);
  return shown.length > SHOWN_VALUE_CHARACTERS
    ? `got ${JSON.stringify(shown.slice(0, SHOWN_VALUE_CHARACTERS))}… (${value.length} characters)`
    : `got ${JSON.stringify(shown)}`;
}
