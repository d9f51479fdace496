import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { Test } from 'tap';

const PICTURES = fileURLToPath(new URL('../../../docs/pictures/', import.meta.url));

/** Waits until the page shows a screen, by its title. */
export async function title(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

export async function choose(page: Page, path: string | readonly string[]): Promise<void> {
  await page.locator('input[type=file]').setInputFiles([path].flat());
}

export async function send(page: Page, path: string): Promise<void> {
  await choose(page, path);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

/** Waits for a text anywhere on the page. */
export async function text(page: Page, words: string | RegExp): Promise<void> {
  await page.getByText(words).first().waitFor();
}

/**
 * Holds what the page shows now to the rules of axe, in light and dark, and to a width of 320 pixels. With UPDATE_PICTURES=1, it is a
 * picture in docs/pictures as well.
 */
export async function looks(t: Test, page: Page, name: string, { isPictured = true } = {}): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    t.strictSame(await violations(page), [], `${name}, ${colorScheme}: axe has no findings`);
  }
  const viewport = page.viewportSize() ?? { width: 640, height: 400 };
  await page.setViewportSize({ width: 320, height: 600 });
  const width = await page.evaluate('document.documentElement.scrollWidth');
  t.ok(Number(width) <= 320, `${name}: ${width} pixels of 320`);
  await page.setViewportSize(viewport);
  if (process.env.UPDATE_PICTURES !== '1' || !isPictured) return;
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}${name}.png`, fullPage: true });
}

export async function violations(page: Page): Promise<readonly string[]> {
  return page.evaluate(
    `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join()))`,
  );
}
