import { element } from './dom.mjs';
import { acceptOf, isAllowed, typeName, typeOf } from './file-types.mjs';
import { bytesText, listText, say, sizeText } from './texts.mjs';

/**
 * The form of an open link: it takes one file by picking or dropping, and says at once what is wrong with it.
 * @param {import('./service.mjs').View} link
 * @param {(file: File) => void} onSend
 */
export function createFileForm(link, onSend) {
  const { contentTypes, minBytes, maxBytes } = link;
  const input = element('input', {
    type: 'file',
    id: 'file',
    class: 'unseen',
    'aria-describedby': 'limits chosen error',
    ...(contentTypes && { accept: acceptOf(contentTypes) }),
  });
  const chosen = element('p', { id: 'chosen', role: 'status' });
  const error = element('p', { id: 'error', role: 'alert' });
  const sendButton = element('button', { class: 'main' }, say('send'));
  /** @type {File | undefined} What the person sends, while it is looked at: a file of a network drive can take seconds. */
  let taken;
  const notice = element('p', { class: 'notice', role: 'alert' });
  const zone = element(
    'div',
    { class: 'zone' },
    element('p', { class: 'name' }, say('yours')),
    input,
    element('label', { for: 'file' }, say('choose')),
    element('p', { class: 'hint' }, say('drop')),
    chosen,
    error,
  );
  const form = element('form', { novalidate: true }, notice, zone, sendButton);

  /** @param {File} file */
  function wrongWith(file) {
    const bounds = [minBytes, maxBytes].map(sizeText);
    // Two sizes that differ by little look alike in short.
    const inWords = bounds.includes(sizeText(file.size)) ? bytesText : sizeText;
    const about = {
      name: file.name,
      size: inWords(file.size),
      min: inWords(minBytes),
      max: inWords(maxBytes),
    };
    if (file.size > maxBytes) return say('tooLarge', about);
    if (file.size < minBytes) return say('tooSmall', about);
    if (isAllowed(typeOf(file, contentTypes), contentTypes)) return '';
    return wrongType(file, contentTypes);
  }

  /** @param {string} text */
  function showError(text) {
    error.textContent = text;
    input.setAttribute('aria-invalid', String(text !== ''));
  }

  /** @param {File | undefined} file */
  const isTaken = (file) => taken === file;

  /** @param {File} [file] */
  function take(file) {
    taken = file;
    // It keeps the focus, which `disabled` would end.
    sendButton.setAttribute('aria-disabled', String(file !== undefined));
    sendButton.textContent = say(file ? 'loading' : 'send');
  }

  function check() {
    take();
    const file = input.files?.[0];
    notice.textContent = '';
    chosen.textContent = file ? say('chosen', { name: file.name, size: sizeText(file.size) }) : '';
    showError(file ? wrongWith(file) : '');
  }

  input.addEventListener('change', check);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (!isTaken(undefined)) return;
    const file = input.files?.[0];
    take(file);
    const isUnreadable = file !== undefined && !(await isReadable(file));
    // Meanwhile another file was chosen, or the page shows what became of an earlier one.
    if (!isTaken(file) || !form.isConnected) return;
    take();
    if (!file) showError(say('none'));
    else showError(isUnreadable ? say('unreadable', { name: file.name }) : wrongWith(file));
    if (error.textContent) input.focus();
    else if (file) onSend(file);
  });

  /** @param {DataTransfer | null} dropped */
  function drop(dropped) {
    if (dropped?.files.length === 1) {
      input.files = dropped.files;
      check();
    } else if (dropped?.files.length) showError(say('several'));
  }
  for (const type of ['dragenter', 'dragover', 'dragleave', 'drop'])
    zone.addEventListener(type, () =>
      zone.classList.toggle('over', type.startsWith('dragen') || type === 'dragover'),
    );
  zone.addEventListener('drop', (event) => drop(event.dataTransfer));

  return {
    form,
    /** @param {string} text */
    notify(text) {
      notice.textContent = text;
    },
  };
}

/**
 * @param {File} file
 * @param {readonly string[] | undefined} allowed
 */
export function wrongType({ name }, allowed) {
  return say('wrongType', { name, types: listText((allowed ?? []).map(typeName)) });
}

/**
 * A folder that was dropped, or a file that is gone, cannot be.
 * @param {File} file
 */
const isReadable = (file) =>
  file
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );
