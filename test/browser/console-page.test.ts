import type { Page } from 'playwright-core';
import t from 'tap';
import type { LogSource, MetricSource, QueueName, QueueSource } from '../../packages/console/src/index.ts';
import { startBrowser } from './support/browser.ts';
import { line, metricLine, oneDeadLetter, startWithLog } from './support/console-log.ts';

// The console's page by itself, in front of a log that these tests write.

const newPage = await startBrowser();

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second));
const issued = (uploadId: string, second: number) => ({
  time: at(second),
  service: 'url-issuer',
  outcome: 'issued',
  uploadId,
});
const accepted = (uploadId: string, second: number) => ({
  time: at(second),
  service: 'acceptor',
  outcome: 'accepted',
  uploadId,
  issuedAt: at(second - 2),
  storedAt: at(second - 1),
});
const row = (page: Page, id: string) => page.locator('.uploads > li').filter({ hasText: id });

t.test(
  'a change leaves the focus on the upload that a person has reached, and the other rows alone',
  async (t) => {
    const { url, log } = await startWithLog(t);
    log(issued('first', 1), issued('second', 2));
    const page = await newPage(t);
    await page.goto(url);
    await row(page, 'first').getByRole('link').focus();
    await page.evaluate(`document.querySelectorAll('.track').forEach((track) => track.id = 'old')`);
    log(accepted('first', 9), issued('third', 3));
    await row(page, 'third').waitFor();
    await row(page, 'first').locator('.done', { hasText: 'accepted' }).waitFor();
    t.equal(await page.evaluate('document.activeElement.textContent'), 'first');
    t.equal(await row(page, 'second').locator('#old').count(), 1, 'it did not change');
  },
);

t.test('a burst is one redraw, and not one for each upload', async (t) => {
  const { url } = await startWithLog(t);
  const page = await newPage(t);
  await page.goto(url);
  await page.getByText('No upload was logged yet.').waitFor();
  const added = await page.evaluate(`(async () => {
    const { take } = await import('/store.mjs');
    let added = 0;
    const list = document.querySelector('.uploads');
    const observer = new MutationObserver((changes) => {
      for (const { addedNodes } of changes) added += addedNodes.length;
    });
    observer.observe(list, { childList: true });
    const upload = (at) => ({ uploadId: 'upload-' + at, issuedMs: at, lastMs: at, attempts: 0, others: [], refusals: [] });
    for (let at = 0; at < 2000; at += 1) take('upload', upload(at));
    while (added === 0) await new Promise((resolve) => setTimeout(resolve));
    return added;
  })()`);
  t.equal(added, 100);
  t.equal(await page.locator('.uploads > li').first().getByRole('link').textContent(), 'upload-1999');
});

t.test('what is logged late goes where it belongs: the newest upload is the first', async (t) => {
  const { url, log } = await startWithLog(t);
  log(issued('of 12:00:05', 5));
  const page = await newPage(t);
  await page.goto(url);
  await row(page, 'of 12:00:05').waitFor();
  log(issued('of 12:00:01', 1), issued('of 12:00:09', 9));
  await row(page, 'of 12:00:01').waitFor();
  t.strictSame(await page.locator('.uploads > li a').allTextContents(), [
    'of 12:00:09',
    'of 12:00:05',
    'of 12:00:01',
  ]);
});

