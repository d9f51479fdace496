import t from 'tap';
import { documentedOutcomes, outcomesIn } from '../../../test/support/documented-outcomes.ts';
import { type LinkClient, linkClient } from './link-client.ts';

/** How each outcome that docs/operations.md lists comes about. */
const CAUSES: Readonly<Record<string, (client: LinkClient) => Promise<unknown>>> = {
  issued: ({ get }) => get(),
  async changed({ make, manage }) {
    const { id } = await make();
    await manage('PATCH', id, { body: { expiresInSeconds: 60 } });
  },
  async revoked({ make, manage }) {
    const { id } = await make();
    await manage('DELETE', id);
  },
  refused: ({ get }) => get('/getpresignedurl', {}),
  async failed({ get, faults }) {
    for (const _attempt of [1, 2]) faults.failNext('before', 'putAll', new Error('no response'));
    await get();
  },
};

t.test('each outcome that is documented is in the log by its cause, and no other', async (t) => {
  const documented = documentedOutcomes().get('url-issuer');
  t.strictSame(Object.keys(CAUSES), documented);
  const lines: Record<string, unknown>[] = [];
  for (const [outcome, cause] of Object.entries(CAUSES)) {
    const client = await linkClient(t);
    await cause(client);
    const written = client.logLines.map((line) => JSON.parse(line));
    t.equal(written.at(-1)?.outcome, outcome);
    lines.push(...written);
  }
  t.strictSame(outcomesIn('url-issuer', lines), documented);
});
