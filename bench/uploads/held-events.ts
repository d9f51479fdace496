/** S3's events of local-aws, which are held back until they are sent on. */
export interface HeldEvents {
  /** Resolves when so many events of keys with this prefix are held. @returns their ids */
  whenHeld(keyPrefix: string, atLeast: number): Promise<string[]>;
  /** Resolves when all of them are in their queue. */
  send(ids: readonly string[]): Promise<void>;
}

/** From now on local-aws holds every event. @param controlUrl of its control API, see local/aws/README.md */
export async function holdEvents(controlUrl: string): Promise<HeldEvents> {
  async function ask(path: string, body?: object): Promise<Response> {
    const response = await fetch(controlUrl + path, body && { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  await ask('/events/hold', {});
  return {
    async whenHeld(keyPrefix, atLeast) {
      const query = new URLSearchParams({ keyPrefix, atLeast: String(atLeast) });
      const response = await ask(`/events/held?${query}`);
      const { held } = (await response.json()) as { held: { id: string; key: string }[] };
      return held.filter(({ key }) => key.startsWith(keyPrefix)).map(({ id }) => id);
    },
    async send(ids) {
      await ask('/events/send', { ids });
      await (await ask('/events/settled')).body?.cancel();
    },
  };
}
