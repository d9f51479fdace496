import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the committed results are, unless RESULTS_FOLDER names another. */
const FOLDER = process.env.RESULTS_FOLDER || fileURLToPath(new URL('results', import.meta.url));

/** The figures of a bench, for who wants more than its table. */
export async function writeResults(name: string, figures: object): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, `${name}.json`), `${JSON.stringify(figures, undefined, 2)}\n`);
}
