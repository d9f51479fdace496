/**
 * Makes an element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | boolean>} [attributes] true: present, false: absent
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

const SHAPES = {
  good: 'M7 12.5l3.5 3.5L17 9',
  bad: 'M12 7v6m0 3.5v.01',
  wait: 'M12 7.5V12l3 2',
};

/**
 * A round sign; the title beside it says what it means.
 * @param {keyof typeof SHAPES} tone
 */
export function sign(tone) {
  const [image, path] = ['svg', 'path'].map((tag) =>
    document.createElementNS('http://www.w3.org/2000/svg', tag),
  );
  image?.setAttribute('viewBox', '0 0 24 24');
  image?.setAttribute('class', `sign ${tone}`);
  image?.setAttribute('aria-hidden', 'true');
  path?.setAttribute('d', SHAPES[tone]);
  image?.append(path ?? '');
  return image ?? '';
}

/**
 * @param {string} text
 * @param {() => void} onClick
 * @param {string} [look]
 */
export function button(text, onClick, look = 'plain') {
  const made = element('button', { type: 'button', class: look }, text);
  made.addEventListener('click', onClick);
  return made;
}

/** @param {number} ms */
export const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
