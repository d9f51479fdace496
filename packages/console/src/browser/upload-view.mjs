import { button, element, fillWith, messageOf, section, table, whilePressed } from './dom.mjs';
import { countOf, dateOf, durationOf, sizeOf } from './format.mjs';
import { ask } from './service.mjs';
import { waterfall } from './waterfall.mjs';

/** @import { State } from './store.mjs' */

/**
 * One upload, with everything that is on record under its key.
 * @param {State} state
 * @param {AbortSignal} signal
 * @param {string} id '': none is asked for yet
 */
export function uploadView(state, signal, id) {
  const input = element('input', {
    type: 'text',
    id: 'upload-id',
    value: id,
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const form = element(
    'form',
    { class: 'ask' },
    element('label', { for: 'upload-id' }, 'Upload id'),
    input,
    element('button', { type: 'submit', class: 'main' }, 'Show'),
  );
  const place = element('div', { class: 'dossier' });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const given = input.value.trim().replace(/^(uploads|accepted)\//, '');
    if (given === '') return;
    const hash = `#upload/${encodeURIComponent(given)}`;
    if (location.hash === hash) void show(given);
    else location.hash = hash;
  });

  async function show(/** @type {string} */ wanted) {
    place.replaceChildren(element('p', { class: 'quiet' }, 'Reading …'));
    try {
      const found = await ask(`/api/uploads/${encodeURIComponent(wanted)}`);
      if (!signal.aborted) fillWith(place, dossier(found, state));
    } catch (error) {
      place.replaceChildren(element('p', { class: 'problem', role: 'alert' }, messageOf(error)));
    }
  }
  if (id !== '') void show(id);
  return [element('h2', { tabindex: '-1' }, 'Upload by id'), form, place, id === '' && tablePages(state)];
}

/** @param {any} found @param {State} state */
function dossier({ upload, observedVersions, tallies, link, moments, trace, traceId }, state) {
  return [
    upload
      ? facts(upload)
      : element('p', {}, 'No upload was issued for this key. What was sent under it is below.'),
    upload &&
      section(
        'Its moments',
        waterfall(moments, 'Its moments'),
        element('p', { class: 'quiet' }, 'From the upload’s own record.'),
      ),
    upload && traceSection(trace, traceId, state),
    section(
      'Sent under its key',
      observedVersions.length === 0
        ? element('p', {}, upload?.storedAt ? 'Only the one file that counts.' : 'Nothing.')
        : table(
            'Other versions under its key',
            ['kind', 'version', 'size', 'stored', 'recorded', 'reported'],
            observedVersions.map((/** @type {any} */ version) => [
              version.isIdentical ? 'duplicate, the same bytes' : version.kind,
              element('code', {}, version.versionId),
              sizeOf(version.sizeBytes),
              dateOf(version.storedAt),
              dateOf(version.recordedAt),
              version.reported ? 'yes' : 'not yet',
            ]),
          ),
      ...tallies
        .filter((/** @type {any} */ { surplus }) => surplus > 0)
        .map((/** @type {any} */ { kind, kept, surplus }) =>
          element('p', {}, `${kind}: ${kept} are kept, ${surplus} more were counted and removed.`),
        ),
    ),
    link &&
      section(
        'Its link',
        definitions({
          title: link.title,
          from: link.from,
          message: link.message,
          types: link.contentTypes?.join(', '),
          language: link.language,
          'leads to': link.returnUrl,
          made: dateOf(link.createdAt),
        }),
      ),
  ];
}

/** @param {any} upload */
function facts(upload) {
  const isBad = ['FAILED', 'REVOKED'].includes(upload.state);
  return section(
    upload.id,
    element('p', {}, element('strong', { class: isBad ? 'bad' : 'state' }, upload.state)),
    definitions({
      issued: dateOf(upload.issuedAt),
      'can be sent until': dateOf(upload.expiresAt),
      stored: upload.storedAt && dateOf(upload.storedAt),
      claimed: upload.claimedAt && dateOf(upload.claimedAt),
      accepted: upload.acceptedAt && dateOf(upload.acceptedAt),
      processed: upload.processedAt && dateOf(upload.processedAt),
      failed: upload.failedAt && dateOf(upload.failedAt),
      revoked: upload.revokedAt && dateOf(upload.revokedAt),
      'why it failed': upload.failureReason,
      adopted: upload.adoptedAt && dateOf(upload.adoptedAt),
      'adopted by': upload.adoptedBy,
      'why it was adopted': upload.adoptionReason,
      'lead time':
        upload.leadTimeSeconds === undefined ? undefined : durationOf(upload.leadTimeSeconds * 1000),
      size:
        upload.sizeBytes === undefined
          ? `${sizeOf(upload.minBytes)} to ${sizeOf(upload.maxBytes)} allowed`
          : sizeOf(upload.sizeBytes),
      method: upload.method.toUpperCase(),
      type: upload.contentType,
      file: upload.filename,
      'API key': upload.apiKeyId,
      attempts: upload.attempt > 0 ? String(upload.attempt) : undefined,
      'lease of': upload.state === 'PROCESSING' ? upload.leaseOwner : undefined,
      'claimed version': upload.claimedVersionId,
      'accepted version': upload.acceptedVersionId,
      ...Object.fromEntries(
        Object.entries(upload.metadata).map(([name, value]) => [`metadata ${name}`, String(value)]),
      ),
    }),
  );
}

/** @param {Record<string, string | undefined>} values */
function definitions(values) {
  const known = Object.entries(values).filter(([, value]) => value);
  return element(
    'dl',
    { class: 'facts' },
    ...known.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
  );
}

/** @param {any} trace @param {string} traceId @param {State} state */
function traceSection({ bars, more, problem }, traceId, { names }) {
  const words = problem
    ? element('p', { class: 'problem' }, `No trace: ${problem}`)
    : bars.length > 0
      ? waterfall(bars, 'Its trace')
      : element(
          'p',
          {},
          names.traces
            ? 'There is no trace of it: it was not sampled, is too old, or its spans have not arrived yet.'
            : 'No traces are configured.',
        );
  const from = names.traces ? `, from ${names.traces}` : '';
  return section(
    'Its trace',
    words,
    more > 0 &&
      element(
        'p',
        {},
        `The trace has ${countOf(bars.length + more)} spans: the first ${countOf(bars.length)} are shown.`,
      ),
    element('p', { class: 'quiet' }, traceId ? `Trace ${traceId}${from}` : ''),
  );
}

/** @param {State} state */
function tablePages({ names }) {
  const place = element('div');
  const problem = element('div');
  /** @type {string | undefined} */
  let cursor;
  const next = button('Read the first page of the table', () =>
    whilePressed(
      next,
      async () => {
        const asked = cursor;
        // A cursor is good once, also if the read fails.
        cursor = undefined;
        next.textContent = 'Read the first page again';
        const page = await ask('/api/table', asked === undefined ? {} : { cursor: asked });
        place.replaceChildren(pageOf(page));
        cursor = page.next;
        next.textContent = cursor === undefined ? 'Read the first page again' : 'Read the next page';
      },
      problem,
    ),
  );
  return section(
    'From the table',
    element(
      'p',
      { class: 'quiet' },
      `A page is 1 MB of the table ${names.uploads}, in no order. On AWS it costs 256 read units.`,
    ),
    element('p', { class: 'buttons' }, next),
    problem,
    place,
  );
}

/** @param {any} page */
function pageOf({ uploads, observedVersions }) {
  const rows = [
    ...uploads.map((/** @type {any} */ upload) => [linkTo(upload.id), upload.state, dateOf(upload.issuedAt)]),
    ...observedVersions.map((/** @type {any} */ version) => [
      linkTo(version.uploadId),
      version.kind,
      dateOf(version.storedAt),
    ]),
  ];
  return rows.length === 0
    ? element('p', {}, 'This page has no upload.')
    : table('Uploads of this page', ['upload', 'state', 'issued or stored'], rows);
}

/** @param {string} id */
function linkTo(id) {
  return element('a', { href: `#upload/${encodeURIComponent(id)}` }, id);
}
