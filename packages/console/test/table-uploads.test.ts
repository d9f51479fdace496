import t from 'tap';
import { createTableUploads } from '../src/index.ts';

t.test(
  'of the lists of the table that were begun, the last four can be read on, however many there were',
  async (t) => {
    let ids = 0;
    const source = createTableUploads({
      tableName: 'uploads',
      store: {} as never,
      links: {} as never,
      records: {
        async *pages() {
          yield [];
          yield [];
        },
      },
      newId: () => `cursor-${++ids}`,
    });
    const cursors: (string | undefined)[] = [];
    for (let list = 0; list < 6; list += 1) cursors.push((await source.page(undefined)).next);
    for (const gone of cursors.slice(0, 2)) await t.rejects(source.page(gone), { code: 'CursorGone' });
    for (const kept of cursors.slice(2)) t.type((await source.page(kept)).next, 'string');
    await t.rejects(source.page(cursors[5]), { code: 'CursorGone' }, 'each is good once');
  },
);
