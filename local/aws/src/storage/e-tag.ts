/** An ETag as a header or an XML body may give it, without its quotes. */
export function unquoted(eTag: string): string {
  return eTag.replace(/^"(.*)"$/, '$1');
}

export function quoted(eTag: string): string {
  return `"${eTag}"`;
}
