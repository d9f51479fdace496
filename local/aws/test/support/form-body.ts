/** One part of a form; `fileName` makes it a file. */
export interface Part {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly fileName?: string;
  /** The whole Content-Disposition, where a client writes another one. */
  readonly disposition?: string;
}

const BOUNDARY = '9d1f6b7c2e4a48c0';
export const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

/** A multipart/form-data body, written byte for byte as Python's `requests` writes it. */
export function formBody(parts: readonly Part[]): Buffer {
  return Buffer.concat([
    ...parts.flatMap((part) => [partHead(part), bytes(part.content), bytes('\r\n')]),
    formEnd(),
  ]);
}

export function partHead({ name, fileName, disposition }: Part): Buffer {
  const file = fileName === undefined ? '' : `; filename="${fileName}"`;
  const written = disposition ?? `form-data; name="${name}"${file}`;
  return bytes(`--${BOUNDARY}\r\nContent-Disposition: ${written}\r\n\r\n`);
}

export function formEnd(): Buffer {
  return bytes(`--${BOUNDARY}--\r\n`);
}

export function fieldParts(fields: Readonly<Record<string, string>>): Part[] {
  return Object.entries(fields).map(([name, content]) => ({ name, content }));
}

function bytes(content: string | Uint8Array): Buffer {
  return Buffer.from(content as Uint8Array);
}
