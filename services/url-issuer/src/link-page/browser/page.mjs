import { button, element } from './dom.mjs';
import { createFileForm, wrongType } from './file-form.mjs';
import { typeOf } from './file-types.mjs';
import { compare, findOutcome, isGood, watch } from './outcome.mjs';
import { createProgress } from './progress.mjs';
import { announce, paragraph, receiptOf, senderOf, show, termsOf, titleOf, wayBackOf } from './screens.mjs';
import { sendFile } from './send-file.mjs';
import { ServiceError, signFile, viewLink } from './service.mjs';
import { durationText, say, timeText, useLanguage } from './texts.mjs';

/**
 * The page of one upload link. The link is in the address bar and in this variable: it goes nowhere but into the header of the page's own
 * requests. Nothing is signed or sent before the person sends a file, and nothing is sent a second time by itself.
 *
 * @typedef {import('./service.mjs').View} View
 * @typedef {import('./outcome.mjs').Attempt} Attempt
 */
const token = location.hash.slice(1);
const TOKEN = /^.+\.[\w-]{43}$/;

/** The API's bounds of a file's name. */
const NAME_MAX_BYTES = 255;
const HIDDEN = /[\\/\p{C}\p{Zl}\p{Zp}]/u;

/** S3's response to a PUT whose key has an object already. */
const EXISTS = 412;

let isSending = false;

/** @type {Attempt | undefined} The last file of which the page could not find out whether it was stored. */
let unsure;
let watching = new AbortController();

addEventListener('hashchange', () => location.reload());
// Back to a page that the browser has kept: what it shows may be long over.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
addEventListener('beforeunload', (event) => isSending && event.preventDefault());
// A file that misses the form must not be opened in the page's place.
for (const type of ['dragover', 'drop']) addEventListener(type, (event) => event.preventDefault());

await useLanguage(document.documentElement.lang);
await begin();

async function begin() {
  if (!TOKEN.test(token)) return repairAddress() || showEnd('incomplete');
  show(say('loading'), [], { tone: 'wait' });
  try {
    await showLink(await viewLink(token));
  } catch (error) {
    showFailure(error, begin);
  }
}

/**
 * Some programs write the `#` of a link as `%23`. Then the link is a path, which the service answers with this page.
 * @returns {boolean} whether the page is loaded again
 */
function repairAddress() {
  const { pathname } = location;
  const at = pathname.lastIndexOf('/u%23');
  if (at < 0) return false;
  location.replace(`${pathname.slice(0, at)}/u#${pathname.slice(at + 5)}`);
  return true;
}

/**
 * @param {View} link
 * @param {Attempt} [attempt] what this page sent
 */
async function showLink(link, attempt) {
  if (link.language) await useLanguage(link.language);
  const { state, received } = link;
  if (state === 'open') return showForm(link);
  if (!received) return showEnd(state === 'received' || state === 'failed' ? 'used' : state, link);
  const whose = attempt ? compare(received, attempt) : 'used';
  const text = state === 'failed' && whose !== 'other' ? 'failed' : whose;
  const title = text === 'same' ? 'used' : text;
  const tone = text === 'other' || text === 'failed' ? 'bad' : 'good';
  const name = whose === 'received' ? attempt?.file.name : undefined;
  show(say(`${title}Title`), [paragraph(say(text)), receiptOf(link, name), wayBackOf(link)], { tone });
}

/**
 * @param {'incomplete' | 'unknown' | 'expired' | 'revoked' | 'stopped' | 'used'} why
 * @param {View} [link]
 */
function showEnd(why, link) {
  const places = link ? { time: timeText(link.expiresAt) } : {};
  const parts = [paragraph(say(why, places))];
  // What was stored before counts all the same; that of a link which was revoked does not.
  const mayCount = why === 'expired' || why === 'stopped' ? unsure : undefined;
  if (mayCount) parts.push(paragraph(say('unsure')));
  show(say(`${why}Title`), parts, { tone: 'bad' });
  if (mayCount) keepAsking(mayCount);
}

/** @param {View} link */
function showForm(link) {
  const { form, notify } = createFileForm(link, (file) => send(file, link, returnToForm));
  /** @param {string} text */
  function returnToForm(text) {
    show(titleOf(link), [...termsOf(link), form], { before: senderOf(link) });
    notify([text, unsure ? say('unsure') : ''].join(' ').trim());
    if (unsure) keepAsking(unsure);
  }
  returnToForm('');
}

