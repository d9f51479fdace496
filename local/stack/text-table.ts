/** Rows as text, columns as wide as their widest cell; the first row is the heading. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  }
  const line = (row: readonly string[]) =>
    `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd();
  const [heading = [], ...body] = rows;
  const rule = widths.map((width) => '─'.repeat(width));
  return [line(heading), line(rule), ...body.map(line)].join('\n');
}
