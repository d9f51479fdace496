import type { Branding } from './branding.ts';

/** What is said before the page's script runs, and where none does. */
export interface StaticTexts {
  readonly title: string;
  readonly noscript: string;
  readonly privacy: string;
}

/** Fills `page.html` in: its places are `{{name}}`. */
export function pageHtml(
  template: string,
  { language, texts, branding }: { language: string; texts: StaticTexts; branding: Branding },
): string {
  const places: Readonly<Record<string, string>> = {
    language,
    title: escapeHtml(texts.title),
    noscript: escapeHtml(texts.noscript),
    brand: brandHtml(branding),
    privacy: privacyHtml(branding, texts),
  };
  return template.replaceAll(/\{\{(\w+)\}\}/g, (place, name) => places[name] ?? place);
}

/** The logo stands beside the name and says nothing more; alone it stands for the organisation, whose name is not known. */
function brandHtml({ name, logo }: Branding): string {
  const image = logo ? '<img src="u/logo" alt="" height="40">' : '';
  const text = name === undefined ? '' : `<span>${escapeHtml(name)}</span>`;
  return image + text === '' ? '' : `<header class="brand">${image}${text}</header>`;
}

function privacyHtml({ privacyUrl }: Branding, { privacy }: StaticTexts): string {
  if (privacyUrl === undefined) return '';
  return `<footer><a id="privacy" href="${escapeHtml(privacyUrl)}" target="_blank" rel="noopener">${escapeHtml(privacy)}</a></footer>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
