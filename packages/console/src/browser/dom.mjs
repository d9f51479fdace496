/** @typedef {Node | string | undefined | false} Child */

/**
 * Makes an element. Texts become text alone, never HTML.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean | undefined>} [attributes] true: present; false or undefined: absent
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  fill(made, attributes, children);
  return made;
}

/**
 * @param {string} tag
 * @param {Record<string, string | number | boolean | undefined>} [attributes]
 * @param {...Child} children
 */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  fill(made, attributes, children);
  return made;
}

/**
 * @param {Element} made
 * @param {Record<string, string | number | boolean | undefined>} attributes
 * @param {readonly Child[]} children
 */
function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== undefined) made.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child) made.append(typeof child === 'string' ? plain(child) : child);
}

/** Unicode Standard Annex #9, "Explicit Directional Formatting Characters" and marks. */
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** What reorders the text around it becomes `?`, as in the command's output: it is a way to make one name look as another. @param {string} text */
export function plain(text) {
  return text.replaceAll(DIRECTIONS, '?');
}

/**
 * @param {string} text
 * @param {() => unknown} onClick
 * @param {string} [look]
 */
export function button(text, onClick, look = 'plain') {
  const made = element('button', { type: 'button', class: look }, text);
  made.addEventListener('click', onClick);
  return made;
}

/**
 * A section with a heading.
 * @param {string} title
 * @param {...Child} children
 */
export function section(title, ...children) {
  const id = `section-${title.toLowerCase().replaceAll(/\W+/g, '-')}`;
  return element('section', { 'aria-labelledby': id }, element('h3', { id }, title), ...children);
}

/**
 * A table that scrolls by itself where it is wider than the page.
 * @param {string} caption
 * @param {readonly string[]} heads
 * @param {readonly (readonly Child[])[]} rows
 */
export function table(caption, heads, rows) {
  const made = element(
    'table',
    {},
    element('caption', { class: 'unseen' }, caption),
    element('thead', {}, element('tr', {}, ...heads.map((head) => element('th', { scope: 'col' }, head)))),
    element('tbody', {}, ...rows.map(tableRow)),
  );
  return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption }, made);
}

/** A row that is added to a table. @param {readonly Child[]} cells */
export function tableRow(cells) {
  return element('tr', {}, ...cells.map((cell) => element('td', {}, cell)));
}

/**
 * Changes a text, and nothing if it is the same: what a person has selected stays.
 * @param {Element} place
 * @param {string} text '': the place is not shown
 */
export function setText(place, text) {
  const shown = plain(text);
  if (place.textContent !== shown) place.textContent = shown;
  place.toggleAttribute('hidden', text === '');
}

/**
 * Puts these in the place of all that an element has.
 * @param {Element} place
 * @param {readonly Child[]} children
 */
export function fillWith(place, children) {
  place.replaceChildren(...children.filter((child) => child instanceof Node));
}

/** Tells a screen reader something that others see. @param {string} text */
export function announce(text) {
  const place = document.querySelector('#announcement');
  if (place) place.textContent = text;
}

/**
 * Runs what a button asks for: the button waits meanwhile, and a failure is shown.
 * @template T
 * @param {HTMLButtonElement} pressed
 * @param {() => Promise<T>} work
 * @param {Element} place where a failure is shown
 * @returns {Promise<T | undefined>}
 */
export async function whilePressed(pressed, work, place) {
  if (pressed.getAttribute('aria-disabled') === 'true') return undefined;
  pressed.setAttribute('aria-disabled', 'true');
  place.replaceChildren();
  try {
    return await work();
  } catch (error) {
    place.replaceChildren(element('p', { class: 'problem', role: 'alert' }, messageOf(error)));
    return undefined;
  } finally {
    pressed.removeAttribute('aria-disabled');
  }
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
