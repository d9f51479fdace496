import { type ConfigChecks, type ConfigOf, checkUrl, optional, text } from '@upload-once/runtime';
import { type Branding, checkLogo, checkPageName, LOGO_EXPECTED, readLogo } from './branding.ts';

/** The url-issuer's variables about how the page of a link looks. */
export const linkPageFields = {
  LINK_PAGE_NAME: optional(
    text({
      pattern: '^.{1,80}$',
      description: 'The name of your organisation, at the top of the page of a link.',
      expected: 'a name of at most 80 characters',
    }),
  ),
  LINK_PAGE_LOGO: optional(
    text({
      description:
        'Your logo on that page: a data: URL of an SVG or PNG of at most 32 kB, in base64. It is shown 40 pixels high.',
      expected: LOGO_EXPECTED,
    }),
  ),
  LINK_PAGE_COLOR: text({
    default: '#1d5fa8',
    pattern: '^#[0-9A-Fa-f]{6}$',
    description:
      'The colour of the buttons on that page. Their text is white or black, as is easier to read.',
    expected: 'a colour such as "#1d5fa8"',
  }),
  LINK_PAGE_PRIVACY_URL: optional(
    text({
      pattern: '^https://[^/?#]',
      description: 'Your privacy note, which that page links to.',
      expected: 'an https URL, for example "https://www.example.com/privacy"',
    }),
  ),
};

export const linkPageChecks: ConfigChecks<typeof linkPageFields> = {
  LINK_PAGE_NAME: checkPageName,
  LINK_PAGE_LOGO: checkLogo,
  LINK_PAGE_PRIVACY_URL: checkUrl,
};

export function brandingFrom(config: ConfigOf<typeof linkPageFields>): Branding {
  const logo = readLogo(config.LINK_PAGE_LOGO ?? '');
  return {
    ...(config.LINK_PAGE_NAME !== undefined && { name: config.LINK_PAGE_NAME }),
    ...(logo && { logo }),
    color: config.LINK_PAGE_COLOR,
    ...(config.LINK_PAGE_PRIVACY_URL !== undefined && { privacyUrl: config.LINK_PAGE_PRIVACY_URL }),
  };
}
