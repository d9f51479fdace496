import { readdir, readFile } from 'node:fs/promises';

/** The page's files lie beside this file, in the sources and in the published command alike. */
const BROWSER = new URL('browser/', import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

/** All files of the page, by their paths. They hold no secret: the token is in the part of the address that no browser sends. */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  for (const name of await readdir(BROWSER)) {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    if (type === undefined) continue;
    const file = { type, body: await readFile(new URL(name, BROWSER)) };
    files.set(name === 'page.html' ? '/' : `/${name}`, file);
  }
  return files;
}
