import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { builtPackage, NODES, repository, run, tool } from './built.ts';
import { bundleForPage } from './bundle-for-page.ts';

// What `make packages` has built, as npm would get it.

const client = await builtPackage('client');
const cli = await builtPackage('cli');

t.test('publint finds nothing', async (t) => {
  for (const { folder } of [client, cli])
    t.match(await run(tool('publint'), ['run', folder, '--strict']), { code: 0, stdout: /All good!/ });
});

t.test('arethetypeswrong finds nothing wrong with the types', async (t) => {
  const checked = await run(tool('attw'), [client.tarball, '--profile', 'esm-only', '--format', 'ascii']);
  t.match(checked, { code: 0 });
});

t.test('neither needs a private package, and only the command needs the AWS SDK', async (t) => {
  t.strictSame(client.manifest.dependencies, undefined);
  const needed = Object.keys(cli.manifest.dependencies);
  t.ok(needed.includes('@aws-sdk/client-s3'));
  t.strictSame(
    needed.filter((name) => name.startsWith('@upload-once/')),
    [],
  );
  for (const { manifest } of [client, cli]) {
    t.equal(manifest.private, undefined);
    t.match(manifest.repository.url, /^git\+https:\/\/github\.com\//, 'which provenance is held to');
  }
});

t.test('the sources can’t be published by mistake', async (t) => {
  for (const folder of ['client', 'cli']) {
    const source = JSON.parse(await readFile(join(repository, 'packages', folder, 'package.json'), 'utf8'));
    t.equal(source.private, true);
  }
});

t.test('a page that uploads loads under 15 kB, and nothing of Node', async (t) => {
  const all = await bundleForPage(t.testdir(), "export * from '@upload-once/client';");
  t.notMatch(all, /node:|require\(|\bBuffer\b|\bprocess\./);
  const [, exported = ''] = /export\s*\{([^}]*)\};?\s*$/.exec(all) ?? [];
  const names = exported.split(',').map((one) => one.split(' as ').at(-1) ?? '');
  const withoutUppy = names.filter((name) => name !== 'uppyAwsS3Options');
  t.ok(withoutUppy.length < names.length && withoutUppy.includes('uploadFile'));
  // A page uploads by itself or by Uppy.
  for (const [used, maxBytes] of [
    [withoutUppy, 15_000],
    [['uppyAwsS3Options'], 5_000],
  ] as const) {
    const script = `export { ${used.join(', ')} } from '@upload-once/client';`;
    const page = await bundleForPage(t.testdir(), script);
    t.ok(page.length < maxBytes, `${page.length} bytes minified`);
  }
  await t.rejects(
    bundleForPage(t.testdir(), "import { createUpload } from '@upload-once/client'; createUpload({});"),
    { message: /No matching export in .*browser\.js" for import "createUpload"/ },
    'a call that needs an API key is no part of a page',
  );
  const empty = await bundleForPage(t.testdir(), "import '@upload-once/client';");
  t.ok(empty.length < 20, 'what is not used is left out');
});

t.test('nothing is left that Node 20 lacks', async (t) => {
  t.match(await run(NODES[0] ?? '', ['--version']), { stdout: /^v20\./ });
  for (const { folder } of [client, cli])
    for (const name of (await readdir(join(folder, 'dist'))).filter((each) => each.endsWith('js')))
      t.notMatch(
        await readFile(join(folder, 'dist', name), 'utf8'),
        /Promise\.(withResolvers|try)|URL\.parse\(|Array\.fromAsync|\.ts['"]/,
        name,
      );
});
