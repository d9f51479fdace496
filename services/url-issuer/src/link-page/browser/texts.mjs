import { delay } from './dom.mjs';

/** @typedef {typeof import('../texts/en.json')} Texts */

const RETRY_MS = 3_000;
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];

/** @type {Texts} */
let texts;
let language = '';
/** The language as the person's region writes numbers and times. */
let locale = '';

/**
 * Loads a language's texts; the rest of this module speaks it from then on.
 * @param {string} wanted
 */
export async function useLanguage(wanted) {
  if (wanted === language) return;
  texts = await load(wanted);
  language = wanted;
  locale = navigator.languages.find((each) => each.split('-', 1)[0] === wanted) ?? wanted;
  document.documentElement.lang = wanted;
  document.title = texts.title;
  const privacy = document.getElementById('privacy');
  if (privacy) privacy.textContent = texts.privacy;
}

/**
 * Without texts there is nothing to show.
 * @param {string} wanted
 * @returns {Promise<Texts>}
 */
async function load(wanted) {
  for (;;) {
    try {
      const response = await fetch(`u/texts/${wanted}.json`);
      if (response.ok) return await response.json();
    } catch {}
    await delay(RETRY_MS);
  }
}

/**
 * A text with its places filled in.
 * @param {keyof Texts} key
 * @param {Record<string, string>} [places]
 */
export function say(key, places = {}) {
  return texts[key].replace(/\{(\w+)\}/g, (place, name) => places[name] ?? place);
}

/**
 * To three digits.
 * @param {number} bytes
 */
export function sizeText(bytes) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: UNITS[power],
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumSignificantDigits: 3,
  }).format(bytes / 1000 ** power);
}

/** @param {number} bytes */
export function bytesText(bytes) {
  return new Intl.NumberFormat(locale, { style: 'unit', unit: 'byte', unitDisplay: 'long' }).format(bytes);
}

/** @param {number} seconds */
export function durationText(seconds) {
  const rounded = Math.max(1, Math.ceil(seconds));
  const [unit, count] = /** @type {const} */ ([
    ['hour', rounded / 3600],
    ['minute', rounded / 60],
    ['second', rounded],
  ]).find(([, amount]) => amount >= 1) ?? ['second', 1];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(
    Math.round(count),
  );
}

/** @param {string} time ISO 8601 */
export function timeText(time) {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' }).format(new Date(time));
}

/** @param {number} ratio */
export function percentText(ratio) {
  return new Intl.NumberFormat(locale, { style: 'percent' }).format(Math.floor(ratio * 100) / 100);
}

/** @param {readonly string[]} parts */
export function listText(parts) {
  return new Intl.ListFormat(locale, { type: 'disjunction' }).format(parts);
}
