import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const SUFFIX = '.json';

/** JSON documents in a folder, one a file. A document is there whole, in its old or its new form, whenever the process ends. */
export class Records<T> {
  readonly #directory: string;
  readonly #ids: () => string;

  constructor(directory: string, ids: () => string) {
    this.#directory = directory;
    this.#ids = ids;
  }

  /** Creates the folder if need be, removes what an unfinished write left, gives every document. */
  async load(): Promise<T[]> {
    await mkdir(this.#directory, { recursive: true });
    const documents: T[] = [];
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name);
      if (name.endsWith(SUFFIX)) documents.push(JSON.parse(await readFile(path, 'utf8')) as T);
      else await rm(path);
    }
    return documents;
  }

  async put(name: string, document: T): Promise<void> {
    const unfinished = join(this.#directory, `${name}.${this.#ids()}`);
    await writeFile(unfinished, JSON.stringify(document));
    await rename(unfinished, join(this.#directory, name + SUFFIX));
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#directory, name + SUFFIX), { force: true });
  }
}
