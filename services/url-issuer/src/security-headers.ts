/**
 * In every response, errors and those to broken HTTP included. Responses are JSON for programs: a browser is to show none of them, run
 * nothing out of them, guess no other type, and never ask again without TLS (RFC 6797: ignored where there was none).
 */
export const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
} as const;
