import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Builds and packs what npm gets, into .local/packages: a folder and a tarball for each package. What is published is JavaScript, because
 * Node strips no types under node_modules, and holds the private packages that it uses. The sources stay private: `npm publish` in
 * packages/ is refused.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const out = join(root, '.local/packages');
const tool = (name: string) => join(root, 'scripts/packages/node_modules/.bin', name);

/** The first Node with all that is used and can't be replaced (AbortSignal.any). */
const NODE_MIN = '20.3.0';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly imports: readonly { readonly path: string; readonly external?: boolean }[] }>
  >;
}

const readJson = <T>(path: string) => JSON.parse(readFileSync(path, 'utf8')) as T;
const manifestOf = (name: string) => readJson<Manifest>(join(root, 'packages', name, 'package.json'));

/** What a package and the private packages that it uses take from npm, with the versions. */
function fromNpm(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, version] of Object.entries(manifestOf(folder).dependencies ?? {})) {
    const inner = name.startsWith('@upload-once/')
      ? fromNpm(name.split('/')[1] ?? '')
      : [[name, version] as const];
    for (const [each, itsVersion] of inner) found.set(each, itsVersion);
  }
  return found;
}

/** @returns the packages of npm that the output imports */
function bundle(folder: string, entry: string, options: readonly string[]): Set<string> {
  const metafile = join(out, `${folder}.json`);
  execFileSync(
    tool('esbuild'),
    [
      entry,
      '--bundle',
      '--format=esm',
      '--charset=utf8',
      '--log-level=warning',
      `--metafile=${metafile}`,
      '--define:Promise.withResolvers=withResolvers',
      '--define:URL.parse=parseUrl',
      `--inject:${join(root, 'scripts/packages/node-20.ts')}`,
      ...[...fromNpm(folder).keys()].map((name) => `--external:${name}`),
      ...options,
    ],
    { cwd: join(root, 'packages', folder), stdio: 'inherit' },
  );
  const imports = Object.values(readJson<Metafile>(metafile).outputs).flatMap((output) => output.imports);
  rmSync(metafile);
  const packages = imports.filter(({ path, external }) => external && !path.startsWith('node:'));
  return new Set(packages.map(({ path }) => /^(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path));
}

/** The declarations that `src/index.ts` reaches, as tsc makes them, with the names that the JavaScript has. */
function declareTypes(folder: string, to: string): void {
  const all = join(out, `${folder}-types`);
  execFileSync('tsc', ['-p', join(root, 'scripts/packages/types.json'), '--outDir', all], {
    stdio: 'inherit',
  });
  const from = join(all, folder, 'src');
  const copied = new Set<string>();
  const copy = (name: string) => {
    if (copied.has(name)) return;
    copied.add(name);
    const text = readFileSync(join(from, name), 'utf8');
    const imports = [...text.matchAll(/\bfrom '\.\/([\w-]+)\.(?:ts|js)'/g)];
    writeFileSync(join(to, name), text.replaceAll(/(\bfrom '\.\/[\w-]+)\.ts'/g, "$1.js'"));
    for (const [, imported] of imports) copy(`${imported}.d.ts`);
  };
  copy('index.d.ts');
  rmSync(all, { recursive: true });
}

function pack(folder: string, used: ReadonlySet<string>, published: object): string {
  const staged = join(out, folder);
  const { dependencies: _, ...manifest } = manifestOf(folder);
  const versions = [...fromNpm(folder)].filter(([name]) => used.has(name)).sort();
  const { private: _private, devDependencies: _dev, ...kept } = manifest as Record<string, unknown>;
  const text = {
    ...kept,
    engines: { node: `>=${NODE_MIN}` },
    ...published,
    files: ['dist'],
    ...(versions.length > 0 && { dependencies: Object.fromEntries(versions) }),
  };
  writeFileSync(join(staged, 'package.json'), `${JSON.stringify(text, null, 2)}\n`);
  copyFileSync(join(root, 'packages', folder, 'README.md'), join(staged, 'README.md'));
  copyFileSync(join(root, 'LICENSE'), join(staged, 'LICENSE'));
  const packed = execFileSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', out, staged],
    {
      encoding: 'utf8',
    },
  );
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  return join(out, filename);
}

rmSync(out, { recursive: true, force: true });

const client = join(out, 'client/dist');
mkdirSync(client, { recursive: true });
const clientUses = bundle('client', 'src/index.ts', [
  '--platform=node',
  `--target=node${NODE_MIN}`,
  `--outfile=${join(client, 'index.js')}`,
]);
bundle('client', 'src/browser.ts', [
  '--platform=browser',
  '--target=es2022',
  `--outfile=${join(client, 'browser.js')}`,
]);
declareTypes('client', client);

const cli = join(out, 'cli/dist');
const cliUses = bundle('cli', 'bin/upload-once.mjs', [
  '--platform=node',
  `--target=node${NODE_MIN}`,
  '--splitting',
  '--out-extension:.js=.mjs',
  `--outdir=${cli}`,
]);

// The console's page, which its server reads from the folder beside its own code.
const page = join(root, 'packages/console/src/browser');
mkdirSync(join(cli, 'browser'));
for (const name of readdirSync(page).filter((each) => each !== 'tsconfig.json'))
  copyFileSync(join(page, name), join(cli, 'browser', name));

for (const tarball of [
  pack('client', clientUses, {
    sideEffects: false,
    exports: {
      '.': { types: './dist/index.d.ts', browser: './dist/browser.js', default: './dist/index.js' },
      './package.json': './package.json',
    },
  }),
  pack('cli', cliUses, {
    bin: { 'upload-once': './dist/upload-once.mjs' },
    exports: { './package.json': './package.json' },
  }),
])
  process.stdout.write(`${relative(dirname(dirname(out)), tarball)}\n`);
