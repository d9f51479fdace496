/**
 * What was said of an object when it was stored, in one flat record that can be compared: headers that were given, and each metadata
 * entry as `x-amz-meta-<name>`. Tags are left out: S3 reports how many there are only to callers that may read them (Amazon S3 API
 * Reference, "HeadObject").
 */
export function describedAttributes(
  headers: Readonly<Record<string, string | undefined>>,
  metadata: Readonly<Record<string, string>>,
): Record<string, string> {
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const entries = Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value] as const);
  return Object.fromEntries([...given, ...entries]);
}
