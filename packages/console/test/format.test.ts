import t from 'tap';

// The page's words for numbers. It is JavaScript for browsers, so its types are not known here.
const ofPage = (name: string) => import(new URL(`../src/browser/${name}`, import.meta.url).href);
const { dateOf, durationOf, minuteOf, sizeOf, timeOf } = await ofPage('format.mjs');
const { leadTimeWords } = await ofPage('charts.mjs');

t.test('a duration is rounded before it is divided', async (t) => {
  for (const [ms, words] of [
    [0, '0 ms'],
    [1.26, '1.3 ms'],
    [9.99, '10 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [9_949, '9.9 s'],
    [9_999, '10 s'],
    [59_400, '59 s'],
    [59_999, '1 min 0 s'],
    [119_800, '2 min 0 s'],
    [3_599_999, '1 h 0 min'],
    [7_500_000, '2 h 5 min'],
  ] as const)
    t.equal(durationOf(ms), words);
});

t.test('and so is a size', async (t) => {
  for (const [bytes, words] of [
    [1, '1 byte'],
    [1_023, '1,023 bytes'],
    [1_024, '1.0 KiB'],
    [1_048_575, '1.0 MiB'],
    [1_500_000, '1.4 MiB'],
  ] as const)
    t.equal(sizeOf(bytes), words);
});

t.test('a time has its date when that is not today', async (t) => {
  const now = new Date(2026, 4, 17, 9, 0).getTime();
  t.equal(timeOf(new Date(2026, 4, 17, 8, 5, 1).getTime(), now), '08:05:01');
  t.match(timeOf(new Date(2026, 4, 16, 8, 5, 1).getTime(), now), /^16 May, 08:05:01$/);
});

t.test(
  'a histogram says no more of a share than the bound of its bar, and the last bar has none',
  async (t) => {
    const bounds = [100, 1_000, 300_000];
    for (const [counts, words] of [
      [[10, 10, 0, 0], 'for 20 uploads: half took at most 100 ms, 95 % at most 1.0 s.'],
      [[10, 0, 0, 1], 'for 11 uploads: half took at most 100 ms, the slowest 5 % took more than 5 min 0 s.'],
      [[0, 0, 0, 1], 'for 1 upload: the slower half took more than 5 min 0 s.'],
    ] as const)
      t.equal(leadTimeWords(counts, bounds), `From the stored file to the end of its processing, ${words}`);
    t.equal(leadTimeWords([0, 0, 0, 0], bounds), 'No upload was processed in the last hour.');
  },
);

t.test('what is no time is a question mark, and no error', async (t) => {
  for (const ms of [1e294, -1e294, Number.NaN, Number.POSITIVE_INFINITY])
    t.strictSame([timeOf(ms), dateOf(ms), minuteOf(ms)], ['?', '?', '?']);
  t.equal(dateOf('yesterday'), '?');
  t.match(dateOf('2026-01-01T00:00:00Z'), /2026/);
});
