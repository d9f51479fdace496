import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtPackage, run, tool } from './built.ts';

/** The script of a page with what it uses of the packed library, minified, as a bundler makes it. */
export async function bundleForPage(folder: string, script: string): Promise<string> {
  const client = await builtPackage('client');
  await cp(client.folder, join(folder, 'node_modules/@upload-once/client'), { recursive: true });
  await writeFile(join(folder, 'page.ts'), script);
  const options = [
    '--bundle',
    '--minify',
    '--charset=utf8',
    '--platform=browser',
    '--format=esm',
    '--outfile=page.js',
  ];
  const { code, stderr } = await run(tool('esbuild'), ['page.ts', ...options], { cwd: folder });
  if (code !== 0) throw new Error(stderr);
  return readFile(join(folder, 'page.js'), 'utf8');
}
