import type { UploadResults } from '../../bench/uploads/results.ts';
import { chartFrame, round, WIDTH } from '../chart/frame.ts';
import type { Parameters } from './parameters.ts';
import { breakEven } from './per-month.ts';
import { type Design, designsOf, inMillions } from './tables.ts';

const HEIGHT = 400;
const PLOT = { left: 56, right: WIDTH - 120, top: 44, bottom: HEIGHT - 52 } as const;
const FIRST_DECADE = 5;
const LAST_DECADE = 9;
const POINTS_A_DECADE = 24;
const TICKS = 5;
/** Lines that end closer to each other than this get their names one below the other. */
const NAME_HEIGHT = 16;

const STYLE = `
  .line { fill: none; stroke-width: 2 }
  .form { stroke: #0072b2; stroke-width: 6 } .put { stroke: #b3500a } .serverless { stroke: #59636e; stroke-dasharray: 6 4 }
  .mark { fill: #ffffff; stroke: #1f2328; stroke-width: 1.5 }`;
const DARK_STYLE = `
    .form { stroke: #56b4e9 } .put { stroke: #f0a030 } .serverless { stroke: #9198a1 }
    .mark { fill: #0d1117; stroke: #f0f6fc }`;
const CLASSES = ['form', 'put', 'serverless'];

/** Dollars for a million uploads by uploads a month, without storage, as an SVG: a form, a PUT and the serverless design, and where they meet. */
export function costChart(results: UploadResults, parameters: Parameters): string {
  const designs = designsOf(results, parameters, 'without storage');
  const most = topOf(designs);
  const y = (dollars: number) => PLOT.bottom - (dollars / most) * (PLOT.bottom - PLOT.top);
  const content = `<clipPath id="plot"><rect x="${PLOT.left}" y="${PLOT.top}" width="${PLOT.right - PLOT.left}" height="${PLOT.bottom - PLOT.top}"/></clipPath>
${gridOf(most, y)}
<g clip-path="url(#plot)">
${designs.map(({ monthly }, at) => `<polyline class="line ${CLASSES[at]}" points="${pointsOf(monthly, y)}"/>`).join('\n')}
</g>
${namesOf(designs, y)}
${marksOf(designs, y)}`;
  return chartFrame({
    title: 'Dollars for a million uploads, without storage',
    titleLeft: PLOT.left,
    height: HEIGHT,
    style: STYLE,
    darkStyle: DARK_STYLE,
    content,
  });
}

function gridOf(most: number, y: (dollars: number) => number): string {
  const dollars = Array.from({ length: TICKS + 1 }, (_, tick) => (most * tick) / TICKS).map(
    (value) =>
      `<path class="grid" d="M${PLOT.left} ${round(y(value))}H${PLOT.right}"/><text x="${PLOT.left - 8}" y="${round(y(value) + 4)}" text-anchor="end">$${value}</text>`,
  );
  const decades = Array.from({ length: LAST_DECADE - FIRST_DECADE + 1 }, (_, at) => FIRST_DECADE + at).map(
    (decade) =>
      `<text x="${round(x(10 ** decade))}" y="${PLOT.bottom + 20}" text-anchor="middle">${inMillions(10 ** decade)}</text>`,
  );
  const axis = `<text x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 42}" text-anchor="middle">uploads a month</text>`;
  return [...dollars, ...decades, axis].join('\n');
}

/** Beside the end of each line, and below one another where lines end together. */
function namesOf(designs: readonly Design[], y: (dollars: number) => number): string {
  const ends = designs
    .map(({ name, monthly }, at) => ({ name, at, top: y(eachMillion(monthly, 10 ** LAST_DECADE)) }))
    .sort((left, right) => left.top - right.top);
  let above = Number.NEGATIVE_INFINITY;
  return ends
    .map(({ name, at, top }) => {
      above = round(Math.max(top, above + NAME_HEIGHT, PLOT.top));
      return `<path class="line ${CLASSES[at]}" d="M${PLOT.right + 8} ${above}h20"/><text x="${PLOT.right + 34}" y="${above + 4}">${name}</text>`;
    })
    .join('\n');
}

/** Where a form and a PUT meet the serverless design: the one above the line, the other below, since they can be close. */
function marksOf(designs: readonly Design[], y: (dollars: number) => number): string {
  const serverless = designs.at(-1) as Design;
  return designs
    .slice(0, -1)
    .flatMap(({ name, monthly }, at) => {
      const uploads = breakEven(monthly, serverless.monthly);
      if (uploads === undefined || uploads > 10 ** LAST_DECADE || uploads < 10 ** FIRST_DECADE) return [];
      const [left, top] = [round(x(uploads)), round(y(eachMillion(monthly, uploads)))];
      const textTop = at === 0 ? top - 12 : top + 22;
      return [
        `<circle class="mark" cx="${left}" cy="${top}" r="4.5"/><text x="${left}" y="${textTop}" text-anchor="middle">${name}: ${inMillions(uploads)}</text>`,
      ];
    })
    .join('\n');
}

function pointsOf(monthly: Design['monthly'], y: (dollars: number) => number): string {
  const count = (LAST_DECADE - FIRST_DECADE) * POINTS_A_DECADE;
  return Array.from({ length: count + 1 }, (_, at) => 10 ** (FIRST_DECADE + at / POINTS_A_DECADE))
    .map((uploads) => `${round(x(uploads))},${round(y(eachMillion(monthly, uploads)))}`)
    .join(' ');
}

/** Twice the dearest design at the right, in tens: the left end of the lines is cut off. */
function topOf(designs: readonly Design[]): number {
  const dearest = Math.max(...designs.map(({ monthly }) => eachMillion(monthly, 10 ** LAST_DECADE)));
  return Math.ceil((2 * dearest) / 50) * 50;
}

function eachMillion(monthly: Design['monthly'], uploads: number): number {
  return (monthly(uploads) / uploads) * 1e6;
}

function x(uploads: number): number {
  const share = (Math.log10(uploads) - FIRST_DECADE) / (LAST_DECADE - FIRST_DECADE);
  return PLOT.left + share * (PLOT.right - PLOT.left);
}
