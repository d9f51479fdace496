import { type Ratios, shownRatios } from '../../bench/ratios.ts';
import { chartFrame, round, WIDTH } from './frame.ts';

export interface Bar {
  readonly name: string;
  readonly isOurs: boolean;
  readonly ratios: Ratios;
}

const LEFT = 260;
/** Leaves room for the figures beside the longest bar. */
const RIGHT = WIDTH - 150;
const TOP = 44;
const ROW = 30;
const BAR = 18;

const STYLE = `
  .ours { fill: #0072b2 } .baseline { fill: #8c959f }
  .range { stroke: #1f2328; stroke-width: 1.5; fill: none }
  .one { stroke: #59636e; stroke-dasharray: 4 3 }`;
const DARK_STYLE = `
    .ours { fill: #56b4e9 } .baseline { fill: #656c76 }
    .range { stroke: #f0f6fc }
    .one { stroke: #9198a1 }`;

/** The medians of ratios as bars, each with its least and most; a line marks the baseline. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const longest = Math.max(1, ...bars.map(({ ratios }) => ratios.most));
  const x = (ratio: number) => round(LEFT + (ratio / longest) * (RIGHT - LEFT));
  const height = TOP + bars.length * ROW + 8;
  const one = `<path class="one" d="M${x(1)} ${TOP}V${height - 8}"/>`;
  const rows = bars.map(({ name, isOurs, ratios }, at) => {
    const top = TOP + at * ROW + (ROW - BAR) / 2;
    const middle = top + BAR / 2;
    const { least, median, most } = ratios;
    return [
      `<text x="${LEFT - 10}" y="${middle + 4}" text-anchor="end">${name}</text>`,
      `<rect class="${isOurs ? 'ours' : 'baseline'}" x="${LEFT}" y="${top}" width="${round(x(median) - LEFT)}" height="${BAR}"/>`,
      `<path class="range" d="M${x(least)} ${middle}H${x(most)}M${x(least)} ${middle - 4}v8M${x(most)} ${middle - 4}v8"/>`,
      `<text x="${x(most) + 8}" y="${middle + 4}">${shownRatios(ratios)}</text>`,
    ].join('\n');
  });
  const content = [...rows, one].join('\n');
  return chartFrame({ title, titleLeft: 16, height, style: STYLE, darkStyle: DARK_STYLE, content });
}
