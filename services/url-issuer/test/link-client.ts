import type { LightMyRequestResponse } from 'fastify';
import type { Test } from 'tap';
import { type AppUnderTest, appUnderTest, KEY_VALUE, NOW } from './app-under-test.ts';

export const VERSION = {
  versionId: 'v1',
  eTag: 'e1',
  sizeBytes: 5,
  storedAt: new Date('2025-03-04T05:06:10.250Z'),
};

export interface LinkClient extends AppUnderTest {
  /** The service's, which only the test moves. */
  readonly clock: { now: Date };
  create(body?: object, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  /** A link as it was made. */
  make(body?: object): Promise<{ id: string; key: string; url: string; token: string; expiresAt: string }>;
  /** With the API key. */
  manage(
    method: 'GET' | 'PATCH' | 'DELETE',
    id: string,
    options?: { body?: object; apiKey?: string },
  ): Promise<LightMyRequestResponse>;
  view(token: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  sign(token: string, body?: object, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
}

/** The service, its API's client, and the page of its links. */
export async function linkClient(
  t: Test,
  overrides: Parameters<typeof appUnderTest>[1] = {},
): Promise<LinkClient> {
  const clock = { now: NOW };
  const underTest = await appUnderTest(t, { now: () => clock.now, ...overrides });
  const { app } = underTest;
  const create = (body: object = {}, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: '/v1/links',
      headers: { 'x-api-key': KEY_VALUE, ...headers },
      payload: body,
    });
  const ask = (path: string, token: string, headers: Record<string, string>, payload?: object) =>
    app.inject({
      method: 'POST',
      url: path,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(payload && { payload }),
    });
  return {
    ...underTest,
    clock,
    create,
    async make(body) {
      const { id, url, expiresAt } = (await create(body)).json();
      return { id, key: `uploads/${id}`, url, token: url.slice(url.indexOf('#') + 1), expiresAt };
    },
    manage: (method, id, { body, apiKey = KEY_VALUE } = {}) =>
      app.inject({
        method,
        url: `/v1/links/${encodeURIComponent(id)}`,
        headers: { 'x-api-key': apiKey },
        ...(body && { payload: body }),
      }),
    view: (token, headers = {}) => ask('/u/view', token, headers),
    sign: (token, body = { sizeBytes: 5 }, headers = {}) => ask('/u/sign', token, headers, body),
  };
}
