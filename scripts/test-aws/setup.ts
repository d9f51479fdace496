import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Commands } from '../deploy/commands.ts';
import type { Program } from '../deploy/plan.ts';

const runsFolder = fileURLToPath(new URL('../../.local/test-aws', import.meta.url));
const CONFIGURATION = '-chdir=terraform/tests/on-aws';

interface Named {
  readonly name: string;
  readonly arn: string;
}

export interface Outputs {
  readonly installation: {
    readonly issuer_url: string;
    readonly bucket: Named;
    readonly queues: Readonly<
      Record<'upload_events' | 'upload_events_dead_letter', { readonly url: string }>
    >;
    readonly tables: Readonly<Record<'uploads' | 'access', Named>>;
    readonly cluster_name: string;
    readonly audit: { readonly log_group_name: string };
    readonly services: Readonly<
      Record<
        'url-issuer' | 'acceptor' | 'processor',
        { readonly service_name: string; readonly task_role_arn: string }
      >
    >;
  };
  /** Of an applied registry; the others of a whole installation. */
  readonly repository_urls: Readonly<Partial<Record<Program, string>>>;
  readonly probe_roles: Readonly<Record<string, string>>;
}

/** terraform/tests/on-aws under one name, with a state of its own on this machine. */
export interface Setup {
  init(commands: Commands): Promise<void>;
  /** Creates the repositories alone, since nothing can be pushed before. */
  applyRegistry(commands: Commands): Promise<void>;
  apply(commands: Commands): Promise<void>;
  /** Of what was applied so far. */
  outputs(commands: Commands): Promise<Outputs>;
  /** @throws DeployError when something is left */
  destroy(commands: Commands): Promise<void>;
  /** Forgets the state. */
  forget(): void;
  /** Where this run's files are. */
  readonly folder: string;
}

export function createSetup(name: string, region: string): Setup {
  const folder = join(runsFolder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'region'), region);
  const state = `-state=${join(folder, 'terraform.tfstate')}`;
  const settings = [
    '-input=false',
    '-no-color',
    `-var=name=${name}`,
    `-var=region=${region}`,
    `-var=image_tag=${name}`,
  ];
  const change = (commands: Commands, command: 'apply' | 'destroy', ...more: string[]) =>
    commands.show('terraform', CONFIGURATION, command, '-auto-approve', ...settings, state, ...more);
  return {
    folder,
    init: async (commands) =>
      void (await commands.read('terraform', CONFIGURATION, 'init', '-input=false', '-no-color')),
    applyRegistry: (commands) => change(commands, 'apply', '-target=module.upload_once.module.registry'),
    apply: (commands) => change(commands, 'apply'),
    destroy: (commands) => change(commands, 'destroy'),

    async outputs(commands) {
      const read = await commands.read('terraform', CONFIGURATION, 'output', '-json', state);
      const values = JSON.parse(read) as Record<string, { readonly value: unknown }>;
      return Object.fromEntries(
        Object.entries(values).map(([output, { value }]) => [output, value]),
      ) as unknown as Outputs;
    },

    forget: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The runs whose state is on this machine, each with its region. */
export function runsOnThisMachine(): { readonly name: string; readonly region: string }[] {
  if (!existsSync(runsFolder)) return [];
  return readdirSync(runsFolder)
    .filter((name) => existsSync(join(runsFolder, name, 'region')))
    .map((name) => ({ name, region: readFileSync(join(runsFolder, name, 'region'), 'utf8') }));
}
