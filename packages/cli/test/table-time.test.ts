import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import t from 'tap';
import { startDynamoDb } from '../../../test/support/start-access-table.ts';
import { createTableTime } from '../src/table-time.ts';

const db = await startDynamoDb(t);

for (const hours of [-1, 0, 1]) {
  t.test(
    `a machine whose clock is ${hours} h ahead goes by the table's, once it has responded`,
    async (t) => {
      const client = db.createClient({});
      t.teardown(() => client.destroy());
      const own = () => new Date(Date.now() + hours * 3_600_000);
      const now = createTableTime(client, own);
      const offMs = () => Math.abs(now().getTime() - Date.now());
      if (hours !== 0) t.ok(offMs() > 3_000_000, 'before that its own');
      await client.send(new ListTablesCommand());
      t.ok(offMs() < 600_000);
    },
  );
}