t.test('an upload opened in a new tab is shown there, and its address has no token', async (t) => {
  const { url, log } = await startWithLog(t);
  log(issued('uploads/compared', 1));
  const page = await newPage(t);
  await page.goto(url);
  const opened = page.context().waitForEvent('page');
  await row(page, 'compared')
    .getByRole('link')
    .click({ modifiers: ['Control'] });
  const tab = await opened;
  await tab.getByRole('heading', { level: 2, name: 'Upload by id' }).waitFor();
  t.match(tab.url(), /#upload\/uploads%2Fcompared$/);
  t.equal(await tab.getByLabel('Upload id').inputValue(), 'uploads/compared');
});

t.test(
  'a tab too many says so, its buttons have a connection, and it goes on when another closes',
  async (t) => {
    const { url } = await startWithLog(t);
    const first = await newPage(t);
    const tabs = [first];
    while (tabs.length < 5) tabs.push(await first.context().newPage());
    for (const tab of tabs) {
      await tab.goto(url);
      await tab.getByRole('heading', { level: 2, name: 'Uploads' }).waitFor();
    }
    const more = [];
    while (more.length < 2) more.push(await first.context().newPage());
    for (const tab of more) {
      await tab.goto(url);
      await tab.getByText('the console is open in 5 tabs').waitFor();
    }
    await first.locator('nav').getByRole('link', { name: 'Queues' }).click();
    await first.getByRole('heading', { level: 3, name: 'Accepted events' }).waitFor();
    await tabs[1]?.close();
    await Promise.any(more.map((tab) => tab.getByRole('heading', { level: 2, name: 'Uploads' }).waitFor()));
  },
);

t.test('a step that cannot come is not awaited', async (t) => {
  const { url, log } = await startWithLog(t);
  const other = (uploadId: string, outcome: string) => ({
    time: at(9),
    service: 'acceptor',
    outcome,
    uploadId,
    versionId: 'v',
  });
  log(issued('open', 1), issued('taken back', 2), other('taken back', 'refused'), other('unknown', 'orphan'));
  log({ time: at(9), service: 'processor', outcome: 'processed', uploadId: 'half seen' });
  const page = await newPage(t);
  await page.goto(url);
  const steps = (id: string) => row(page, id).locator('.track .when').allTextContents();
  await row(page, 'half seen').waitFor();
  t.strictSame((await steps('open')).slice(1), ['not yet', '–', '–']);
  t.strictSame((await steps('taken back')).slice(1), ['revoked', '–', '–']);
  t.strictSame(await steps('unknown'), [], 'there is no upload');
  t.strictSame((await steps('half seen')).slice(0, 3), [
    'not in the log',
    'not in the log',
    'not in the log',
  ]);
});

t.test('times of another day have their date, and the page names their zone', async (t) => {
  const { url, log } = await startWithLog(t);
  log(issued('of another day', 1));
  const page = await newPage(t, { timezoneId: 'America/New_York' });
  await page.goto(url);
  t.equal(await row(page, 'of another day').locator('.when').first().textContent(), '1 Jan, 07:00:01');
  await page.getByText('Times: America/New_York').waitFor();
});

/** The chips with their counts. */
const chips = async (page: Page) =>
  Object.fromEntries(
    (await page.locator('.chip').allTextContents()).map((text) => {
      const [, name = '', count = ''] = /^(.*) ([\d,]+)$/.exec(text) ?? [];
      return [name, Number(count)];
    }),
  );
const shownIds = (page: Page) => page.locator('.uploads > li a').allTextContents();
/** A number of the headline, with what is below it. */
const numberOf = (page: Page, name: string) =>
  page
    .locator('.headline > div')
    .filter({ has: page.getByText(name, { exact: true }) })
    .locator('dd');

/** One upload of each state; the first began two hours ago. */
function oneOfEach(nowMs: number) {
  const ms = nowMs - 2 * 3_600_000;
  const form = (uploadId: string, at: number, apiKeyId = 'shop') =>
    line('url-issuer', 'issued', uploadId, ms + at, { apiKeyId, expiresAt: new Date(nowMs + 3_600_000) });
  return [
    form('id-waiting', 1),
    form('id-accepted', 2, 'other-shop'),
    line('acceptor', 'accepted', 'id-accepted', ms + 1_000, { storedAt: new Date(ms + 500) }),
    form('id-processed', 3),
    line('acceptor', 'accepted', 'id-processed', ms + 2_000),
    line('acceptor', 'duplicate', 'id-processed', ms + 2_500, { versionId: 'v' }),
    line('processor', 'processed', 'id-processed', ms + 3_000),
    form('id-failed', 4),
    line('acceptor', 'accepted', 'id-failed', ms + 2_000),
    line('processor', 'failed', 'id-failed', ms + 4_000),
    form('id-revoked', 5),
    line('url-issuer', 'revoked', 'id-revoked', ms + 5_000),
    line('url-issuer', 'issued', 'id-expired', ms + 6, { expiresAt: new Date(ms + 6_000) }),
    line('webhook-sender', 'delivered', 'of-before', ms + 7),
  ];
}

t.test('by state, with counts, by keyboard; live events leave the choice as it is', async (t) => {
  const { url, log } = await startWithLog(t);
  const nowMs = Date.now();
  log(...oneOfEach(nowMs));
  const page = await newPage(t);
  await page.goto(url);
  await row(page, 'of-before').waitFor();
  const before = {
    All: 7,
    'In progress': 2,
    'Accepted, not processed': 1,
    Processed: 1,
    Failed: 1,
    'With duplicates': 1,
    'Refused, revoked, expired': 2,
  };
  t.strictSame(await chips(page), before);
  const choose = async (name: string) => {
    await page.getByRole('button', { name: new RegExp(`^${name} \\d+$`) }).focus();
    await page.keyboard.press('Enter');
    return shownIds(page);
  };
  t.strictSame(await choose('In progress'), ['id-accepted', 'id-waiting']);
  t.strictSame(await choose('Accepted, not processed'), ['id-accepted']);
  t.strictSame(await choose('Processed'), ['id-processed']);
  t.strictSame(await choose('With duplicates'), ['id-processed']);
  t.strictSame(await choose('Refused, revoked, expired'), ['id-expired', 'id-revoked']);
  t.strictSame(await choose('Failed'), ['id-failed']);
  log(line('processor', 'failed', 'id-accepted', nowMs), line('url-issuer', 'issued', 'new', nowMs));
  await row(page, 'id-accepted').waitFor();
  t.strictSame(await shownIds(page), ['id-failed', 'id-accepted'], 'still what failed');
  t.match(await chips(page), { All: 8, Failed: 2, 'Accepted, not processed': 0 });
  t.match(await page.evaluate('document.activeElement.textContent'), /^Failed 2$/, 'the focus stays');
  await page.locator('nav').getByRole('link', { name: 'Queues' }).click();
  await page.getByRole('heading', { level: 2, name: 'Queues' }).waitFor();
  await page.getByRole('link', { name: 'Uploads' }).click();
  await row(page, 'id-accepted').waitFor();
  t.strictSame((await shownIds(page)).length, 2, 'also after another view');
});

t.test('by a part of the id or of the API key', async (t) => {
  const { url, log } = await startWithLog(t);
  log(...oneOfEach(Date.now()));
  const page = await newPage(t);
  await page.goto(url);
  await row(page, 'of-before').waitFor();
  const search = page.getByLabel('A part of the id or API key');
  await search.fill('ID-PRO');
  t.strictSame(await shownIds(page), ['id-processed']);
  t.match(await chips(page), { All: 1, Processed: 1, Failed: 0 });
  await search.fill('other-');
  t.strictSame(await shownIds(page), ['id-accepted'], 'by its key');
  log(line('url-issuer', 'issued', 'came later', Date.now()));
  await page.waitForFunction(
    `import('/store.mjs').then(({ current }) => current().uploads.some(({ uploadId }) => uploadId === 'came later'))`,
  );
  await search.fill('nothing');
  await page.getByText('None of 8 uploads is so.').waitFor();
  await search.fill('');
  t.equal((await shownIds(page)).length, 8);
});

t.test('the headline says how things stand', async (t) => {
  const deadLetters = { visible: 2, inFlight: 1, delayed: 0 };
  const nothing = { visible: 0, inFlight: 0, delayed: 0 };
  const queues = {
    queues: ['uploads', 'accepted'] as const,
    state: async (queue: 'uploads' | 'accepted' | 'webhooks') => ({
      queue,
      name: queue,
      counts: nothing,
      deadLetterName: `${queue}-dead`,
      deadLetters: queue === 'uploads' ? deadLetters : { ...nothing, visible: 4 },
      maxReceiveCount: 5,
    }),
  };
  const { url, log } = await startWithLog(t, { sources: { queues } });
  const nowMs = Date.now();
  log(...oneOfEach(nowMs));
  log(
    metricLine(nowMs, { UploadsIssued: 1_200, UploadsProcessed: 7, ProcessingFailed: 2 }),
    metricLine(nowMs - 30 * 60_000, { ProcessingFailed: 1, RequestsRefused: 5 }),
    metricLine(nowMs - 90 * 60_000, { ProcessingFailed: 100, UploadsIssued: 100, RequestsRefused: 100 }),
  );
  const page = await newPage(t);
  await page.goto(url);
  await numberOf(page, 'Dead letters').getByText('7').waitFor();
  await numberOf(page, 'Failed, last hour').getByText('3').waitFor();
  t.strictSame(await numberOf(page, 'Failed, last hour').allTextContents(), ['3', '7 processed']);
  t.strictSame(await numberOf(page, 'In progress').allTextContents(), [
    '2',
    '1 accepted, 1 without a file yet',
  ]);
  t.match(await numberOf(page, 'Oldest in progress').allTextContents(), [/^2 h 0 min$/, 'id-accepted']);
  t.strictSame(await numberOf(page, 'Forms issued, last hour').allTextContents(), [
    '1,200',
    '5 requests refused',
  ]);
  await page.locator('.headline').getByRole('link', { name: 'Queues' }).click();
  await page.getByRole('heading', { level: 2, name: 'Queues' }).waitFor();
});

t.test('an upload that was revoked or has expired says when', async (t) => {
  const { url, log } = await startWithLog(t);
  const nowMs = Date.now();
  log(...oneOfEach(nowMs));
  const page = await newPage(t, { timezoneId: 'UTC' });
  await page.goto(url);
  await row(page, 'of-before').waitFor();
  const second = (id: string) => row(page, id).locator('.track .when').nth(1).textContent();
  t.match(await second('id-revoked'), /^revoked .*\d\d:\d\d:\d\d$/);
  const expired = new Date(nowMs - 2 * 3_600_000 + 6_000).toISOString().slice(11, 19);
  t.match(await second('id-expired'), new RegExp(`^expired .*${expired}$`));
  t.equal(await second('id-waiting'), 'not yet');
});

t.test('an upload expires while it is looked at', async (t) => {
  const { url, log } = await startWithLog(t);
  const page = await newPage(t);
  await page.clock.install({ time: new Date() });
  const nowMs = Date.now();
  log(line('url-issuer', 'issued', 'short', nowMs, { expiresAt: new Date(nowMs + 60_000) }));
  await page.goto(url);
  await row(page, 'short').getByText('not yet').waitFor();
  await page.clock.fastForward(120_000);
  await row(page, 'short')
    .getByText(/^expired /)
    .waitFor();
  t.match(await chips(page), { 'In progress': 0, 'Refused, revoked, expired': 1 });
});

t.test(
  'what was not read is said where it counts: a log’s beginning, and what a live tail left out',
  async (t) => {
    const { url, log, cut, sample } = await startWithLog(t);
    const page = await newPage(t, { timezoneId: 'UTC' });
    await page.goto(url);
    await page.getByText('Counted from the log.', { exact: true }).waitFor();
    const nowMs = Date.now();
    const time = (ms: number) => new Date(ms).toISOString().slice(11, 19);
    cut(line('url-issuer', 'issued', 'a', nowMs - 1_000));
    const words = page.getByText(
      `${time(nowMs - 1_000)}: older lines were not all read, and are not counted.`,
    );
    await words.nth(1).waitFor();
    t.equal(await words.count(), 2, 'above the list, and below the charts');
    cut(metricLine(nowMs, {}));
    cut(line('url-issuer', 'issued', 'a', nowMs - 9_000));
    log(issued('after', 1));
    await row(page, 'after').waitFor();
    t.equal(await page.getByText(`since ${time(nowMs)}: older lines`).count(), 2, 'the later one counts');
    sample();
    await page.getByText(/^Complete .* the live tail left lines out, because there were too many/).waitFor();
  },
);

t.test('clocks that jump: what is logged in the future, and steps before their time', async (t) => {
  const { url, log } = await startWithLog(t);
  const nowMs = Date.now();
  log(
    line('url-issuer', 'issued', 'of tomorrow', nowMs + 86_400_000),
    line('url-issuer', 'issued', 'backwards', nowMs, { expiresAt: new Date(nowMs + 60_000) }),
    line('acceptor', 'accepted', 'backwards', nowMs - 4_000, { storedAt: new Date(nowMs - 500) }),
    line('processor', 'processed', 'of the year 9999', Date.UTC(9_999, 11, 31)),
    metricLine(nowMs + 86_400_000, { UploadsIssued: 1_000, LeadTime: 1 }),
    metricLine(nowMs, { UploadsIssued: 3 }),
  );
  const page = await newPage(t);
  await page.goto(url);
  await numberOf(page, 'Forms issued, last hour').getByText('3').waitFor();
  t.match(
    await numberOf(page, 'Oldest in progress').first().textContent(),
    /^[\d.]+ (ms|s)$/,
    'no time below 0',
  );
  const steps = await row(page, 'backwards').locator('.track .when').allTextContents();
  t.strictSame(steps.slice(1, 3), ['+ 0 ms', '− 3.5 s'], 'S3 rounds to seconds; more is a clock');
  t.match(await row(page, 'of tomorrow').locator('.when').first().textContent(), /^\d+ \w+, /);
  await row(page, 'of the year 9999').waitFor();
});

t.test('refused requests: the newest first, whatever order they are logged in', async (t) => {
  const { url, log } = await startWithLog(t);
  const refused = (reason: string, second: number) => ({
    time: at(second),
    service: 'url-issuer',
    outcome: 'refused',
    reason,
  });
  log(refused('of-5', 5), refused('of-1', 1));
  const page = await newPage(t);
  await page.goto(url);
  const reasons = page.locator('.refusals strong');
  await reasons.nth(1).waitFor();
  t.strictSame(await reasons.allTextContents(), ['of-5', 'of-1']);
  log(refused('of-3', 3), refused('of-9', 9));
  await reasons.nth(3).waitFor();
  t.strictSame(await reasons.allTextContents(), ['of-9', 'of-5', 'of-3', 'of-1']);
});

t.test('histogram and throughput are what the log counted', async (t) => {
  const { url, log } = await startWithLog(t);
  const nowMs = Date.now();
  log(
    // 10 within 50 ms, 9 within 100 ms, and one beyond all bounds.
    metricLine(nowMs, {
      LeadTime: [...Array(10).fill(50), ...Array(9).fill(51), 300_001],
      UploadsProcessed: 20,
    }),
    metricLine(nowMs - 10 * 60_000, { UploadsIssued: 40, UploadsAccepted: 30, DuplicateUploads: 2 }),
    metricLine(nowMs - 10 * 60_000, { IdenticalDuplicates: 3, ProcessingFailed: 4, RequestsRefused: 5 }),
  );
  const page = await newPage(t, { timezoneId: 'UTC', viewport: { width: 1_280, height: 720 } });
  await page.goto(url);
  await page
    .getByText(
      'From the stored file to the end of its processing, for 20 uploads: half took at most 50 ms, 95 % at most 100 ms.',
    )
    .waitFor();
  await page
    .getByText(/^40 forms issued \(light\), 20 uploads processed \(dark\)\. 2 duplicates, 4 failures, 5 /)
    .waitFor();
  const cells = async (name: string) => {
    const rows = page.getByRole('region', { name, includeHidden: true }).locator('tbody tr');
    return Promise.all((await rows.all()).map((each) => each.locator('td').allTextContents()));
  };
  t.strictSame(await cells('Lead times of the last hour'), [
    ['≤ 50 ms', '10'],
    ['≤ 100 ms', '9'],
    ['> 5 min 0 s', '1'],
  ]);
  const minutes = await cells('Minutes of the last hour in which something was done');
  t.strictSame(
    minutes.map((cells) => cells.slice(1)),
    [
      ['40', '30', '0', '2', '3', '4', '5'],
      ['0', '0', '20', '0', '0', '0', '0'],
    ],
  );
  const heights = (await page.evaluate(
    `[...document.querySelectorAll('figure:first-of-type .processed')].map((bar) => Number(bar.getAttribute('height')))`,
  )) as number[];
  const [first = 0, second = 0] = heights;
  t.equal(Math.round((second / first) * 100), 90, 'the bars are as high as their counts');
  const issuedHeights = (await page.evaluate(
    `[...document.querySelectorAll('.issued')].map((bar, at) => [at, Number(bar.getAttribute('height'))]).filter(([, height]) => height > 0)`,
  )) as [number, number][];
  t.equal(issuedHeights.length, 1);
  t.ok([48, 49].includes(issuedHeights[0]?.[0] ?? 0), 'ten minutes before the last');
});

t.test(
  '500 uploads a second for ten seconds: the page redraws what it shows, holds the last 500, and responds',
  async (t) => {
    const { url, log } = await startWithLog(t);
    const page = await newPage(t);
    await page.goto(url);
    await page.getByText('No upload was logged yet.').waitFor();
    await page.evaluate(`(() => {
    window.replaced = 0;
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) window.replaced += addedNodes.length;
    }).observe(document.querySelector('.uploads'), { childList: true });
  })()`);
    const nowMs = Date.now();
    const bursts = 10;
    for (let burst = 0; burst < bursts; burst += 1) {
      const ms = nowMs + burst * 1_000;
      log(
        ...Array.from({ length: 500 }, (_, at) =>
          line('url-issuer', 'issued', `flood-${burst}-${at}`, ms + at),
        ),
      );
      await row(page, `flood-${burst}-499`).waitFor();
    }
    t.ok(
      Number(await page.evaluate('window.replaced')) <= bursts * 100,
      'at most what is shown, for each redraw',
    );
    t.equal(await page.locator('.uploads > li').count(), 100);
    const held = await page.evaluate(`import('/store.mjs').then(({ current }) => current().uploads.length)`);
    t.equal(held, 500);
    await page
      .getByText(
        'The newest 100 of 500 are shown: choose a state or search for the others. Older uploads are no longer listed: the list holds 500.',
      )
      .waitFor();
    await page.getByLabel('A part of the id or API key').fill('flood-9-12');
    t.equal((await shownIds(page)).length, 11, 'also what is not shown is found');
    await page.reload();
    await page.getByText(/Older uploads are no longer listed: the list holds 500\.$/).waitFor();
  },
);

t.test('words of outsiders are text: file names, handlers’ errors, links’ texts', async (t) => {
  const hostile = '<img src=x onerror="document.title=1"><svg onload=alert(1)>';
  const now = new Date();
  const version = { versionId: hostile, eTag: 'e', sizeBytes: 1, storedAt: now };
  const uploads = {
    name: 'uploads',
    byId: async () => ({
      upload: {
        key: `uploads/${hostile}`,
        state: 'FAILED' as const,
        apiKeyId: hostile,
        issuedAt: now,
        expiresAt: now,
        constraints: { method: 'put' as const, minBytes: 0, maxBytes: 1 },
        metadata: { [hostile]: hostile },
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
        attempt: 1,
        claimed: { ...version, claimedAt: now },
        filename: hostile,
        failedAt: now,
        failureReason: `Error: ${hostile}`,
      },
      observedVersions: [
        {
          key: `uploads/${hostile}`,
          kind: 'duplicate' as const,
          ...version,
          recordedAt: now,
          reported: true,
        },
      ],
      tallies: [],
      link: {
        apiKeyId: 'a',
        createdAt: now,
        title: `title ${hostile}`,
        message: `message ${hostile}`,
        from: `from ${hostile}`,
        returnUrl: `javascript:${hostile}`,
      },
    }),
    page: async () => ({ uploads: [], observedVersions: [], next: undefined }),
  };
  const traces = {
    name: 'traces',
    spans: async () => [
      {
        spanId: '1',
        name: `span ${hostile}`,
        service: hostile,
        startMs: 0,
        endMs: 1,
        isError: true,
        attributes: { [hostile]: hostile },
        links: [],
      },
    ],
  };
  const { url } = await startWithLog(t, { sources: { uploads, traces } as never });
  const page = await newPage(t);
  page.on('dialog', () => t.fail('a script ran'));
  await page.goto(url);
  await page.getByRole('link', { name: 'Upload by id' }).click();
  await page.getByLabel('Upload id').fill('any');
  await page.keyboard.press('Enter');
  for (const words of [
    `title ${hostile}`,
    `message ${hostile}`,
    `from ${hostile}`,
    `Error: ${hostile}`,
    `span ${hostile}`,
  ])
    await page.getByText(words).first().waitFor();
  t.ok((await page.locator('dd').allTextContents()).includes(hostile), 'a file’s name');
  t.equal(await page.locator('img, svg:not(.lane), a[href^="javascript"]').count(), 0);
  t.match(await page.title(), /^Upload by id/);
});

t.test('the result of a redrive is shown to one who left the view meanwhile', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const deadLetters = {
    look: oneDeadLetter,
    async redrive() {
      await promise;
      return { outcomes: { moved: 1 }, remarks: ['of it one remark'], isStopped: false };
    },
  };
  const { url } = await startWithLog(t, { sources: { deadLetters }, isWritable: true });
  const page = await newPage(t);
  await page.goto(url);
  const queues = page.locator('nav').getByRole('link', { name: 'Queues' });
  await queues.click();
  const section = page.getByRole('region', { name: 'Upload events, which the acceptor reads' });
  await section.getByRole('button', { name: 'Look at the dead letters' }).click();
  await section.getByRole('button', { name: 'Move them back' }).click();
  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByRole('heading', { level: 2, name: 'Audit' }).waitFor();
  await queues.click();
  await section.getByText(/^A redrive runs since \d\d:/).waitFor();
  resolve();
  await section.getByText('1 moved.').waitFor();
  await section.getByText('of it one remark').waitFor();
  await page.getByRole('link', { name: 'Audit' }).click();
  await queues.click();
  await section.getByText('1 moved.').waitFor();
});

