import { ORIGINS, type Origin } from './code-origin.ts';
import { type CpuProfile, type Frame, framesOf } from './frames.ts';

const WIDTH = 1200;
const ROW = 16;
const TOP = 64;
/** Of all time: what is narrower is left out. */
const LEAST_SHARE = 0.003;
/** Of a character of the font, at most. */
const CHARACTER = 6.1;
const LEAST_CHARACTERS = 3;

/** Colours that are told apart by people who see no red or no green (Okabe and Ito), light enough for dark text on every ground. */
const STYLE = `
  text { font: 10px ui-monospace, monospace; fill: #1f2328 }
  .title { font: 600 14px system-ui, sans-serif } .legend { font: 12px system-ui, sans-serif }
  .ground { fill: #ffffff } path, .key { stroke: #ffffff; stroke-width: .6 }
  .ours { fill: #56b4e9 } .sdk { fill: #f0b040 } .fastify { fill: #66c9a9 } .other { fill: #e0a0c4 } .node { fill: #ccd1d7 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } path, .key { stroke: #0d1117 }
    .title, .legend { fill: #f0f6fc }
  }`;

/**
 * A profile as an SVG: callers above what they called, each as wide as its time with its children. Pointing at a frame shows its name,
 * place and time. The colour says whose code it is.
 */
export function flameGraph(profile: CpuProfile, title: string): string {
  const root = framesOf(profile);
  if (root.microseconds === 0) throw new RangeError('the profile has no busy sample');
  const scale = WIDTH / root.microseconds;
  const drawn: string[] = [];
  let deepest = 0;

  function draw(frame: Frame, left: number, depth: number): void {
    const width = frame.microseconds * scale;
    deepest = Math.max(deepest, depth);
    drawn.push(drawnFrame(frame, { left, top: TOP + depth * ROW, width, all: root.microseconds }));
    drawChildren(frame, left, depth + 1);
  }

  function drawChildren({ children }: Frame, left: number, depth: number): void {
    let at = left;
    const byTime = [...children.values()].sort((one, other) => other.microseconds - one.microseconds);
    for (const child of byTime) {
      if (child.microseconds / root.microseconds < LEAST_SHARE) return;
      draw(child, at, depth);
      at += child.microseconds * scale;
    }
  }

  drawChildren(root, 0, 0);
  const height = TOP + (deepest + 1) * ROW + 4;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">
<title id="title">${escaped(title)}</title>
<style>${STYLE}
</style>
<rect class="ground" width="${WIDTH}" height="${height}"/>
<text class="title" x="8" y="22">${escaped(title)}</text>
${legend(root)}
${drawn.join('\n')}
</svg>
`;
}

function drawnFrame(
  { name, place, origin, microseconds, selfMicroseconds }: Frame,
  {
    left,
    top,
    width,
    all,
  }: { readonly left: number; readonly top: number; readonly width: number; readonly all: number },
): string {
  const title = [name, place, `${percent(microseconds, all)}, itself ${percent(selfMicroseconds, all)}`];
  const fitting = Math.floor((width - 4) / CHARACTER);
  const text =
    fitting < LEAST_CHARACTERS
      ? ''
      : `<text x="${round(left + 2)}" y="${top + 11}">${escaped(shortened(name, fitting))}</text>`;
  return `<g><title>${escaped(title.filter(Boolean).join(', '))}</title><path class="${origin}" d="M${round(left)} ${top}h${round(width)}v${ROW}h-${round(width)}z"/>${text}</g>`;
}

/** Whose code it is, and how much of the time each takes by itself. */
function legend(root: Frame): string {
  const selfOf = new Map<Origin, number>();
  const add = (frame: Frame) => {
    selfOf.set(frame.origin, (selfOf.get(frame.origin) ?? 0) + frame.selfMicroseconds);
    for (const child of frame.children.values()) add(child);
  };
  add(root);
  return (Object.keys(ORIGINS) as Origin[])
    .map((origin, at) => {
      const left = 8 + at * 180;
      const share = percent(selfOf.get(origin) ?? 0, root.microseconds);
      return `<rect class="key ${origin}" x="${left}" y="36" width="14" height="14"/><text class="legend" x="${left + 20}" y="48">${ORIGINS[origin]}: ${share}</text>`;
    })
    .join('\n');
}

function shortened(name: string, characters: number): string {
  return name.length <= characters ? name : `${name.slice(0, characters - 1)}…`;
}

function percent(part: number, all: number): string {
  return `${((100 * part) / all).toFixed(1)} %`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
