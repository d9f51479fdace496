import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t from 'tap';
import { startBrowser } from './support/browser.ts';
import { line, metricLine, startWithLog } from './support/console-log.ts';
import { violations } from './support/link-page.ts';

// The console's first view at each width, with everything in it that an operator can meet.

const SIZES = [
  [320, 640],
  [768, 1_024],
  [1_280, 720],
  [1_920, 1_080],
] as const;
/** For people: each picture goes there. */
const FOLDER = process.env['LOOKS_FOLDER'];
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const newPage = await startBrowser();

/** Some uploads of each kind, the last ones now. */
function linesOf(nowMs: number) {
  const id = (name: string, at: number) =>
    `${name}-20260101_1200${10 + at}-k3v7q2m5x4n6c8b2d4f6g7h2j${at % 8}`;
  const whole = Array.from({ length: 24 }, (_, at) => {
    const ms = nowMs - (30 - at) * MINUTE;
    const name = id('invoice', at);
    return [
      line('url-issuer', 'issued', name, ms, {
        apiKeyId: 'ehb3k7q2m5x4n6c7',
        expiresAt: new Date(ms + 15 * MINUTE),
      }),
      line('acceptor', 'accepted', name, ms + 2_400, {
        storedAt: new Date(ms + 2_100),
        sizeBytes: 48_213 * (at + 1),
      }),
      line('processor', 'processed', name, ms + 2_900 + at * 40, { attempt: at === 7 ? 3 : 1 }),
    ];
  }).flat();
  const issued = (name: string, minutes: number, lifeMinutes = 15) =>
    line('url-issuer', 'issued', name, nowMs - minutes * MINUTE, {
      apiKeyId: 'usb3k7q2m5x4n6c7',
      expiresAt: new Date(nowMs - (minutes - lifeMinutes) * MINUTE),
    });
  const accepted = (name: string, minutes: number) =>
    line('acceptor', 'accepted', name, nowMs - minutes * MINUTE + 900, {
      storedAt: new Date(nowMs - minutes * MINUTE + 700),
      sizeBytes: 7_340_032,
    });
  return [
    ...whole,
    issued('waiting', 1),
    issued('too-late', 40),
    issued('taken-back', 5),
    line('url-issuer', 'revoked', 'taken-back', nowMs - 4 * MINUTE),
    issued('stuck', 8),
    accepted('stuck', 8),
    issued('twice', 3),
    accepted('twice', 3),
    line('acceptor', 'duplicate', 'twice', nowMs - 2 * MINUTE, { versionId: 'v2' }),
    line('processor', 'processed', 'twice', nowMs - 3 * MINUTE + 1_400),
    issued('broken', 2),
    accepted('broken', 2),
    line('processor', 'failed', 'broken', nowMs - 2 * MINUTE + 3_000, { attempt: 5 }),
    {
      time: new Date(nowMs - MINUTE),
      service: 'url-issuer',
      outcome: 'refused',
      reason: 'RateExceeded',
      apiKeyId: 'usb3k7q2m5x4n6c7',
    },
    { time: new Date(nowMs), service: 'url-issuer', outcome: 'refused', reason: 'Forbidden' },
    ...Array.from({ length: 50 }, (_, at) =>
      metricLine(nowMs - at * MINUTE, {
        UploadsIssued: 20 + ((at * 7) % 13),
        UploadsProcessed: 18 + ((at * 5) % 11),
        LeadTime: Array.from({ length: 18 }, (_, each) => 80 + ((each * each * 37 + at * 91) % 2_600)),
        ...(at % 17 === 3 && { ProcessingFailed: 1, RequestsRefused: 2 }),
      }),
    ),
  ];
}

/** Words that stand on two lines, of all that is no id, no value and no one else's text. */
function brokenWords(page: Page): Promise<readonly string[]> {
  return page.evaluate(`(() => {
    const broken = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.parentElement.closest('a[href^="#upload/"], code, pre, .unseen, svg, script, .log')) continue;
      for (const { index, 0: word } of node.data.matchAll(/[\\p{L}\\p{N}_]+/gu)) {
        // A variable's name can be longer than a line.
        if (word.includes('_')) continue;
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
        if (tops.size > 1) broken.push(word);
      }
    }
    return broken;
  })()`);
}

async function picture(page: Page, name: string): Promise<void> {
  if (FOLDER === undefined) return;
  await mkdir(FOLDER, { recursive: true });
  await page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage: true });
}

const sideways = (page: Page) =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

t.test(
  'at each width and with text twice as large, nothing scrolls sideways and no word breaks',
  async (t) => {
    const { url, log } = await startWithLog(t);
    log(...linesOf(Date.now()));
    const page = await newPage(t, { viewport: { width: 320, height: 640 } });
    await page.goto(url);
    await page.getByText(/^From the stored file/).waitFor();
    for (const view of ['uploads', 'queues', 'upload', 'audit']) {
      await page.locator(`nav a[href="#${view}"]`).click();
      await page.locator(`nav a[href="#${view}"][aria-current]`).waitFor();
      if (view === 'queues') await page.locator('.numbers').nth(1).waitFor();
      if (view === 'uploads') await page.getByText(/^From the stored file/).waitFor();
      for (const [width, height] of SIZES) {
        await page.setViewportSize({ width, height });
        for (const percent of [100, 200]) {
          await page.evaluate(`document.documentElement.style.fontSize = '${percent}%'`);
          const where = `${view}, ${width} pixels, ${percent} %`;
          t.equal(await sideways(page), 0, where);
          t.strictSame(await brokenWords(page), [], where);
          if (percent === 200) await picture(page, `${view}-${width}-200`);
        }
        await page.evaluate(`document.documentElement.style.fontSize = ''`);
        for (const colorScheme of ['dark', 'light'] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          t.strictSame(await violations(page), [], `${view}, ${width} pixels, ${colorScheme}`);
          await picture(page, `${view}-${width}-${colorScheme}`);
        }
      }
    }
  },
);

t.test(
  'on a wide screen an upload is one line of at most 28 pixels, or two if there is more to say',
  async (t) => {
    const { url, log } = await startWithLog(t);
    log(...linesOf(Date.now()));
    const page = await newPage(t, { viewport: { width: 1_280, height: 720 } });
    await page.goto(url);
    await page.locator('.uploads > li').nth(29).waitFor();
    const heights = (await page.evaluate(
      `[...document.querySelectorAll('.uploads > li')].map((row) => row.offsetHeight)`,
    )) as number[];
    t.equal(heights.length, 30);
    t.ok(Math.max(...heights) <= 50, `${Math.max(...heights)} pixels at most`);
    const median = heights.toSorted((a, b) => a - b)[15] ?? 0;
    t.ok(median <= 115 / 4, `${heights}`);
  },
);
