import { element, sign } from './dom.mjs';
import { typeName } from './file-types.mjs';
import { listText, say, sizeText, timeText } from './texts.mjs';

/** @typedef {import('./service.mjs').View} View */

const main = /** @type {HTMLElement} */ (document.getElementById('main'));
const announcement = /** @type {HTMLElement} */ (document.getElementById('announcement'));

/** @param {string} text */
export function announce(text) {
  announcement.textContent = text;
}

/**
 * Shows another screen. If the focus was in the one before, the title gets it, so that keyboard and screen reader go on from there.
 * @param {string} title
 * @param {readonly (Node | string)[]} parts
 * @param {{ tone?: 'good' | 'bad' | 'wait', before?: readonly (Node | string)[] }} [options]
 */
export function show(title, parts, { tone, before = [] } = {}) {
  const hadFocus = main.contains(document.activeElement);
  const heading = element('h1', { tabindex: '-1' }, title);
  main.replaceChildren(...(tone ? [sign(tone)] : []), ...before, heading, ...parts);
  announce(hadFocus ? '' : title);
  if (hadFocus) heading.focus();
}

/** @param {string} text */
export const paragraph = (text) => element('p', {}, text);

/**
 * Names and values.
 * @param {readonly (readonly [name: string, value: string])[]} pairs
 * @param {string} [id]
 */
export function facts(pairs, id) {
  const rows = pairs.map(([name, value]) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, value)),
  );
  return element('dl', id ? { id } : {}, ...rows);
}

/**
 * Who asks for what.
 * @param {View} link
 */
export function titleOf({ title, from }) {
  return title ?? (from === undefined ? say('title') : say('asks', { from }));
}

/**
 * @param {View} link
 * @returns {HTMLElement[]} what stands above the title
 */
export function senderOf({ title, from }) {
  return title && from ? [element('p', { class: 'sender' }, say('asks', { from }))] : [];
}

/**
 * @param {View} link
 * @returns {HTMLElement[]} what stands below the title
 */
export function termsOf({ message, contentTypes, minBytes, maxBytes, expiresAt }) {
  const [min, max] = [sizeText(minBytes), sizeText(maxBytes)];
  return [
    ...(message ? [element('p', { class: 'message' }, message)] : []),
    paragraph(say('once')),
    facts(
      [
        ...(contentTypes
          ? [/** @type {const} */ ([say('types'), listText(contentTypes.map(typeName))])]
          : []),
        [say('sizes'), minBytes > 1 ? say('between', { min, max }) : say('upTo', { max })],
        [say('until'), timeText(expiresAt)],
      ],
      'limits',
    ),
  ];
}

/**
 * What was received.
 * @param {View} link
 * @param {string} [name] of the file that this page sent
 */
export function receiptOf({ received }, name) {
  if (!received) return '';
  return facts([
    ...(name === undefined ? [] : [/** @type {const} */ ([say('file'), name])]),
    [say('size'), sizeText(received.sizeBytes)],
    [say('time'), timeText(received.storedAt)],
  ]);
}

/** @param {View} link */
export function wayBackOf({ returnUrl }) {
  if (returnUrl === undefined) return '';
  const { host } = new URL(returnUrl);
  return element('a', { class: 'main', href: returnUrl, rel: 'noreferrer' }, say('back', { host }));
}
