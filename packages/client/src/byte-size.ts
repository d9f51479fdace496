const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'];

/** `1 byte`, `999 bytes`, `12.3 MiB`: for people, in powers of 1,024, one decimal. */
export function byteSize(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} ${Math.round(bytes) === 1 ? 'byte' : 'bytes'}`;
  let value = bytes;
  let unit = '';
  for (const larger of UNITS) {
    value /= 1024;
    unit = larger;
    // 1023.95 would be written as 1024.0.
    if (value < 1023.95) break;
  }
  return `${value.toFixed(1)} ${unit}`;
}
