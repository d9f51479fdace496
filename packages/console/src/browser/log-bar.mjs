import { announce, button, element, setText, whilePressed } from './dom.mjs';
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
  const { name, isFree, canLoad, note } = (current() ?? state).log;
  if (name === undefined)
    return element(
      'p',
      {},
      'No log is configured, so this view stays empty. Start the console with --name, the installation’s name in Terraform.',
    );
  const words = element('p', { class: 'quiet' });
  const why = element('p', { class: 'problem' });
  const gaps = element('p');
  const problem = element('div');
  const log = () => (current() ?? state).log;
  const follow = button('', () =>
    whilePressed(follow, () => ask(log().isFollowing ? '/api/log/stop' : '/api/log/follow', {}), problem),
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
  const buttons = element('p', { class: 'buttons' }, canLoad && load, follow);
  const cost = element('p', { class: 'quiet' }, note);

  /** The buttons stay, with the focus. */
  function show() {
    const { isFollowing, problem: ended } = log();
    setText(words, isFollowing ? `Live from ${name}.` : `The log ${name} is not followed.`);
    setText(why, ended ?? '');
    setText(gaps, gapWords(log()));
    setText(follow, isFollowing ? 'Stop the live view' : 'Show live');
    buttons.hidden = isFree && isFollowing;
    cost.hidden = buttons.hidden || !note;
  }
  onChange((event) => {
    if (event === 'log' || event === 'state') show();
  }, signal);
  show();
  return element('div', {}, element('div', { class: 'log' }, words, why, gaps, buttons, cost), problem);
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