/**
 * Shows what became of a file as soon as it is known, unless the person sends one before.
 * @param {Attempt} attempt
 */
async function keepAsking(attempt) {
  watching.abort();
  watching = new AbortController();
  try {
    const link = await watch(token, watching.signal);
    if (link) await showLink(link, attempt);
  } catch (error) {
    showFailure(error, begin);
  }
}

/**
 * @param {unknown} error
 * @param {() => void} again
 */
function showFailure(error, again) {
  if (!(error instanceof ServiceError)) throw error;
  if (error.kind === 'unknown') return showEnd('unknown');
  const kind = error.kind === 'busy' ? 'busy' : 'unreachable';
  const text = say(kind, { time: durationText(error.waitSeconds) });
  show(say(`${kind}Title`), [paragraph(text), button(say('again'), again, 'main')], { tone: 'bad' });
}

/**
 * @param {File} file
 * @param {View} link
 * @param {(notice: string) => void} returnToForm
 */
async function send(file, { contentTypes }, returnToForm) {
  if (isSending) return;
  watching.abort();
  const cancelling = new AbortController();
  const progress = createProgress(file, announce, () => cancelling.abort());
  show(say('sending'), [...progress.parts, element('p', { class: 'hint' }, say('stay'))]);
  isSending = true;
  try {
    const signed = await signFile(token, termsOfFile(file, contentTypes));
    if (cancelling.signal.aborted) return returnToForm(say('unsent'));
    const sent = await sendFile(signed, file, { signal: cancelling.signal, onProgress: progress.update });
    isSending = false;
    await follow({ ...sent, file }, cancelling.signal.aborted, returnToForm);
  } catch (error) {
    await showNotSigned(error, file, contentTypes, returnToForm);
  } finally {
    isSending = false;
  }
}

/**
 * Shows what became of a file.
 * @param {Attempt} attempt
 * @param {boolean} isCancelled
 * @param {(notice: string) => void} returnToForm
 */
async function follow(attempt, isCancelled, returnToForm) {
  const { status, file } = attempt;
  const isStored = isGood(status);
  const name = element('p', { class: 'name' }, file.name);
  show(say(isStored ? 'storing' : 'checking'), [name], { tone: 'wait' });
  const link = await findOutcome(token, isStored || status === EXISTS, () => {
    if (isStored) show(say('slowTitle'), [name, paragraph(say('slow'))], { tone: 'wait' });
  });
  if (!link) {
    const again = () =>
      follow(attempt, isCancelled, returnToForm).catch((error) => showFailure(error, begin));
    return show(say('lostTitle'), [paragraph(say('lost')), button(say('ask'), again, 'main')], {
      tone: 'bad',
    });
  }
  const isRefused = status >= 400 && status < 500;
  if (!isRefused) unsure = attempt;
  if (link.state !== 'open') return showLink(link, attempt);
  returnToForm(say(isCancelled ? 'cancelled' : isRefused ? 'refused' : 'broken'));
}

/**
 * @param {unknown} error
 * @param {File} file
 * @param {string[] | undefined} contentTypes
 * @param {(notice: string) => void} returnToForm
 */
async function showNotSigned(error, file, contentTypes, returnToForm) {
  if (!(error instanceof ServiceError) || error.kind === 'unknown') return showFailure(error, begin);
  if (error.kind === 'unreachable') return returnToForm(say('notSent'));
  if (error.kind === 'busy') return returnToForm(say('busy', { time: durationText(error.waitSeconds) }));
  try {
    const link = await viewLink(token);
    if (link.state === 'open')
      returnToForm(error.status === 415 ? wrongType(file, contentTypes) : say('refused'));
    else await showLink(link, unsure);
  } catch (failure) {
    showFailure(failure, begin);
  }
}

/**
 * @param {File} file
 * @param {readonly string[] | undefined} allowed
 */
function termsOfFile(file, allowed) {
  const contentType = typeOf(file, allowed);
  const isNamed = new TextEncoder().encode(file.name).length <= NAME_MAX_BYTES && !HIDDEN.test(file.name);
  return {
    sizeBytes: file.size,
    ...(contentType && { contentType }),
    ...(isNamed && { filename: file.name }),
  };
}
