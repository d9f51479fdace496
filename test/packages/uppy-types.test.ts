import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { builtPackage, repository, run } from './built.ts';

// The types of the packed library and those of Uppy, as examples/ has it.

t.test('Uppy takes the options that the library makes', async (t) => {
  const folder = t.testdir();
  const client = await builtPackage('client');
  await cp(client.folder, join(folder, 'node_modules/@upload-once/client'), { recursive: true });
  await mkdir(join(folder, 'node_modules/@uppy'), { recursive: true });
  for (const name of ['core', 'aws-s3'])
    await symlink(
      join(repository, 'examples/node_modules/@uppy', name),
      join(folder, 'node_modules/@uppy', name),
    );
  await writeFile(
    join(folder, 'page.ts'),
    `import { uppyAwsS3Options } from '@upload-once/client';
    import AwsS3 from '@uppy/aws-s3';
    import Uppy from '@uppy/core';
    const getForm = ({ name, type, size }: { name: string; type: string; size: number | null }) => fetch(name + type + size);
    new Uppy<{ customer: string }, { key: string }>().use(AwsS3, uppyAwsS3Options({ getForm }));
    new Uppy().use(AwsS3, uppyAwsS3Options({ getForm, revoke: (id) => fetch(id) }));
    // @ts-expect-error: the types of Uppy are there.
    new Uppy().use(AwsS3, { ...uppyAwsS3Options({ getForm }), signRequest: 5 });`,
  );
  const modules = ['--module', 'esnext', '--moduleResolution', 'bundler'];
  const page = ['--target', 'es2022', '--lib', 'es2022,dom,dom.iterable', '--types', ''];
  const args = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', ...modules, ...page, 'page.ts'];
  const checked = await run(join(repository, 'node_modules/.bin/tsc'), args, { cwd: folder });
  t.match(checked, { code: 0, stdout: '' });
});
