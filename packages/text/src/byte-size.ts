const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `1 byte`, `999 bytes`, `12.3 MiB`: for people, in powers of 1,024, one decimal. */
export function byteSize(bytes: number): string {
  const unit = unitOf(bytes);
  const number = inUnit(bytes, unit);
  return `${number} ${number === '1' ? 'byte' : UNITS[unit]}`;
}

/** `1.5/27.0 MiB`: both in the unit of the whole, so that the text keeps its width while the part grows. */
export function byteShare(part: number, whole: number): string {
  const unit = unitOf(whole);
  const of = inUnit(whole, unit);
  return `${inUnit(part, unit).padStart(of.length)}/${of} ${UNITS[unit]}`;
}

function unitOf(bytes: number): number {
  let unit = 0;
  // What would be written as 1024.0 is 1.0 of the next unit.
  while (unit < UNITS.length - 1 && bytes / 1024 ** unit >= (unit === 0 ? 1023.5 : 1023.95)) unit += 1;
  return unit;
}

function inUnit(bytes: number, unit: number): string {
  return (bytes / 1024 ** unit).toFixed(unit === 0 ? 0 : 1);
}
