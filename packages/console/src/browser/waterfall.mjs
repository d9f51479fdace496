import { element, svg } from './dom.mjs';
import { durationOf, timeOf } from './format.mjs';

/**
 * @typedef {object} Bar
 * @property {string} name
 * @property {string} service
 * @property {number} startMs
 * @property {number} endMs
 * @property {number} depth
 * @property {boolean} isError
 * @property {string} detail
 */

/**
 * Bars under each other, over one time.
 * @param {readonly Bar[]} bars one at least
 * @param {string} name
 */
export function waterfall(bars, name) {
  const from = Math.min(...bars.map(({ startMs }) => startMs));
  const to = Math.max(...bars.map(({ endMs }) => endMs), from + 1);
  const share = (/** @type {number} */ ms) => `${((ms - from) / (to - from)) * 100}%`;
  const rows = bars.map(({ name, service, startMs, endMs, depth, isError, detail }) => {
    const kind = service.replaceAll(/[^\w-]+/g, '-').toLowerCase();
    const width = `${Math.max(0.4, ((endMs - startMs) / (to - from)) * 100)}%`;
    const drawn = svg('svg', { class: 'lane', 'aria-hidden': 'true', height: 14 });
    drawn.append(
      svg('rect', {
        class: `bar ${isError ? 'failed' : `of-${kind}`}`,
        x: share(startMs),
        y: 2,
        width,
        height: 10,
        rx: 2,
      }),
    );
    const when = startMs === endMs ? `at ${timeOf(startMs)}` : durationOf(endMs - startMs);
    const after = startMs > from ? `, ${durationOf(startMs - from)} after the beginning` : '';
    return element(
      'li',
      { class: `depth-${Math.min(depth, 6)}` },
      element(
        'details',
        {},
        element(
          'summary',
          {},
          element('span', { class: 'span' }, name, ' ', element('span', { class: 'quiet' }, service)),
          drawn,
          element(
            'span',
            { class: 'when' },
            when,
            element('span', { class: 'unseen' }, `${after}${isError ? ', failed' : ''}`),
          ),
        ),
        element('pre', {}, `${timeOf(startMs)}${after}${detail && `\n${detail}`}`),
      ),
    );
  });
  return element(
    'ol',
    { class: 'waterfall', 'aria-label': `${name}, ${durationOf(to - from)} in all` },
    ...rows,
  );
}
