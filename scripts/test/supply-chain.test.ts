import { globSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

// What others have made and this project builds on is named by its content: an image, a package of npm, a package of PyPI.

const repository = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(`${repository}/${path}`, 'utf8');
const find = (pattern: string) =>
  globSync(pattern, { cwd: repository, exclude: (name) => /^(node_modules|\..*)$/.test(name) });

type Versions = Readonly<Record<string, string>>;
interface Manifest {
  readonly version: string;
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly optionalDependencies?: Versions;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}
interface LockedPackage {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

const root = JSON.parse(read('package.json')) as Manifest;
const packageTools = JSON.parse(read('scripts/packages/package.json')) as Manifest;
const examples = JSON.parse(read('examples/package.json')) as Manifest;
/** Those of the registry; the rest are this repository's own folders, and links to them. */
const locks = [
  'package-lock.json',
  'scripts/packages/package-lock.json',
  'bench/peers/package-lock.json',
  'examples/package-lock.json',
  'scripts/mutants/stryker/package-lock.json',
];
const fromRegistry = locks.flatMap((path) => {
  const { packages } = JSON.parse(read(path)) as { packages: Record<string, LockedPackage> };
  return Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);
});

/** The images that a Dockerfile's stages begin with, defaults in place of arguments; its own stages are left out. */
function basesIn(dockerfile: string): string[] {
  const defaults = new Map(
    [...dockerfile.matchAll(/^ARG (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]),
  );
  const stages = [...dockerfile.matchAll(/^FROM (?:--\S+ )*(\S+)(?: AS (\S+))?$/gm)];
  const ownStages = new Set(stages.map(([, , name]) => name));
  return stages
    .map(([, from = '']) => from.replace(/^\$\{(\w+)\}$/, (_, name: string) => defaults.get(name) ?? ''))
    .filter((base) => !ownStages.has(base));
}

t.test('the images that are published are built on one image, named by its digest', async (t) => {
  const bases = basesIn(read('Dockerfile'));
  t.equal(bases.length, 2, 'one to install, one to run');
  t.equal(new Set(bases).size, 1, 'the same Node');
  for (const base of bases) t.match(base, /^node:24-trixie-slim@sha256:[0-9a-f]{64}$/);
});

t.test('the example handler’s image is built on a version: that of this repository', async (t) => {
  const base = `upload-once/processor:${root.version}`;
  t.strictSame(basesIn(read('examples/handler/Dockerfile')), [base]);
  t.match(read('docker-compose.localstack.yml'), `tags: ['${base}']`, 'make images gives it this name');
});

t.test('an action of GitHub is named by its commit, with its version beside it', async (t) => {
  const workflows = readdirSync(`${repository}/.github/workflows`);
  t.ok(workflows.length > 0);
  for (const name of workflows) {
    const uses = read(`.github/workflows/${name}`).match(/\buses: .*/g) ?? [];
    t.ok(uses.length > 0, name);
    for (const line of uses)
      t.match(line, /^uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, `${name}: ${line}`);
  }
});

t.test('npm installs exact versions, known by their hash, from the registry', async (t) => {
  const manifests = find('**/package.json');
  t.ok(manifests.length > 10);
  for (const path of manifests) {
    const manifest = JSON.parse(read(path)) as Manifest;
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    for (const [name, version] of Object.entries({
      ...dependencies,
      ...devDependencies,
      ...optionalDependencies,
    })) {
      t.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, `${path}: ${name}`);
    }
  }
  t.ok(fromRegistry.length > 400);
  for (const [path, { integrity = '', resolved = 'https://registry.npmjs.org/' }] of fromRegistry) {
    t.match(integrity, /^sha512-[\w+/]{86}==$/, path);
    t.match(resolved, /^https:\/\/registry\.npmjs\.org\//, path);
  }
});

t.test('make demo installs fewer than 200 packages', async (t) => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> };
  const needed = Object.entries(packages).filter(
    ([path, { link, dev, devOptional }]) => path.includes('node_modules/') && !link && !dev && !devOptional,
  );
  t.ok(needed.length > 50 && needed.length < 200, `${needed.length}`);
  t.match(read('Makefile'), /^demo: \$\(runtime\)/m);
});

t.test('no package runs code of its own when it is installed', async (t) => {
  const withScript = fromRegistry.filter(([, { hasInstallScript }]) => hasInstallScript === true);
  t.strictSame(
    withScript.map(([path]) => [path.split('node_modules/').at(-1), false]),
    [root, packageTools, examples].flatMap(({ allowScripts }) => Object.entries(allowScripts)),
    'each is known, and refused',
  );
  t.match(read('.npmrc'), /^strict-allow-scripts=true$/m);
  for (const path of ['Dockerfile', 'Makefile']) {
    const installs = read(path)
      .split('\n')
      .filter((line) => /^\s+npm ci\b/.test(line));
    t.ok(installs.length > 0, path);
    for (const line of installs) t.match(line, / --ignore-scripts( |$)/, path);
  }
});

t.test('pip installs exact versions, known by their hash, and wheels alone', async (t) => {
  const files = find('**/requirements.txt');
  t.equal(files.length, 4);
  for (const path of files) {
    const requirements = read(path)
      .replaceAll('\\\n', '')
      .split('\n')
      .filter((line) => line !== '' && !/^ *#/.test(line));
    t.ok(requirements.length > 0, path);
    for (const line of requirements) {
      t.match(line, /^[\w.[\]-]+==[\w.]+( ; [^#]+?)?( +--hash=sha256:[0-9a-f]{64})+$/, path);
    }
    const chosen = read(path.replace(/txt$/, 'in'))
      .trim()
      .replaceAll(/\[\w+\]/g, '')
      .split('\n');
    for (const each of chosen)
      t.ok(
        requirements.some((line) => line.startsWith(`${each} `)),
        `${path}: ${each}`,
      );
    t.match(
      read('Makefile'),
      new RegExp(`\\$\\(pip_install\\)(?: \\\\\\n\\s*)? ?${path.replace(/(moto|checkov)/, '\\$\\$tool')}`),
      path,
    );
  }
  t.match(read('Makefile'), /^pip_install := .* --only-binary :all: /m);
});

t.test('what is renewed stays on Node 24', async (t) => {
  const { packageRules } = JSON.parse(read('renovate.json')) as {
    packageRules: { matchPackageNames?: string[]; allowedVersions?: string }[];
  };
  const [rule] = packageRules.filter(({ allowedVersions }) => allowedVersions === '<25');
  t.strictSame(
    rule?.matchPackageNames?.toSorted(),
    ['@types/node', 'node', ...Object.keys(root.optionalDependencies ?? {})].toSorted(),
  );
  for (const [name, version] of Object.entries(root.optionalDependencies ?? {}))
    t.match(version, /^24\./, name);
});
