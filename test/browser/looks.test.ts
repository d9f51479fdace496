import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { eventually } from '../support/eventually.ts';
import { choose, looks, send, text, title } from './support/link-page.ts';
import { startStage } from './support/stage.ts';

// How the page of a link looks and speaks: languages, an organisation's own look, the keyboard, and what is seldom seen.

const LANGUAGES = { en: 'en-GB', de: 'de-DE', nl: 'nl-NL', fr: 'fr-FR', es: 'es-ES' } as const;
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><circle cx="20" cy="20" r="20" fill="#7a3b00"/></svg>';

const { makeLink, newPage, file, stack, stateOf } = await startStage({
  issuer: {
    LINK_PAGE_NAME: 'Meyer & Partner Notariat',
    LINK_PAGE_LOGO: `data:image/svg+xml;base64,${Buffer.from(LOGO).toString('base64')}`,
    LINK_PAGE_COLOR: '#ffcc00',
    LINK_RETURN_ORIGINS: 'https://www.example.com',
  },
  processor: { PROCESSOR_HANDLER: fileURLToPath(new URL('fixtures/failing-handler.mjs', import.meta.url)) },
  localAws: { LOCAL_AWS_MAX_RECEIVE_COUNT: '1' },
  moreIssuers: { limited: { LINK_ORIGIN: 'http://127.0.0.1', LINK_RATE_PER_MINUTE: '1' } },
});

const textsOf = (language: string): Record<string, string> =>
  JSON.parse(
    readFileSync(
      new URL(`../../services/url-issuer/src/link-page/texts/${language}.json`, import.meta.url),
      'utf8',
    ),
  );

for (const [language, locale] of Object.entries(LANGUAGES)) {
  t.test(`${language}: from the browser, or from the link`, async (t) => {
    const texts = textsOf(language);
    const other = language === 'fr' ? 'es-ES' : 'fr-FR';
    for (const [name, link, browser] of [
      ['the browser', await makeLink({ from: 'Müller & Söhne' }), locale],
      ['the link', await makeLink({ from: 'Müller & Söhne', language }), other],
    ] as const) {
      const page = await newPage(t, { locale: browser });
      await page.goto(link.url);
      await title(page, (texts.asks ?? '').replace('{from}', 'Müller & Söhne'));
      t.equal(await page.getAttribute('html', 'lang'), language, name);
      t.equal(await page.title(), texts.title, name);
      t.equal(await page.locator('#privacy').textContent(), texts.privacy, name);
      t.notMatch(await page.locator('main').textContent(), /\{\w+\}|undefined/);
      await page.locator('main label', { hasText: texts.choose ?? '' }).waitFor();
      t.equal(
        await page.evaluate('document.querySelector("main label").control.type'),
        'file',
        'the button to choose a file',
      );
      t.ok(
        ((await page.locator('input[type=file]').boundingBox())?.width ?? 0) <= 1,
        'the browser’s own is not seen',
      );
      await choose(page, await file('a.txt', 1_234_567));
      await page.getByRole('button', { name: texts.send ?? '', exact: true }).click();
      await title(page, texts.receivedTitle ?? '');
      await text(page, texts.received ?? '');
    }
    const page = await newPage(t, { locale });
    await page.goto(`${stack.issuerUrl}/u`);
    await title(page, texts.incompleteTitle ?? '');
    await looks(t, page, `incomplete-${language}`, { isPictured: false });
  });
}

t.test('an organisation’s name, logo and colour, and a way back at the end', async (t) => {
  const link = await makeLink({
    title: 'Unterlagen zum Kaufvertrag',
    returnUrl: 'https://www.example.com/thanks',
    language: 'de',
  });
  const page = await newPage(t);
  await page.goto(link.url);
  await title(page, 'Unterlagen zum Kaufvertrag');
  await text(page, 'Meyer & Partner Notariat');
  await page.waitForFunction('document.querySelector(".brand img").naturalWidth > 0');
  await looks(t, page, 'branded');
  await choose(page, await file('Vertrag.pdf', 10));
  await page.getByRole('button', { name: 'Senden' }).click();
  await title(page, 'Angekommen');
  const back = page.getByRole('link', { name: 'Weiter zu www.example.com' });
  t.equal(await back.getAttribute('href'), 'https://www.example.com/thanks');
  t.equal(await back.getAttribute('rel'), 'noreferrer');
  await looks(t, page, 'way-back');
});

t.test('by keyboard alone, with the focus where the page goes on', async (t) => {
  const link = await makeLink();
  const page = await newPage(t);
  // Before anything else: Chromium is asked to leave choosers to the test, and may open one of its own before it has heard of that.
  const choosing = page.waitForEvent('filechooser');
  await page.goto(link.url);
  await title(page, 'Send a file');
  await page.keyboard.press('Tab');
  await page.locator('input[type=file]:focus').waitFor();
  await page.keyboard.press('Enter');
  await (await choosing).setFiles(await file('chosen.txt', 10));
  await text(page, 'Chosen: chosen.txt, 10 bytes');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await title(page, 'Received');
  await page.locator('h1:focus').waitFor();
});

t.test(
  'the file button opens the chooser, and is whole at 320 pixels with text twice as large',
  async (t) => {
    const link = await makeLink({ language: 'de' });
    const page = await newPage(t);
    const choosing = page.waitForEvent('filechooser');
    await page.goto(link.url);
    await page.locator('label', { hasText: 'Datei auswählen' }).click();
    await (await choosing).setFiles(await file('gewählt.txt', 10));
    await text(page, 'Gewählt: gewählt.txt, 10 Byte');
    await page.setViewportSize({ width: 320, height: 600 });
    await page.evaluate('document.documentElement.style.fontSize = "200%"');
    for (const selector of ['html', 'main label']) {
      const element = `document.querySelector('${selector}')`;
      t.equal(await page.evaluate(`${element}.scrollWidth - ${element}.clientWidth`), 0, selector);
    }
  },
);

t.test('without JavaScript, the page says what is missing', async (t) => {
  const page = await newPage(t, { javaScriptEnabled: false, locale: 'nl-NL' });
  await page.goto((await makeLink()).url);
  t.match(await page.locator('main').textContent(), 'Deze pagina heeft JavaScript nodig.');
});

t.test('too many requests', async (t) => {
  const { url } = await makeLink();
  const page = await newPage(t);
  await page.goto(`${stack.issuerUrls.limited}/u${new URL(url).hash}`);
  await title(page, 'Send a file');
  await send(page, await file('some.txt', 10));
  await text(page, /^Too many requests\. Wait \d+ \S+, then try again\.$/);
  await page.reload();
  await title(page, 'Too many requests');
  await looks(t, page, 'too-many-requests');
});

t.test('a file that could not be processed', async (t) => {
  const link = await makeLink({ metadata: { fail: 'yes' } });
  const page = await newPage(t);
  await page.goto(link.url);
  await send(page, await file('broken.zip', 10));
  await page.getByRole('heading', { name: 'Received' }).waitFor();
  await eventually(
    () => stateOf(link),
    (state) => state === 'FAILED',
  );
  await page.reload();
  await title(page, 'Received, but not processed');
  await looks(t, page, 'failed');
});
