import { readFileSync, rmSync } from 'node:fs';
import { runTerraform, stateFile, type TerraformRun } from '../support/run-terraform.ts';

const FOLDER = 'tests/moto';
/** The provider alone waits a minute for a load balancer, and 25 seconds for each change of a queue. */
const APPLY_LIMIT_SECONDS = 420;
const DESTROY_LIMIT_SECONDS = 300;
const PLAN_LIMIT_SECONDS = 180;
/** Nearly all of the time is spent waiting. */
const AT_ONCE = '-parallelism=40';

interface Named {
  readonly name: string;
  readonly arn: string;
}

interface Service {
  readonly service_name: string;
  readonly task_role_arn: string;
  readonly execution_role_arn: string;
  readonly log_group_name: string;
}

/** The outputs of an installation that the tests read. */
export interface Installation {
  readonly issuer_url: string;
  readonly bucket: Named;
  readonly queues: Readonly<
    Record<
      | 'upload_events'
      | 'upload_events_dead_letter'
      | 'accepted_events'
      | 'accepted_events_dead_letter'
      | 'upload_reports',
      Named & { readonly url: string }
    > &
      Partial<Record<'webhooks' | 'webhooks_dead_letter', Named & { readonly url: string }>>
  >;
  readonly tables: Readonly<Record<'uploads' | 'access', Named>>;
  readonly trail_bucket_name: string | null;
  readonly topic_arn: string;
  readonly cluster_name: string;
  readonly repository_urls: Readonly<Record<string, string>>;
  readonly services: Readonly<
    Record<'url-issuer' | 'acceptor' | 'processor', Service> & Partial<Record<'webhook-sender', Service>>
  >;
  readonly load_balancer_arn: string;
  readonly load_balancer_dns_name: string;
}

export interface ResourceChange {
  readonly address: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before: Readonly<Record<string, unknown>> | null;
    readonly after: Readonly<Record<string, unknown>> | null;
  };
}

/** terraform/tests/moto, applied to an endpoint. */
export interface Stack {
  apply(): Promise<TerraformRun>;
  outputs(): Promise<Readonly<Record<'minimal' | 'own', Installation>> & { readonly zoneId: string }>;
  /**
   * Plans again; every resource, also what would stay.
   * @param variables as `-var` takes them
   */
  plan(...variables: readonly string[]): Promise<readonly ResourceChange[]>;
  /** Plans again; what would be changed. */
  plannedChanges(): Promise<readonly ResourceChange[]>;
  /** Whether a replacement of each resource of a type is to stand before the old one goes. */
  standsBeforeTheOldGoes(type: string): readonly boolean[];
  destroy(): Promise<TerraformRun>;
}

/** Begins from nothing, whatever an earlier run left. */
export function createStack(endpoint: string): Stack {
  const state = stateFile(FOLDER);
  for (const file of [state, `${state}.backup`]) rmSync(file, { force: true });
  const plan = `${state}.plan`;
  const terraform = (limitSeconds: number, command: string, ...args: string[]) =>
    runTerraform(FOLDER, [command, '-no-color', ...args], limitSeconds);
  const settings = [`-state=${state}`, `-var=endpoint=${endpoint}`, AT_ONCE];

  const planned = async (...variables: readonly string[]) => {
    const given = variables.map((variable) => `-var=${variable}`);
    const run = await terraform(PLAN_LIMIT_SECONDS, 'plan', `-out=${plan}`, ...settings, ...given);
    if (run.exitCode !== 0) throw new Error(run.stderr);
    const { stdout } = await terraform(PLAN_LIMIT_SECONDS, 'show', '-json', plan);
    const { resource_changes } = JSON.parse(stdout) as {
      readonly resource_changes: readonly ResourceChange[];
    };
    return resource_changes;
  };

  return {
    apply: () => terraform(APPLY_LIMIT_SECONDS, 'apply', '-auto-approve', ...settings),

    async outputs() {
      const { stdout } = await terraform(PLAN_LIMIT_SECONDS, 'output', '-json', `-state=${state}`);
      const outputs = JSON.parse(stdout) as Readonly<
        Record<'minimal' | 'own', { readonly value: Installation }>
      > & { readonly zone_id: { readonly value: string } };
      return { minimal: outputs.minimal.value, own: outputs.own.value, zoneId: outputs.zone_id.value };
    },

    plan: planned,

    plannedChanges: async () => (await planned()).filter(({ change }) => change.actions.join() !== 'no-op'),

    standsBeforeTheOldGoes(type) {
      const { resources } = JSON.parse(readFileSync(state, 'utf8')) as {
        readonly resources: readonly {
          readonly type: string;
          readonly instances: readonly { readonly create_before_destroy?: boolean }[];
        }[];
      };
      return resources
        .filter((resource) => resource.type === type)
        .flatMap(({ instances }) =>
          instances.map(({ create_before_destroy }) => create_before_destroy === true),
        );
    },

    destroy: () => terraform(DESTROY_LIMIT_SECONDS, 'destroy', '-auto-approve', ...settings),
  };
}
