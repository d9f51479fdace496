import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

// Imports go one way: docs/design.md, "Layout".

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** What the sources of each package may import of this repository. A service imports no other service. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'packages/text': [],
  'packages/clock': [],
  'packages/tracing': ['clock'],
  'packages/table': ['clock'],
  'packages/queue': ['clock'],
  'packages/runtime': ['clock', 'text', 'tracing'],
  'packages/uploads': ['clock', 'table', 'text'],
  'packages/access': ['clock', 'table', 'text'],
  'packages/worker': ['clock', 'queue', 'runtime', 'tracing'],
  'packages/client': ['text'],
  'packages/console': ['clock', 'queue', 'runtime', 'text', 'tracing', 'uploads'],
  'packages/cli': ['access', 'client', 'clock', 'console', 'queue', 'runtime', 'text', 'uploads'],
  'services/url-issuer': ['access', 'clock', 'runtime', 'text', 'tracing', 'uploads'],
  'services/acceptor': ['clock', 'queue', 'runtime', 'uploads', 'worker'],
  'services/processor': ['clock', 'queue', 'runtime', 'tracing', 'uploads', 'worker'],
  'services/webhook-sender': ['clock', 'queue', 'runtime', 'tracing', 'uploads', 'worker'],
};

/** The folder of each package of this repository, by its name. */
const FOLDERS = new Map(
  globSync(['{packages,services,local,test}/*/package.json', 'bench/package.json'], { cwd: repository }).map(
    (path) => [JSON.parse(readFileSync(join(repository, path), 'utf8')).name as string, dirname(path)],
  ),
);

function importsOf(file: string): string[] {
  const text = readFileSync(join(repository, file), 'utf8');
  return [...text.matchAll(/(?:\bfrom |\bimport\(?)\s*'([^']+)'/g)].map(([, name = '']) => name);
}

t.test('every package and service is in the table', async (t) => {
  const folders = globSync(['packages/*/package.json', 'services/*/package.json'], { cwd: repository });
  t.strictSame(folders.map(dirname).sort(), Object.keys(MAY_IMPORT).sort());
});

for (const [folder, allowed] of Object.entries(MAY_IMPORT)) {
  t.test(`${folder} imports only ${allowed.join(', ') || 'what others have made'}`, async (t) => {
    const files = globSync(`${folder}/src/**/*.ts`, { cwd: repository });
    t.ok(files.length > 0);
    for (const file of files) {
      for (const name of importsOf(file)) {
        if (name.startsWith('.')) {
          t.ok(join(dirname(file), name).startsWith(`${folder}/`), `${file} imports ${name}`);
          continue;
        }
        const [, own] = /^@upload-once\/([^/]+)/.exec(name) ?? [];
        if (own === undefined) continue;
        t.ok(allowed.includes(own), `${file} imports ${name}`);
        if (!file.includes('/src/testing/')) t.not(name.split('/')[2], 'testing', `${file} imports fakes`);
      }
    }
  });
}

t.test('a program that imports the client library installs no AWS SDK', async (t) => {
  const needed = new Set(['@upload-once/client']);
  for (const name of needed) {
    if (!name.startsWith('@upload-once/')) continue;
    const folder = join(repository, 'packages', name.split('/')[1] ?? '');
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    for (const one of Object.keys(dependencies)) needed.add(one);
  }
  t.ok(needed.has('@upload-once/text'));
  t.strictSame(
    [...needed].filter((name) => name.startsWith('@aws-sdk/')),
    [],
  );
});

t.test('packages/table alone asks DynamoDB for items', async (t) => {
  const files = globSync('{packages,services}/*/src/**/*.ts', { cwd: repository });
  const call =
    /\b(Get|Put|Update|Delete|BatchGet|BatchWrite)ItemCommand\b|\bDynamoDBDocument|\bQueryCommand\b/;
  const askers = files.filter((file) => call.test(readFileSync(join(repository, file), 'utf8')));
  t.strictSame(askers, ['packages/table/src/dynamodb-table.ts', 'packages/table/src/fast-send.ts']);
});

/** [file, what it imports by a static import] of each of our files that a start of this one loads, but for whole packages. */
function loadedBy(main: string): [string, string][] {
  const files = new Set([main]);
  const imports: [string, string][] = [];
  for (const file of files) {
    const text = readFileSync(join(repository, file), 'utf8').replaceAll(/^(im|ex)port type [^;]*;/gm, '');
    for (const [, name = ''] of text.matchAll(/^(?:[^/*].*)? from '([^']+)'/gm)) {
      imports.push([file, name]);
      if (name.startsWith('.')) files.add(join(dirname(file), name));
    }
  }
  return imports;
}

t.test(
  'a thread of handlers loads no whole package of ours but the clock, so that it starts soon',
  async (t) => {
    const imports = loadedBy('services/processor/src/run-in-thread.ts');
    for (const [file, name] of imports)
      t.notMatch(name, /^@upload-once\/(?!clock$)[^/]+$/, `${file} imports ${name}`);
    t.ok(imports.some(([file]) => file === 'services/processor/src/call-handler.ts'));
  },
);

t.test('the url-issuer loads the client of the rate store only where there is one', async (t) => {
  const imports = loadedBy('services/url-issuer/src/main.ts');
  t.strictSame(
    imports.filter(([, name]) => name.startsWith('@redis/')),
    [],
  );
  t.ok(imports.some(([, name]) => name === './rates/shared-buckets.ts'));
});

t.test('the README of each says the same', async (t) => {
  for (const [folder, allowed] of Object.entries(MAY_IMPORT)) {
    const readme = readFileSync(join(repository, folder, 'README.md'), 'utf8');
    const [, said = ''] = /^- \*\*May import:\*\* (.*)$/m.exec(readme) ?? [];
    const names = [...said.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    t.strictSame(names, allowed, folder);
  }
});

/** From the top down: what each floor is made of may import from its own floor and from those below it. */
const FLOORS = ['test', 'scripts', 'bench', 'local', 'services', 'packages'];

t.test('no source imports from a floor above its own', async (t) => {
  const files = globSync('{packages,services,local,bench,scripts}/**/*.ts', { cwd: repository }).filter(
    (file) => !/(^|\/)(test|node_modules)\//.test(file),
  );
  for (const floor of FLOORS.slice(1)) t.ok(files.some((file) => file.startsWith(`${floor}/`)));
  for (const file of files) {
    const above = FLOORS.slice(0, FLOORS.indexOf(file.split('/')[0] ?? ''));
    for (const name of importsOf(file)) {
      const path = name.startsWith('.') ? join(dirname(file), name) : name;
      const folder = FOLDERS.get(/^@upload-once\/[^/]+/.exec(path)?.[0] ?? '') ?? path;
      t.notOk(above.includes(folder.split('/')[0] ?? ''), `${file} imports ${name}`);
    }
  }
});

t.test('no test imports from the tests of another package', async (t) => {
  for (const file of globSync('{packages,services,local}/*/test/**/*.ts', { cwd: repository })) {
    const [own] = /^[^/]+\/[^/]+\//.exec(file) ?? [''];
    const others = importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => join(dirname(file), name))
      .filter((path) => !path.startsWith(own) && !path.startsWith('test/support/') && /\/test\//.test(path));
    t.strictSame(others, [], file);
  }
});
