import { mkdir, writeFile } from 'node:fs/promises';

const FOLDER = new URL('results/', import.meta.url);

/** The figures of a bench, for who wants more than its table. */
export async function writeResults(name: string, figures: object): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(new URL(`${name}.json`, FOLDER), `${JSON.stringify(figures, undefined, 2)}\n`);
}
