/** A later release wrote the item. This release can't read it, and does not guess. */
class UnsupportedSchemaVersion extends Error {
  readonly code = 'UnsupportedSchemaVersion';
}

/**
 * @param newest the highest version that this release reads
 * @param name what the error calls the item
 * @throws UnsupportedSchemaVersion
 */
export function assertSupported(
  { schemaVersion }: { readonly schemaVersion: number },
  newest: number,
  name: string,
): void {
  if (schemaVersion > newest) {
    throw new UnsupportedSchemaVersion(
      `${name} has schemaVersion ${schemaVersion}, this release reads up to ${newest}`,
    );
  }
}
