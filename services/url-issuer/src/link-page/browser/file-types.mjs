import { say } from './texts.mjs';

/** What browsers leave open, or call otherwise than others do; and what people call types by. */
const TYPES = Object.entries({
  '7z': 'application/x-7z-compressed',
  csv: 'text/csv',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  gif: 'image/gif',
  heic: 'image/heic',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  json: 'application/json',
  md: 'text/markdown',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  ods: 'application/vnd.oasis.opendocument.spreadsheet',
  odt: 'application/vnd.oasis.opendocument.text',
  pdf: 'application/pdf',
  png: 'image/png',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  txt: 'text/plain',
  webp: 'image/webp',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  xml: 'application/xml',
  zip: 'application/zip',
});

/** @type {Record<string, 'images' | 'videos' | 'sounds' | 'texts'>} */
const RANGES = { 'image/*': 'images', 'video/*': 'videos', 'audio/*': 'sounds', 'text/*': 'texts' };

/**
 * The type of a file: what the browser says, or what its name says where the browser says nothing, or what is not allowed.
 * @param {File} file
 * @param {readonly string[]} [allowed]
 */
export function typeOf(file, allowed) {
  const ending = file.name.split('.').pop()?.toLowerCase();
  const named = TYPES.find(([extension]) => extension === ending)?.[1];
  if (!file.type || !isAllowed(file.type, allowed)) return named ?? file.type;
  return file.type;
}

/**
 * The service decides; this tells the person before anything is sent.
 * @param {string} type
 * @param {readonly string[]} [allowed]
 */
export function isAllowed(type, allowed) {
  const [essence = ''] = type.toLowerCase().split(';', 1);
  return (
    allowed === undefined ||
    allowed.some((each) =>
      each.endsWith('/*')
        ? essence.startsWith(each.slice(0, -1)) && !essence.endsWith('+xml')
        : essence === each,
    )
  );
}

/**
 * What people call a type.
 * @param {string} type
 */
export function typeName(type) {
  const range = RANGES[type];
  return range ? say(range) : (extensionsOf(type)[0]?.toUpperCase() ?? type);
}

/**
 * For the attribute `accept`: some systems know a type by the file's ending alone.
 * @param {readonly string[]} types
 */
export function acceptOf(types) {
  return types.flatMap((type) => [type, ...extensionsOf(type).map((extension) => `.${extension}`)]).join();
}

/** @param {string} type */
const extensionsOf = (type) => TYPES.filter(([, each]) => each === type).map(([extension]) => extension);
