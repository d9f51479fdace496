const STORED = 'upload-once-token';
const ASKED = 'token?';

/** Reaches the tabs of this address and port, and no page of another one. */
const tabs = new BroadcastChannel('upload-once-console');
/** The console took this tab's token last: another tab is given no token of a console that has ended. */
let isTaken = false;
tabs.addEventListener('message', ({ data }) => {
  if (data === ASKED && isTaken) tabs.postMessage({ token: sessionStorage.getItem(STORED) });
});

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
 * history. A tab keeps it while it is open.
 */
export function takeToken() {
  const [, given] = /^#token=([\w-]+)$/.exec(location.hash) ?? [];
  if (given) {
    sessionStorage.setItem(STORED, given);
    history.replaceState(null, '', '#uploads');
  }
  return sessionStorage.getItem(STORED) ?? '';
}

/** Asks the other tabs for the token: a link was opened in a new one. Resolves when one of them gives it, maybe never. */
export function takeTokenOfAnotherTab() {
  return new Promise((resolve) => {
    tabs.addEventListener('message', function take({ data }) {
      if (typeof data?.token !== 'string') return;
      tabs.removeEventListener('message', take);
      sessionStorage.setItem(STORED, data.token);
      resolve(undefined);
    });
    tabs.postMessage(ASKED);
  });
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
  isTaken = false;
  const response = await send('/api/live');
  isTaken = response.ok;
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
