import { announce, button, element, whilePressed } from './dom.mjs';
import { timeOf } from './format.mjs';
import { ask } from './service.mjs';
import { current, onChange } from './store.mjs';

/** @import { Log, State } from './store.mjs' */

/**
 * Where the log comes from, what was not read of it, and the buttons that read it.
 * @param {State} state
 * @param {AbortSignal} signal
 */
export function logBar(state, signal) {
  const place = element('div', { class: 'log' });
  const problem = element('div');
  function show() {
    const { log } = current() ?? state;
    place.replaceChildren(...logWords(log, problem));
  }
  onChange((event) => {
    if (event === 'log' || event === 'state') show();
  }, signal);
  show();
  return element('div', {}, place, problem);
}

/** What counts from the log do not have; '': nothing. @param {Log} log */
export function gapWords({ cut, sampledAt }) {
  return [
    cut &&
      (cut.since === undefined
        ? 'Older lines were not read, and are not counted.'
        : `Complete since ${timeOf(Date.parse(cut.since))}: older lines were not all read, and are not counted.`),
    sampledAt &&
      `At ${timeOf(Date.parse(sampledAt))} the live tail left lines out, because there were too many: an upload can look unfinished.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** @param {Log} log @param {Element} problem */
function logWords(log, problem) {
  const { name, isFree, canLoad, isFollowing, note, problem: why } = log;
  if (name === undefined)
    return [
      element(
        'p',
        {},
        'No log is configured, so this view stays empty. Start the console with --name, the installation’s name in Terraform.',
      ),
    ];
  const words = element(
    'p',
    { class: 'quiet' },
    isFollowing ? `Live from ${name}.` : `The log ${name} is not followed.`,
  );
  const gaps = gapWords(log);
  const problems = [
    ...(why ? [element('p', { class: 'problem' }, why)] : []),
    ...(gaps ? [element('p', {}, gaps)] : []),
  ];
  if (isFree && isFollowing) return [words, ...problems];
  const follow = button(isFollowing ? 'Stop the live view' : 'Show live', () =>
    whilePressed(follow, () => ask(isFollowing ? '/api/log/stop' : '/api/log/follow', {}), problem),
  );
  const load = button('Load the last 15 minutes', () =>
    whilePressed(
      load,
      async () => {
        const { isCut } = await ask('/api/log/load', { minutes: 15 });
        announce(isCut ? 'Loaded. Older lines were not read.' : 'Loaded.');
      },
      problem,
    ),
  );
  return [
    words,
    ...problems,
    element('p', { class: 'buttons' }, canLoad && load, follow),
    ...(note ? [element('p', { class: 'quiet' }, note)] : []),
  ];
}
