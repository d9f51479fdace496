import { element, svg, table } from './dom.mjs';
import { counted, countOf, durationOf, minuteOf, timeOf } from './format.mjs';

const HEIGHT = 150;
const BOTTOM = 22;
const TOP = 14;
const LEFT = 34;

/**
 * @typedef {object} Hour
 * @property {({ atMs: number } & Record<string, number>)[]} minutes
 * @property {number[]} leadTimeCounts
 * @property {number[]} boundsMs
 */

/**
 * Draws into a figure, and again whenever its width changes.
 * @param {string} title
 * @returns {{ figure: HTMLElement, show(draw: (width: number) => Element, words: string, numbers: Element): void }}
 */
export function chart(title) {
  const place = element('div', { class: 'chart', 'aria-hidden': 'true' });
  const words = element('p', { class: 'words' });
  const numbers = element('div');
  const figure = element(
    'figure',
    {},
    element('figcaption', {}, title),
    place,
    words,
    element('details', {}, element('summary', {}, `${title}: the numbers`), numbers),
  );
  /** @type {((width: number) => Element) | undefined} */
  let drawLast;
  const draw = () => {
    if (drawLast && place.clientWidth > 0) place.replaceChildren(drawLast(place.clientWidth));
  };
  new ResizeObserver(draw).observe(place);
  return {
    figure,
    show(drawing, text, shownNumbers) {
      drawLast = drawing;
      words.textContent = text;
      numbers.replaceChildren(shownNumbers);
      draw();
    },
  };
}

/** What was done in each of the last 60 minutes. @param {ReturnType<typeof chart>} into @param {Hour} hour */
export function showThroughput(into, { minutes }) {
  const most = Math.max(4, ...minutes.map(({ issued = 0, processed = 0 }) => Math.max(issued, processed)));
  const total = (/** @type {string} */ name) => minutes.reduce((sum, minute) => sum + (minute[name] ?? 0), 0);
  const trouble = ['duplicates', 'failed', 'refusedRequests'];
  const draw = (/** @type {number} */ width) => {
    const { image, y } = frame(width, most);
    const step = (width - LEFT) / minutes.length;
    for (const [at, minute] of minutes.entries()) {
      const x = LEFT + at * step;
      const { issued = 0, processed = 0 } = minute;
      image.append(bar('issued', x, y(issued), step), bar('processed', x, y(processed), step));
      if (trouble.some((name) => (minute[name] ?? 0) > 0))
        image.append(svg('circle', { class: 'trouble', cx: x + step / 2, cy: TOP / 2, r: 3.5 }));
      if (at % 15 === 0) image.append(label(minuteOf(minute.atMs), x, HEIGHT - 6, 'start'));
    }
    return image;
  };
  const words =
    `${counted(total('issued'), 'form')} issued (light), ${counted(total('processed'), 'upload')} processed (dark). ` +
    `${counted(total('duplicates'), 'duplicate')}, ${counted(total('failed'), 'failure')}, ` +
    `${counted(total('refusedRequests'), 'refused request')} (dots).`;
  const names = [
    'issued',
    'accepted',
    'processed',
    'duplicates',
    'identicalDuplicates',
    'failed',
    'refusedRequests',
  ];
  const busy = minutes.filter((minute) => names.some((name) => (minute[name] ?? 0) > 0));
  const heads = ['minute', 'issued', 'accepted', 'processed', 'duplicates', 'identical', 'failed', 'refused'];
  const rows = busy.map((minute) => [
    timeOf(minute.atMs),
    ...names.map((name) => countOf(minute[name] ?? 0)),
  ]);
  into.show(draw, words, table('Minutes of the last hour in which something was done', heads, rows));
}

/** How long uploads took. @param {ReturnType<typeof chart>} into @param {Hour} hour */
export function showLeadTimes(into, { leadTimeCounts, boundsMs }) {
  const total = leadTimeCounts.reduce((sum, count) => sum + count, 0);
  const names = leadTimeCounts.map((_, at) => {
    const bound = boundsMs[at];
    return bound === undefined ? `> ${durationOf(boundsMs.at(-1) ?? 0)}` : `≤ ${durationOf(bound)}`;
  });
  const most = Math.max(4, ...leadTimeCounts);
  const used = leadTimeCounts.flatMap((count, at) => (count > 0 ? at : []));
  const from = Math.max(0, (used[0] ?? 0) - 1);
  const to = Math.min(leadTimeCounts.length - 1, Math.max((used.at(-1) ?? 0) + 1, from + 7));
  const draw = (/** @type {number} */ width) => {
    const { image, y } = frame(width, most);
    const shown = leadTimeCounts.slice(from, to + 1);
    const step = (width - LEFT) / shown.length;
    const every = Math.ceil(72 / step);
    for (const [at, count] of shown.entries()) {
      const x = LEFT + at * step;
      image.append(bar('processed', x, y(count), step));
      if (at % every === 0) image.append(label(names[from + at] ?? '', x + 2, HEIGHT - 6, 'start'));
    }
    return image;
  };
  const within = (/** @type {number} */ share) => withinOf(leadTimeCounts, boundsMs, share);
  const words =
    total === 0
      ? 'No upload was processed in the last hour.'
      : `From the stored file to the end of its processing, for ${counted(total, 'upload')}: half took ${within(0.5)}, 95 % ${within(0.95)}.`;
  const rows = leadTimeCounts.flatMap((count, at) => (count > 0 ? [[names[at], countOf(count)]] : []));
  into.show(draw, words, table('Lead times of the last hour', ['lead time', 'uploads'], rows));
}

/**
 * The bound under which so large a share lies: a histogram knows no more.
 * @param {readonly number[]} counts a bar more than bounds: the last one has none
 * @param {readonly number[]} boundsMs
 * @param {number} share
 */
export function withinOf(counts, boundsMs, share) {
  let left = counts.reduce((sum, count) => sum + count, 0) * share;
  const at = counts.findIndex((count) => {
    left -= count;
    return count > 0 && left <= 1e-9;
  });
  const bound = boundsMs[at];
  return bound === undefined
    ? `more than ${durationOf(boundsMs.at(-1) ?? 0)}`
    : `at most ${durationOf(bound)}`;
}

/** @param {number} width @param {number} most */
function frame(width, most) {
  const image = svg('svg', { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT });
  const y = (/** @type {number} */ value) => TOP + (1 - value / most) * (HEIGHT - TOP - BOTTOM);
  for (const value of [0, Math.ceil(most / 2), most]) {
    image.append(
      svg('line', { class: 'grid', x1: LEFT, x2: width, y1: y(value), y2: y(value) }),
      label(countOf(value), LEFT - 5, y(value) + 4, 'end'),
    );
  }
  return { image, y };
}

/** @param {string} look @param {number} x @param {number} y @param {number} step */
function bar(look, x, y, step) {
  const gap = step > 6 ? 1.5 : 0.5;
  const height = Math.max(0, HEIGHT - BOTTOM - y);
  return svg('rect', { class: look, x: x + gap / 2, y, width: Math.max(1, step - gap), height });
}

/** @param {string} text @param {number} x @param {number} y @param {'start' | 'end'} anchor */
function label(text, x, y, anchor) {
  return svg('text', { x, y, 'text-anchor': anchor }, text);
}
