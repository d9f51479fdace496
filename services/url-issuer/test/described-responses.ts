import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';

/** One exchange, as its client sees it. */
export interface Exchange {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly status: number;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

interface Description {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: DescribedResponses }>>>
  >;
}

type DescribedResponses = Readonly<Record<string, DescribedResponse>>;

interface DescribedResponse {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
  readonly headers?: Readonly<Record<string, { readonly required?: boolean; readonly schema: object }>>;
}

/** Where one of these is in a response, it is in the description as well. */
const HEADERS_OF_THE_API = ['ratelimit', 'ratelimit-policy', 'retry-after', 'x-request-id'];

const ajv = new Ajv2020({ strict: true, allErrors: true });
ajv.addVocabulary(['x-expected']);
ajv.addFormat('date-time', (text: string) => {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
});
const validators = new Map<string, ValidateFunction>();

/**
 * Holds every response that a test gets by `app.inject` to the description that this app serves: `inject` throws for one that is
 * not described. Hidden routes, and what is nowhere, have no operation, and are let through.
 */
export function holdToDescription(app: FastifyInstance): void {
  const inject = app.inject.bind(app) as (options: InjectOptions) => Promise<LightMyRequestResponse>;
  app.inject = (async (options: InjectOptions) => {
    const response = await inject(options);
    assertDescribed(app, {
      method: options.method ?? 'GET',
      url: String(options.url),
      status: response.statusCode,
      headers: response.headers,
      body: response.body,
    });
    return response;
  }) as typeof app.inject;
}

/** @throws Error that says what of a response the app's description does not say */
export function assertDescribed(app: FastifyInstance, exchange: Exchange): void {
  const responses = responsesTo(app.swagger() as unknown as Description, exchange);
  if (!responses) return;
  const faults = faultsOf(responses[exchange.status], exchange);
  if (faults.length === 0) return;
  const { method, url, status } = exchange;
  throw new Error(`not as described: ${method} ${url.slice(0, 100)} ${status}: ${faults.join('; ')}`);
}

function responsesTo(
  { servers, paths }: Description,
  { method, url }: Exchange,
): DescribedResponses | undefined {
  const prefix = (servers[0]?.url ?? '').replace(/\/$/, '');
  const path = url.split('?', 1)[0] ?? '';
  const found = Object.entries(paths).find(([template]) => isOneOf(path, `${prefix}${template}`));
  return found?.[1][method.toLowerCase()]?.responses;
}

function isOneOf(path: string, template: string): boolean {
  const [parts, wanted] = [path.split('/'), template.split('/')];
  return (
    parts.length === wanted.length &&
    wanted.every((part, at) => (part.startsWith('{') ? parts[at] !== '' : parts[at] === part))
  );
}

function faultsOf(response: DescribedResponse | undefined, { headers, body }: Exchange): string[] {
  if (!response) return ['no such status'];
  return [...faultsOfHeaders(response.headers ?? {}, headers), ...faultsOfBody(response, headers, body)];
}

function faultsOfHeaders(
  described: NonNullable<DescribedResponse['headers']>,
  headers: Exchange['headers'],
): string[] {
  const names = new Set(Object.keys(described).map((name) => name.toLowerCase()));
  return [
    ...HEADERS_OF_THE_API.filter((name) => headers[name] !== undefined && !names.has(name)).map(
      (name) => `no header ${name}`,
    ),
    ...Object.entries(described).flatMap(([name, { required, schema }]) => {
      const value = headers[name.toLowerCase()];
      if (value === undefined) return required ? [`the header ${name} is missing`] : [];
      const isNumber = 'type' in schema && schema.type === 'integer';
      return faultsOfValue(schema, isNumber ? Number(value) : value).map((fault) => `${name}: ${fault}`);
    }),
  ];
}

function faultsOfBody({ content }: DescribedResponse, headers: Exchange['headers'], body: string): string[] {
  if (!content) return body === '' ? [] : ['no body'];
  const mediaType = String(headers['content-type']).split(';', 1)[0] ?? '';
  const schema = content[mediaType]?.schema;
  return schema ? faultsOfValue(schema, JSON.parse(body)) : [`no ${mediaType}`];
}

function faultsOfValue(schema: object, value: unknown): string[] {
  const text = JSON.stringify(schema);
  const validate = validators.get(text) ?? ajv.compile(schema);
  validators.set(text, validate);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
