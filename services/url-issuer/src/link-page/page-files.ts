import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { LINK_LANGUAGES } from '../links/link-settings.ts';
import { type Branding, textColorOn } from './branding.ts';
import { pageHtml, type StaticTexts } from './page-html.ts';

export interface PageFile {
  readonly type: string;
  readonly plain: Content;
  /** Of what can be smaller so. */
  readonly gzip?: Content;
}

export interface Content {
  readonly body: Buffer;
  readonly eTag: string;
}

export type PageLanguage = (typeof LINK_LANGUAGES)[number];

export interface PageFiles {
  readonly pages: Readonly<Record<PageLanguage, PageFile>>;
  /** By their paths, which begin with `u/`. */
  readonly assets: Readonly<Record<string, PageFile>>;
}

const BROWSER = new URL('browser/', import.meta.url);
const TEXTS = new URL('texts/', import.meta.url);

/** Reads all that the page of a link is made of. */
export async function readPageFiles(branding: Branding): Promise<PageFiles> {
  const template = await readFile(new URL('page.html', BROWSER), 'utf8');
  const assets: Record<string, PageFile> = {
    'u/page.css': await styles(branding),
    'u/logo': await icon(branding),
  };
  for (const name of await readdir(BROWSER)) {
    if (!name.endsWith('.mjs')) continue;
    assets[`u/${name}`] = pageFile('text/javascript; charset=utf-8', await readFile(new URL(name, BROWSER)));
  }
  const pages: Partial<Record<PageLanguage, PageFile>> = {};
  for (const language of LINK_LANGUAGES) {
    const json = await readFile(new URL(`${language}.json`, TEXTS));
    assets[`u/texts/${language}.json`] = pageFile('application/json; charset=utf-8', json);
    const texts = JSON.parse(json.toString()) as StaticTexts;
    const html = pageHtml(template, { language, texts, branding });
    pages[language] = pageFile('text/html; charset=utf-8', Buffer.from(html));
  }
  return { pages: pages as PageFiles['pages'], assets };
}

/** The page's policy allows no style in the HTML, so the colour stands here. */
async function styles({ color }: Branding): Promise<PageFile> {
  const css = await readFile(new URL('page.css', BROWSER), 'utf8');
  const accent = `:root{--accent:${color};--on-accent:${textColorOn(color)}}\n`;
  return pageFile('text/css; charset=utf-8', Buffer.from(accent + css));
}

async function icon({ logo }: Branding): Promise<PageFile> {
  if (logo) return pageFile(logo.type, logo.bytes);
  return pageFile('image/svg+xml', await readFile(new URL('icon.svg', BROWSER)));
}

function pageFile(type: string, body: Buffer): PageFile {
  const plain = contentOf(body);
  return type === 'image/png'
    ? { type, plain }
    : { type, plain, gzip: contentOf(gzipSync(body, { level: 9 })) };
}

function contentOf(body: Buffer): Content {
  return { body, eTag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}
