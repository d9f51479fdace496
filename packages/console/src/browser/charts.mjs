import { element, svg, table } from './dom.mjs';
import { counted, countOf, durationOf, minuteOf, timeOf } from './format.mjs';

/** What stands where a number is not known. */
const UNKNOWN = '–';

const HEIGHT = 150;
const BOTTOM = 22;
const TOP = 14;
const LEFT = 34;

/**
 * @typedef {object} Hour
 * @property {({ atMs: number } & Record<string, number>)[]} minutes
 * @property {number[]} leadTimeCounts
 * @property {number[]} boundsMs
 * @property {{ name: string, why: string }[]} [missing] numbers that the source could not give
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
export function showThroughput(into, hour) {
  const { minutes } = hour;
  const most = Math.max(4, ...minutes.map(({ issued = 0, processed = 0 }) => Math.max(issued, processed)));
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
  const some = (/** @type {string} */ name, /** @type {string} */ one) => {
    const count = countWords(hour, name);
    return `${count} ${count === '1' ? one : `${one}s`}`;
  };
  const words =
    `${some('issued', 'form')} issued (light), ${some('processed', 'upload')} processed (dark). ` +
    `${some('duplicates', 'duplicate')}, ${some('failed', 'failure')}, ` +
    `${some('refusedRequests', 'refused request')} (dots).`;
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
    ...names.map((name) => (isMissing(hour, name) ? UNKNOWN : countOf(minute[name] ?? 0))),
  ]);
  into.show(draw, words, table('Minutes of the last hour in which something was done', heads, rows));
}

/** How long uploads took. @param {ReturnType<typeof chart>} into @param {Hour} hour */
export function showLeadTimes(into, hour) {
  const { leadTimeCounts, boundsMs } = hour;
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
  const words = isMissing(hour, 'leadTime')
    ? 'Not all lead times of the last hour are known.'
    : leadTimeWords(leadTimeCounts, boundsMs);
  const rows = leadTimeCounts.flatMap((count, at) => (count > 0 ? [[names[at], countOf(count)]] : []));
  into.show(draw, words, table('Lead times of the last hour', ['lead time', 'uploads'], rows));
}

/** The source could not give it. @param {Hour} hour @param {string} name */
const isMissing = ({ missing = [] }, name) => missing.some((each) => each.name === name);

/** How many there were in the hour. @param {Hour} hour @param {string} name */
export function countWords(hour, name) {
  if (isMissing(hour, name)) return UNKNOWN;
  return countOf(hour.minutes.reduce((sum, minute) => sum + (minute[name] ?? 0), 0));
}

/**
 * How long uploads took, as far as a histogram knows it: by the bounds of its bars.
 * @param {readonly number[]} counts a bar more than bounds: the last one has none
 * @param {readonly number[]} boundsMs
 */
export function leadTimeWords(counts, boundsMs) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 'No upload was processed in the last hour.';
  const [half, most] = [0.5, 0.95].map((share) => boundOf(counts, boundsMs, total * share));
  const last = durationOf(boundsMs.at(-1) ?? 0);
  const words = [
    half === undefined ? `the slower half took more than ${last}` : `half took at most ${durationOf(half)}`,
    ...(most !== undefined ? [`95 % at most ${durationOf(most)}`] : []),
    ...(half !== undefined && most === undefined ? [`the slowest 5 % took more than ${last}`] : []),
  ];
  return `From the stored file to the end of its processing, for ${counted(total, 'upload')}: ${words.join(', ')}.`;
}

/**
 * The bound of the bar that has so many uploads in it and before it; undefined: the last one.
 * @param {readonly number[]} counts
 * @param {readonly number[]} boundsMs
 * @param {number} many
 */
function boundOf(counts, boundsMs, many) {
  let left = many;
  const at = counts.findIndex((count) => {
    left -= count;
    return count > 0 && left <= 1e-9;
  });
  return boundsMs[at];
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
