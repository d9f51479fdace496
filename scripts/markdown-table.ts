/** Rows as a table in Markdown, all columns but the first aligned to the right; the first row is the heading. */
export function markdownTable([heading = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = `|---|${heading
    .slice(1)
    .map(() => '---:|')
    .join('')}`;
  return [line(heading), rule, ...rows.map(line)].join('\n');
}
