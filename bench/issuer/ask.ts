/** How a form is asked for. */
export interface Ask {
  /** Of the row. */
  readonly name: string;
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of one request alone. */
  readonly ownHeaders?: () => Readonly<Record<string, string>>;
}

/** Of the url-issuer, and of the baselines. */
export function askForForm(name: string, apiKey: string): Ask {
  return { name, path: '/getpresignedurl', headers: { 'x-api-key': apiKey } };
}
