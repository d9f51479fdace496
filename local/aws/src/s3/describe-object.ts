import type { ChecksumAlgorithm, Checksums, ChecksumType } from '../storage/checksum.ts';
import type { XmlElement } from './xml.ts';

/** Who owns everything here. */
export const OWNER: XmlElement = [
  'Owner',
  [
    ['ID', 'local-aws-owner'],
    ['DisplayName', 'local-aws'],
  ],
];

/** S3's lists know whole seconds. */
export function wholeSeconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}.000Z`;
}

export function checksumHeaders(checksums: Checksums, type?: ChecksumType): Record<string, string> {
  const headers = Object.entries(checksums).map(([name, value]) => [
    `x-amz-checksum-${name.toLowerCase()}`,
    value,
  ]);
  if (headers.length > 0 && type !== undefined) headers.push(['x-amz-checksum-type', type]);
  return Object.fromEntries(headers);
}

export function checksumElements(checksums: Checksums, type?: ChecksumType): XmlElement[] {
  const elements = Object.entries(checksums).map(([name, value]): XmlElement => [`Checksum${name}`, value]);
  if (elements.length > 0 && type !== undefined) elements.push(['ChecksumType', type]);
  return elements;
}

export function checksumAlgorithms(checksums: Checksums): ChecksumAlgorithm[] {
  return Object.keys(checksums) as ChecksumAlgorithm[];
}
