export const ORIGINS = {
  ours: 'upload-once',
  sdk: 'AWS SDK',
  fastify: 'Fastify',
  other: 'other packages',
  node: 'Node and V8',
} as const;
export type Origin = keyof typeof ORIGINS;

export interface CodeOrigin {
  readonly origin: Origin;
  /** Its file and line, as short as it is unique; empty for what V8 has built in. */
  readonly place: string;
}

const SDK = /^@(aws-sdk|aws-crypto|aws|smithy)\//;
const FASTIFY =
  /^(@fastify\/|fastify\b|avvio$|find-my-way$|fast-json-stringify$|light-my-request$|ajv|secure-json-parse$)/;

/** @param lineNumber from 0; V8 gives −1 for what has no source */
export function originOf(url: string, lineNumber: number): CodeOrigin {
  // Fastify compiles its router, its validation and its serialization at run time: such functions have no file, but lines.
  if (url === '') return { origin: lineNumber < 0 ? 'node' : 'fastify', place: '' };
  const line = lineNumber + 1;
  if (url.startsWith('node:')) return { origin: 'node', place: `${url}:${line}` };
  const [, inPackages] = /.*\/node_modules\/(.*)/.exec(url) ?? [];
  if (inPackages === undefined) return { origin: 'ours', place: `${ownPath(url)}:${line}` };
  const [name = ''] = /^(@[^/]+\/)?[^/]+/.exec(inPackages) ?? [];
  const origin = SDK.test(name) ? 'sdk' : FASTIFY.test(name) ? 'fastify' : 'other';
  return { origin, place: `${inPackages}:${line}` };
}

function ownPath(url: string): string {
  return /\/((packages|services|local|bench)\/[^/]+\/.*)/.exec(url)?.[1] ?? url;
}
