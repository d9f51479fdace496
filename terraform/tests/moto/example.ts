import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { runTerraform, stateFile, type TerraformRun } from '../support/run-terraform.ts';

const PLAN_LIMIT_SECONDS = 180;
/** The provider alone waits 25 seconds for each change of a queue. */
const APPLY_LIMIT_SECONDS = 420;
/** Nearly all of the time is spent waiting. */
const AT_ONCE = '-parallelism=40';

/** A folder as it stands, applied to moto: by variables of the environment, in place of a provider with endpoints. */
export interface Example {
  /** What `terraform show -json` prints of a plan from what is there. @throws Error with Terraform's complaints */
  plan(...others: readonly string[]): Promise<string>;
  /** @param others variables beside those that were given */
  apply(...others: readonly string[]): Promise<TerraformRun>;
  outputs(): Promise<Readonly<Record<string, { readonly value: unknown }>>>;
  destroy(): Promise<TerraformRun>;
  /** Removes its state, where what it made ends with moto. */
  forget(): void;
}

/**
 * Begins from nothing.
 * @param variables as `-var` takes them, such as "image_tag=1.0.0"
 */
export function createExample(folder: string, variables: readonly string[], endpoint: string): Example {
  const state = `${stateFile(folder)}.${randomUUID()}`;
  const plan = `${state}.plan`;
  const environment = {
    AWS_ENDPOINT_URL: endpoint,
    // For a folder without a provider of its own: the root.
    AWS_REGION: 'eu-central-1',
    // Those of moto's account 123456789012.
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const run = (limitSeconds: number, command: string, ...args: string[]) =>
    runTerraform(folder, [command, ...args], limitSeconds, { environment });
  const asArguments = (values: readonly string[]) => values.map((variable) => `-var=${variable}`);
  const given = [`-state=${state}`, '-no-color', AT_ONCE, ...asArguments(variables)];
  const printed = async (command: string, ...args: string[]) => {
    const { exitCode, stdout, stderr } = await run(PLAN_LIMIT_SECONDS, command, ...args);
    if (exitCode !== 0) throw new Error(`terraform ${command} in ${folder}: ${stderr}`);
    return stdout;
  };
  const forget = () => {
    for (const file of [state, `${state}.backup`]) rmSync(file, { force: true });
  };
  return {
    async plan(...others) {
      try {
        await printed('plan', `-out=${plan}`, ...given, ...asArguments(others));
        return await printed('show', '-json', plan);
      } finally {
        rmSync(plan, { force: true });
      }
    },
    apply: (...others) =>
      run(APPLY_LIMIT_SECONDS, 'apply', '-auto-approve', ...given, ...asArguments(others)),
    outputs: async () => JSON.parse(await printed('output', '-json', `-state=${state}`)),
    async destroy() {
      const destroyed = await run(APPLY_LIMIT_SECONDS, 'destroy', '-auto-approve', ...given);
      forget();
      return destroyed;
    },
    forget,
  };
}
