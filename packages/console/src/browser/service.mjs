const STORED = 'upload-once-token';

/** The console did not do what was asked. */
export class ServiceFailed extends Error {
  /**
   * @param {number} status 0: no response
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * The token of this tab. It comes in the part of the address that no browser sends, and goes from the address at once, so that it is in no
 * history. A tab keeps it while it is open; another tab, and another port, have none.
 */
export function takeToken() {
  const [, given] = /^#token=([\w-]+)$/.exec(location.hash) ?? [];
  if (given) {
    sessionStorage.setItem(STORED, given);
    history.replaceState(null, '', '#uploads');
  }
  return sessionStorage.getItem(STORED) ?? '';
}

/**
 * @param {string} path
 * @param {object} [body] given: POST
 * @returns {Promise<any>}
 */
export async function ask(path, body) {
  const response = await send(path, body);
  const text = await response.text();
  const data = text.startsWith('{') ? JSON.parse(text) : {};
  if (!response.ok)
    throw new ServiceFailed(response.status, data.message ?? `the response was ${response.status}`);
  return data;
}

/**
 * Reads server-sent events until the connection ends. Own reader: the browser's EventSource can send no token but in the address.
 * @param {(event: string, data: any) => void} onEvent
 * @returns {Promise<void>} rejects with ServiceFailed
 */
export async function listen(onEvent) {
  const response = await send('/api/live');
  if (!response.ok || !response.body) {
    const { message } = await response.json().catch(() => ({}));
    throw new ServiceFailed(response.status, message ?? `the response was ${response.status}`);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)$/s.exec(part) ?? [];
      if (event) onEvent(event, JSON.parse(data));
    }
  }
}

/** @param {string} path @param {object} [body] */
async function send(path, body) {
  const headers = { authorization: `Bearer ${sessionStorage.getItem(STORED) ?? ''}` };
  try {
    return await fetch(path, {
      headers: body ? { ...headers, 'content-type': 'application/json' } : headers,
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
  } catch {
    throw new ServiceFailed(
      0,
      'The console does not respond: it has ended, or this machine sleeps. Start it again.',
    );
  }
}
