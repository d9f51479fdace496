import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t from 'tap';

// `make test-acceptance` runs its suite by this program: it fails as well when a log that the run leaves has a secret in it.

const program = fileURLToPath(new URL('../with-stack.ts', import.meta.url));

t.test('a run that leaves a secret in a log fails, though its command succeeds', async (t) => {
  const folder = t.testdir({});
  const key = `uo_0123456789abcdef_${'0a'.repeat(24)}`;
  // In a file of its own: a service writes over what another process puts into its log.
  const leak = `for folder in "$TMPDIR"/upload-once-logs-*; do echo ${key} > "$folder/leak.log"; done`;
  const child = spawn(process.execPath, [program, 'sh', '-c', leak], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [[exitCode], stderr] = await Promise.all([once(child, 'close'), text(child.stderr)]);
  t.match(stderr, /^an API key stands in a log: .*\/leak\.log, line 1$/m);
  t.notOk(stderr.includes(key));
  t.equal(exitCode, 1);
  const logs = globSync(`${folder}/upload-once-logs-*/{acceptor,processor,url-issuer,webhook-sender}.log`);
  t.equal(logs.length, 4, 'all services log there');
  const log = logs.map((file) => readFileSync(file, 'utf8')).join('');
  t.match(log, '"level":"debug"', 'what is not logged otherwise is looked through as well');
});
