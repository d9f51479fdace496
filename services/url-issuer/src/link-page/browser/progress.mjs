import { button, element } from './dom.mjs';
import { durationText, percentText, say, sizeText } from './texts.mjs';

/** The speed is that of the last seconds. */
const SPEED_OF_MS = 8_000;
const SPEED_AFTER_MS = 1_500;
const TEXT_EACH_MS = 300;
const ANNOUNCE_EACH_MS = 5_000;

/**
 * How far a file is sent: a bar, and the same in words; a screen reader hears it every five seconds.
 * @param {File} file
 * @param {(text: string) => void} announce
 * @param {() => void} onCancel
 */
export function createProgress(file, announce, onCancel) {
  const bar = element('progress', { max: '1', value: '0', 'aria-label': say('sending') });
  const text = element('p', { class: 'progress' }, percentText(0));
  const cancel = button(say('cancel'), onCancel);
  /** @type {[ms: number, bytes: number][]} */
  const samples = [[performance.now(), 0]];
  let [writtenAt, announcedAt] = [-TEXT_EACH_MS, performance.now()];

  /** @param {number} ratio */
  function update(ratio) {
    bar.value = ratio;
    const [now, bytes] = [performance.now(), ratio * file.size];
    samples.push([now, bytes]);
    // The first one is from before these seconds: on a slow line there may be no other.
    while (samples[1] && now - samples[1][0] >= SPEED_OF_MS) samples.shift();
    if (now - writtenAt < TEXT_EACH_MS && ratio < 1) return;
    writtenAt = now;
    const parts = ratio < 1 ? partsOf(ratio, now, bytes) : [percentText(1), say('storing')];
    text.textContent = parts.join(' · ');
    if (now - announcedAt < ANNOUNCE_EACH_MS && ratio < 1) return;
    announcedAt = now;
    announce(parts.join(', '));
  }

  /**
   * @param {number} ratio
   * @param {number} now
   * @param {number} bytes
   */
  function partsOf(ratio, now, bytes) {
    const parts = [percentText(ratio), say('sent', { sent: sizeText(bytes), size: sizeText(file.size) })];
    const [ms, before] = samples[0] ?? [now, bytes];
    const perSecond = ((bytes - before) / (now - ms)) * 1000;
    if (now - ms < SPEED_AFTER_MS || !(perSecond > 0)) return parts;
    return [
      ...parts,
      say('speed', { speed: sizeText(perSecond) }),
      say('left', { time: durationText((file.size - bytes) / perSecond) }),
    ];
  }

  return { parts: [element('p', { class: 'name' }, file.name), bar, text, cancel], update };
}
