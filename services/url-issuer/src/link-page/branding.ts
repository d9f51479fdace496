import type { ConfigFinding } from '@upload-once/runtime';
import { hiddenCharacterIn } from '@upload-once/text/hidden-characters';

/** How the page of a link looks, and whose it is. */
export interface Branding {
  /** The organisation's; undefined: the page names none. */
  readonly name?: string;
  /** Beside the name, and the page's icon. */
  readonly logo?: Logo;
  /** `#rrggbb`. */
  readonly color: string;
  readonly privacyUrl?: string;
}

export interface Logo {
  readonly type: string;
  readonly bytes: Buffer;
}

const LOGO_MAX_BYTES = 32 * 1024;
export const LOGO_EXPECTED =
  'a data: URL of an SVG or PNG of at most 32 kB, such as "data:image/svg+xml;base64,…" or "data:image/png;base64,…"';

const PNG_SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

/** Undefined for what is no logo. */
export function readLogo(url: string): Logo | undefined {
  const [, type = '', base64 = ''] =
    /^data:(image\/(?:svg\+xml|png));base64,([A-Za-z0-9+/]+={0,2})$/.exec(url) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0 || bytes.length > LOGO_MAX_BYTES) return undefined;
  const isPng = bytes.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE);
  const isWhatItSays = type === 'image/png' ? isPng : bytes.includes('<svg');
  return isWhatItSays ? { type, bytes } : undefined;
}

export function checkLogo(url: string | undefined): ConfigFinding {
  if (url === undefined || readLogo(url)) return undefined;
  return `expected ${LOGO_EXPECTED}, got ${JSON.stringify(url.slice(0, 40))}… (${url.length} characters)`;
}

export function checkPageName(name: string | undefined): ConfigFinding {
  const hidden = hiddenCharacterIn(name ?? '');
  return hidden && `expected a name without characters that hide or reorder text, but there is ${hidden}`;
}

/**
 * White or black, which of them is easier to read on a colour. It has a contrast of 4.58 or more on any: enough for text of each size
 * (WCAG 2.2, 1.4.3).
 */
export function textColorOn(color: string): '#ffffff' | '#000000' {
  const luminance = luminanceOf(color);
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 ? '#ffffff' : '#000000';
}

/** WCAG 2.2, "relative luminance". */
function luminanceOf(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