t.test('a view that fails says so, and the others go on, with the live events', async (t) => {
  const { url, log } = await startWithLog(t);
  const page = await newPage(t);
  await page.route('**/queues-view.mjs', (route) =>
    route.fulfill({
      contentType: 'text/javascript',
      body: `export function queuesView() { throw new Error('an odd number'); }`,
    }),
  );
  await page.goto(url);
  await page.getByRole('heading', { level: 2, name: 'Uploads' }).waitFor();
  await page.evaluate(`location.hash = '#queues'`);
  await page.reload();
  await page.getByText('This view can’t be shown: an odd number').waitFor();
  t.equal(await page.locator('#problem').isVisible(), false, 'the connection stands');
  log(issued('of-later', 1));
  await page.locator('nav').getByRole('link', { name: 'Uploads' }).click();
  await row(page, 'of-later').waitFor();
});

t.test('an address of no view shows the uploads, and the menu says so', async (t) => {
  const { url } = await startWithLog(t);
  const page = await newPage(t);
  await page.goto(url);
  for (const hash of ['#none', '#constructor', '#']) {
    await page.evaluate(`location.hash = '${hash}'`);
    await page.getByRole('heading', { level: 2, name: 'Uploads' }).waitFor();
    t.strictSame(await page.locator('nav [aria-current="page"]').allTextContents(), ['Uploads'], hash);
  }
});

