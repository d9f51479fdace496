/** A resource as Terraform plans it. */
export interface PlannedResource {
  /** With the keys of count and for_each. */
  readonly address: string;
  readonly type: string;
  readonly name: string;
  /** The address of its module, with keys; empty for the root. */
  readonly module: string;
  /** Without what is known after an apply alone. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** All resources of a plan, and what their expressions refer to. */
export interface Plan {
  readonly resources: readonly PlannedResource[];
  /** The resources of a type that an argument of another one refers to, across modules: how many can be known although their ids are not. */
  referredTo(from: PlannedResource, argument: string, type: string): readonly PlannedResource[];
}

interface Module {
  readonly address?: string;
  readonly resources?: readonly {
    readonly address: string;
    readonly mode: string;
    readonly type: string;
    readonly name: string;
    readonly values: Readonly<Record<string, unknown>>;
  }[];
  readonly child_modules?: readonly Module[];
}

interface Expression {
  readonly references?: readonly string[];
}

interface ModuleConfiguration {
  readonly resources?: readonly {
    readonly address: string;
    readonly expressions?: Readonly<Record<string, Expression>>;
  }[];
  readonly outputs?: Readonly<Record<string, { readonly expression?: Expression }>>;
  readonly module_calls?: Readonly<
    Record<
      string,
      { readonly expressions?: Readonly<Record<string, Expression>>; readonly module: ModuleConfiguration }
    >
  >;
}

/**
 * Reads what `terraform show -json` prints of a plan (Terraform's documentation, "JSON Output Format").
 * @throws RangeError if the text is anything else
 */
export function readPlan(json: string): Plan {
  let plan: {
    readonly planned_values?: { readonly root_module?: Module };
    readonly configuration?: { readonly root_module?: ModuleConfiguration };
  };
  try {
    plan = JSON.parse(json);
  } catch (error) {
    throw notAPlan(`it is no JSON (${(error as Error).message})`);
  }
  const root = plan?.planned_values?.root_module;
  const configuration = plan?.configuration?.root_module;
  if (!root || !configuration) throw notAPlan('it has no planned_values or no configuration');
  const resources = resourcesOf(root);
  if (resources.length === 0)
    throw notAPlan('it has no resource: a plan of an empty folder, or of a destruction');
  return { resources, referredTo: (from, argument, type) => referredTo(from, argument, type) };

  function referredTo(from: PlannedResource, argument: string, type: string): PlannedResource[] {
    const path = pathOf(from.module);
    const declared = configurationAt(path)?.resources?.find(
      ({ address }) => address === `${from.type}.${from.name}`,
    );
    const found = resolve(path, declared?.expressions?.[argument]?.references ?? [], type, new Set());
    return resources.filter((resource) =>
      found.has(`${pathOf(resource.module).join('.')}|${resource.type}.${resource.name}`),
    );
  }

  /** The resources of a type that references of one module lead to. `seen` ends circles. */
  function resolve(
    path: readonly string[],
    references: readonly string[],
    type: string,
    seen: Set<string>,
  ): Set<string> {
    const found = new Set<string>();
    const add = (more: Iterable<string>) => {
      for (const one of more) found.add(one);
    };
    for (const reference of references) {
      const place = `${path.join('.')}|${reference}`;
      if (seen.has(place)) continue;
      seen.add(place);
      const [head = '', second = '', third = ''] = reference.replaceAll(/\[[^\]]*\]/g, '').split('.');
      if (head === type) found.add(`${path.join('.')}|${head}.${second}`);
      const call = path.at(-1);
      if (head === 'var' && call !== undefined) {
        const above = path.slice(0, -1);
        const given = configurationAt(above)?.module_calls?.[call]?.expressions?.[second]?.references ?? [];
        add(resolve(above, given, type, seen));
      }
      if (head === 'module') {
        const inside = [...path, second];
        const output = configurationAt(inside)?.outputs?.[third]?.expression?.references ?? [];
        add(resolve(inside, output, type, seen));
      }
    }
    return found;
  }

  function configurationAt(path: readonly string[]): ModuleConfiguration | undefined {
    return path.reduce<ModuleConfiguration | undefined>(
      (module, name) => module?.module_calls?.[name]?.module,
      configuration,
    );
  }
}

function resourcesOf({ address = '', resources = [], child_modules = [] }: Module): PlannedResource[] {
  const own = resources
    .filter(({ mode }) => mode === 'managed')
    .map(({ address: full, type, name, values }) => ({ address: full, type, name, module: address, values }));
  return [...own, ...child_modules.flatMap(resourcesOf)];
}

/** "module.a.module.b[0]" to ["a", "b"]. */
function pathOf(module: string): string[] {
  return [...module.matchAll(/(?:^|\.)module\.(\w[\w-]*)/g)].map(([, name = '']) => name);
}

function notAPlan(why: string): RangeError {
  return new RangeError(
    `PLAN: the output of \`terraform show -json\` for a saved plan was expected, and ${why}. Make it with: terraform plan -out=plan; terraform show -json plan > plan.json`,
  );
}
