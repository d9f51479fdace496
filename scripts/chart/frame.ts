export const WIDTH = 760;

/** Colours that are told apart by people who see no red or no green (Okabe and Ito), lighter on the dark ground. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .ground { fill: #ffffff }
  .grid { stroke: #d1d9e0; stroke-width: 1 }`;
const DARK_STYLE = `
    text { fill: #f0f6fc }
    .ground { fill: #0d1117 }
    .grid { stroke: #3d444d }`;

/** A chart as an SVG, for a light and a dark ground. */
export function chartFrame(options: {
  readonly title: string;
  readonly titleLeft: number;
  readonly height: number;
  /** CSS of its own, one rule a line, beside that of `text`, `.title`, `.ground` and `.grid`. */
  readonly style: string;
  readonly darkStyle: string;
  readonly content: string;
}): string {
  const { title, titleLeft, height, style, darkStyle, content } = options;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">
<title id="title">${title}</title>
<style>${STYLE}${style}
  @media (prefers-color-scheme: dark) {${DARK_STYLE}${darkStyle}
  }
</style>
<rect class="ground" width="${WIDTH}" height="${height}"/>
<text class="title" x="${titleLeft}" y="24">${title}</text>
${content}
</svg>
`;
}

export function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
