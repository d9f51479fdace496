// A command or option that there is not: the near one is named, and nothing else is.
import t from 'tap';
import { runCommand } from './command-stage.ts';

for (const [line, meant] of [
  ['uplaod', '"upload"'],
  ['--hepl', '"--help"'],
  ['kyes', '"keys"'],
  ['keys lst', '"list"'],
  ['keys --hlp', '"--help"'],
  ['keys create --nmae x', "'--name'"],
  ['keys rotate 3f6c0d9be0a17c52 --old-hour 3', "'--old-hours'"],
  ['audit --reapir', "'--repair'"],
  ['audit --older 5', "'--older-than'"],
  ['redrive --ys', "'--yes'"],
  ['upload file --metod=put', "'--method'"],
  ['status id --jsno', "'--json'"],
] as const) {
  t.test(`${line}: did you mean ${meant}?`, async (t) => {
    const { code, stdout, stderr } = await runCommand(line.split(' '), { env: {} });
    t.equal(code, 2);
    t.equal(stdout, '');
    t.match(stderr.split('\n')[0], new RegExp(`did you mean ${meant}\\?$`));
  });
}

for (const line of [
  'xyz',
  'arrive',
  'keys test',
  'keys x',
  'audit --colour',
  'redrive -y',
  'audit --re',
  'upload file --id',
]) {
  t.test(`${line}: nothing is near`, async (t) => {
    const { code, stderr } = await runCommand(line.split(' '), { env: {} });
    t.equal(code, 2);
    t.notMatch(stderr, /did you mean/);
  });
}
