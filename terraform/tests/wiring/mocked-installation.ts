import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { PlannedModule } from '../support/bounded-descriptions.ts';
import { runTerraform, stateFile } from '../support/run-terraform.ts';
import type { SharedProvider } from '../support/shared-provider.ts';

const LIMIT_SECONDS = 300;

interface Resource {
  readonly address: string;
  /** "data" for what is read and not made. */
  readonly mode: string;
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

interface Module {
  readonly resources?: readonly Resource[];
  readonly child_modules?: readonly Module[];
}

/** A line of `terraform test -json -verbose`; the state is in one of them. */
interface TestEvent {
  readonly type: string;
  readonly diagnostic?: { readonly severity: string; readonly summary: string; readonly detail: string };
  readonly test_state?: {
    readonly root_module: Module;
    readonly outputs?: Readonly<Record<string, { readonly value: unknown }>>;
  };
}

type Step = string | number;

/** All of the root as Terraform would make it, down into its modules, which no assertion of a root's test can look into. */
export interface MockedInstallation {
  /** What stands in a resource under a path, JSON in texts read on the way; undefined where there is no such thing. */
  at(address: string, ...path: readonly Step[]): unknown;
  /** As Terraform prints it. */
  module(): PlannedModule;
  /** Every resource and output, whole. */
  all(): unknown;
  /** The same of every resource of a type that is made, in the order of their addresses. */
  ofEvery(type: string, ...path: readonly Step[]): unknown[];
  /** The addresses of all resources that are made and have an attribute, and its value. */
  attributes(name: string): ReadonlyMap<string, unknown>;
  output(name: string): unknown;
}

/**
 * Applies terraform/ with these variables to a mocked provider.
 * @param name of the file that the variables are passed in
 * @param testFolder where mocked.tftest.hcl is, with what AWS says
 * @throws Error with Terraform's complaints, when it can't be applied
 */
export async function mockInstallation(
  name: string,
  variables: Readonly<Record<string, unknown>>,
  provider: SharedProvider,
  testFolder = 'tests/wiring',
): Promise<MockedInstallation> {
  const file = `${stateFile('tests/wiring')}.${name}.tfvars.json`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(variables));
  const run = await runTerraform(
    '.',
    ['test', '-json', '-verbose', `-test-directory=${testFolder}`, `-var-file=${file}`],
    LIMIT_SECONDS,
    provider,
  );
  const events = run.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as TestEvent);
  const state = events.find(({ test_state }) => test_state !== undefined)?.test_state;
  if (run.exitCode !== 0 || state === undefined) {
    const complaints = events.flatMap(({ diagnostic }) =>
      diagnostic?.severity === 'error' ? [`${diagnostic.summary}: ${diagnostic.detail}`] : [],
    );
    throw new Error(`${name} can't be applied:\n${complaints.join('\n') || run.stderr}`);
  }
  const resources = resourcesOf(state.root_module).sort((a, b) => (a.address < b.address ? -1 : 1));
  const made = resources.filter(({ mode }) => mode === 'managed');
  return {
    at: (address, ...path) =>
      valueAt(resources.find((resource) => resource.address === address)?.values, path),
    module: () => state.root_module,
    all: () => [resources, state.outputs],
    ofEvery: (type, ...path) =>
      made.filter((resource) => resource.type === type).map(({ values }) => valueAt(values, path)),
    attributes: (attribute) =>
      new Map(
        made
          .filter(({ values }) => attribute in values)
          .map(({ address, values }) => [address, values[attribute]]),
      ),
    output: (output) => state.outputs?.[output]?.value,
  };
}

function resourcesOf({ resources = [], child_modules = [] }: Module): Resource[] {
  return [...resources, ...child_modules.flatMap(resourcesOf)];
}

function valueAt(value: unknown, path: readonly Step[]): unknown {
  const [step, ...rest] = path;
  if (step === undefined || value === undefined || value === null) return value;
  const holder = typeof value === 'string' ? JSON.parse(value) : value;
  return valueAt((holder as Readonly<Record<Step, unknown>>)[step], rest);
}