/** A log that is read when the user asks: these lines, as `load` gives them. */
const logToLoad = (lines: () => readonly object[]): LogSource => ({
  name: 'a log group',
  isFree: false,
  async load(_minutes, onLines) {
    onLines(lines().map((each) => JSON.stringify(each)));
    return { isCut: false };
  },
  follow: (_onLines, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
});

t.test('of a log that was not read, nothing is said but that', async (t) => {
  const lines = [line('url-issuer', 'issued', 'stuck', Date.now() - 60_000)];
  const { url } = await startWithLog(t, { sources: { logs: logToLoad(() => lines) } });
  const page = await newPage(t);
  await page.goto(url);
  await page.getByText('The log was not read. Press “Load the last 15 minutes” or “Show live”.').waitFor();
  await page.getByText('Nothing is known of refused requests: no log was read.').waitFor();
  for (const name of ['In progress', 'Oldest in progress'])
    t.strictSame(await numberOf(page, name).allTextContents(), ['–', 'the log was not read']);
  await page.getByRole('button', { name: 'Load the last 15 minutes' }).click();
  await row(page, 'stuck').waitFor();
  await page.getByText('In the log that was read, the url-issuer refused no request.').waitFor();
  t.strictSame(await numberOf(page, 'In progress').allTextContents(), [
    '1',
    '0 accepted, 1 without a file yet, of the log that was read',
  ]);
  t.match(await numberOf(page, 'Oldest in progress').allTextContents(), [
    /^1 min/,
    'stuck of the log that was read',
  ]);
});

t.test('of a log without an upload, each number says what was read', async (t) => {
  const { url } = await startWithLog(t, { sources: { logs: logToLoad(() => []) } });
  const page = await newPage(t);
  await page.goto(url);
  await page.getByRole('button', { name: 'Load the last 15 minutes' }).click();
  await page.getByText('No upload was logged yet.').waitFor();
  t.strictSame(await numberOf(page, 'Oldest in progress').allTextContents(), [
    '–',
    'none of the log that was read',
  ]);
});

t.test('what is counted of a full list says so, and the oldest that is stuck stays in it', async (t) => {
  const { url, log } = await startWithLog(t);
  const nowMs = Date.now();
  const page = await newPage(t);
  await page.goto(url);
  await page.getByText('No upload was logged yet.').waitFor();
  log(line('acceptor', 'accepted', 'stuck', nowMs - 3_600_000));
  log(...Array.from({ length: 600 }, (_, at) => line('url-issuer', 'issued', `form-${at}`, nowMs - at)));
  await row(page, 'form-0').waitFor();
  t.strictSame(await numberOf(page, 'In progress').allTextContents(), [
    '500',
    '1 accepted, 499 without a file yet, of the 500 listed',
  ]);
  t.strictSame(await numberOf(page, 'Oldest in progress').allTextContents(), [
    '1 h 0 min',
    'stuck of the 500 listed',
  ]);
});

t.test('a number that could not be had is none, and says why', async (t) => {
  const why = 'CloudWatch responded with InternalError';
  const minutes = Array.from({ length: 60 }, (_, at) => ({
    atMs: Date.now() - (59 - at) * 60_000,
    issued: 2,
    accepted: 2,
    processed: 1,
    duplicates: 0,
    identicalDuplicates: 0,
    refusedRequests: 0,
    failed: 0,
  }));
  const metrics: MetricSource = {
    name: 'CloudWatch',
    refreshSeconds: 60,
    lastHour: async () => ({
      minutes,
      leadTimeCounts: new Array(17).fill(0),
      missing: [
        { name: 'failed', why },
        { name: 'leadTime', why },
      ],
    }),
  };
  const state = async (queue: QueueName) => {
    if (queue === 'accepted') throw new Error('it is away');
    const counts = { visible: 3, inFlight: 0, delayed: 0 };
    return { queue, name: queue, counts, deadLetterName: 'd', deadLetters: counts, maxReceiveCount: 5 };
  };
  const queues: QueueSource = { queues: ['uploads', 'accepted'], state };
  const { url } = await startWithLog(t, { sources: { metrics, queues } });
  const page = await newPage(t);
  await page.goto(url);
  await page.getByText(`No numbers for failed, leadTime: ${why}`).waitFor();
  t.strictSame(await numberOf(page, 'Failed, last hour').allTextContents(), ['–', '60 processed']);
  await page.getByText(/^120 forms .* 60 uploads .* 0 duplicates, – failures, 0 refused/).waitFor();
  await page.getByText('Not all lead times of the last hour are known.').waitFor();
  await numberOf(page, 'Dead letters').getByText('≥ 3').waitFor();
  t.equal(
    await numberOf(page, 'Dead letters').nth(1).textContent(),
    'QueuesNot counted: accepted: it is away',
  );
});

t.test('the number of dead letters says that it is read', async (t) => {
  const queues: QueueSource = { queues: ['uploads'], state: () => new Promise(() => {}) };
  const { url } = await startWithLog(t, { sources: { queues } });
  const page = await newPage(t);
  await page.goto(url);
  await numberOf(page, 'Dead letters').getByText('is read …').waitFor();
  t.strictSame(await numberOf(page, 'Dead letters').allTextContents(), ['–', 'is read …']);
});

t.test(
  'an upload that a person has reached stays when it leaves the choice, until they leave it',
  async (t) => {
    const { url, log } = await startWithLog(t);
    log(issued('reached', 1), issued('beside', 2));
    const page = await newPage(t);
    await page.goto(url);
    await page.getByRole('button', { name: 'In progress' }).click();
    await row(page, 'reached').getByRole('link').focus();
    const processed = (uploadId: string) => ({
      ...accepted(uploadId, 9),
      service: 'processor',
      outcome: 'processed',
    });
    log(processed('reached'), processed('beside'));
    await row(page, 'beside').waitFor({ state: 'detached' });
    t.equal(await page.evaluate('document.activeElement.textContent'), 'reached');
    await page.getByLabel('A part of the id or API key').focus();
    log(issued('later', 3));
    await row(page, 'later').waitFor();
    await row(page, 'reached').waitFor({ state: 'detached' });
  },
);

t.test('a tab whose console has gone gives its token to no other tab', async (t) => {
  const { url } = await startWithLog(t);
  const page = await newPage(t);
  await page.goto(url);
  await page.getByRole('heading', { level: 2, name: 'Uploads' }).waitFor();
  const other = await page.context().newPage();
  await other.goto(url.replace(/#.*/, 'icon.svg'));
  await page.evaluate(`(() => {
    window.echo = new BroadcastChannel('upload-once-console');
    window.echo.onmessage = ({ data }) => data === 'ping' && window.echo.postMessage('pong');
  })()`);
  // The tab responds in the order of the messages: what comes before its echo is all that it says.
  const ask = () =>
    other.evaluate(`new Promise((resolve) => {
      const tabs = new BroadcastChannel('upload-once-console');
      const got = [];
      tabs.onmessage = ({ data }) => {
        if (data?.token) got.push('a token');
        if (data === 'pong') resolve(got.length);
      };
      tabs.postMessage('token?');
      tabs.postMessage('ping');
    })`);
  const connectAgain = () =>
    page.evaluate(`import('/service.mjs').then(({ listen }) => listen(() => {})).catch(() => {})`);
  t.equal(await ask(), 1);
  await page.route('**/api/live', (route) => route.abort());
  await connectAgain();
  t.equal(await ask(), 0, 'no response');
  await page.unroute('**/api/live');
  await page.route('**/api/live', (route) =>
    route.fulfill({ status: 401, json: { message: 'another console' } }),
  );
  await connectAgain();
  t.equal(await ask(), 0, 'a console that does not know the token');
});

t.test('a trace that is longer than what is drawn says so', async (t) => {
  const upload = {
    key: 'uploads/a',
    state: 'ISSUED',
    apiKeyId: 'shop',
    issuedAt: new Date(),
    expiresAt: new Date(),
    constraints: { method: 'post', minBytes: 0, maxBytes: 10 },
    metadata: {},
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    attempt: 0,
  };
  const spans = Array.from({ length: 201 }, (_, at) => ({
    spanId: `${at}`,
    name: `span ${at}`,
    service: 's',
    startMs: at,
    endMs: at + 1,
    isError: false,
    attributes: {},
    links: [],
  }));
  const uploads = {
    name: 'uploads',
    byId: async () => ({ upload, observedVersions: [], tallies: [], link: undefined }),
    page: async () => ({ uploads: [], observedVersions: [], next: undefined }),
  };
  const traces = { name: 'traces', spans: async () => spans };
  const { url } = await startWithLog(t, { sources: { uploads, traces } as never });
  const page = await newPage(t);
  await page.goto(url);
  await page.getByRole('heading', { level: 2, name: 'Uploads' }).waitFor();
  await page.evaluate(`location.hash = '#upload/a'`);
  await page.getByText('The trace has 201 spans: the first 200 are shown.').waitFor();
});

t.test('an upload whose beginning is learned later goes where it belongs, with the focus', async (t) => {
  const { url, log } = await startWithLog(t);
  const nowMs = Date.now();
  log(line('acceptor', 'accepted', 'learned', nowMs), line('url-issuer', 'issued', 'between', nowMs - 5_000));
  const page = await newPage(t);
  await page.goto(url);
  await row(page, 'between').waitFor();
  t.strictSame(await shownIds(page), ['learned', 'between']);
  await row(page, 'learned').getByRole('link').focus();
  log(line('url-issuer', 'issued', 'learned', nowMs - 9_000));
  await row(page, 'learned').locator('.when').nth(2).getByText('+ 9.0 s').waitFor();
  t.strictSame(await shownIds(page), ['between', 'learned']);
  t.equal(await page.evaluate('document.activeElement.textContent'), 'learned');
});

t.test('a part of the log that cannot be read is named, and the live view goes on', async (t) => {
  const { url, log, unread } = await startWithLog(t);
  const page = await newPage(t);
  await page.goto(url);
  await page.getByText('Live from a log.').waitFor();
  unread('old.log cannot be read');
  await page.getByText('old.log cannot be read').waitFor();
  log(issued('of-later', 1));
  await row(page, 'of-later').waitFor();
  await page.getByText('Live from a log.').waitFor();
});
