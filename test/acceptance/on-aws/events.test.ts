import t from 'tap';
import { postForm, requestForm } from '../support/forms.ts';
import { processed } from '../support/records.ts';

const UPLOADS = 50;

t.test(
  'each of many uploads at once is accepted and processed: no event is lost, of either prefix',
  async (t) => {
    const keys = await Promise.all(
      Array.from({ length: UPLOADS }, async (_, n) => {
        const form = await requestForm();
        t.equal((await postForm(form, `upload ${n}`)).status, 204);
        return form.key;
      }),
    );
    const records = await Promise.all(keys.map((key) => processed(key)));
    t.strictSame(
      records.map(({ state }) => state),
      keys.map(() => 'PROCESSED'),
    );
  },
);
