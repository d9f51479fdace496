// The documents' shell examples as they are, with programs in place of curl and jq that record their arguments.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { pathWith } from '../../../test/support/fake-programs.ts';

const repository = new URL('../../../', import.meta.url);
const documents = await Promise.all(
  ['README.md', 'docs/client.md', 'docs/api.md'].map((path) => readFile(new URL(path, repository), 'utf8')),
);
const examples = [...documents.join('\n').matchAll(/^```sh\n(.*?)^```$/gms)].map(
  ([, commands = '']) => commands,
);
const UPLOADING = /-F file=|--upload-file/;

t.test('an example that uploads shows an error response of the issuer, and stops there', async (t) => {
  const refusal = '{"message":"Forbidden","code":"Forbidden"}';
  const programs = await pathWith(t, {
    // As curl does: exit code 22 for a refusal, whose body is printed with --fail-with-body alone.
    curl: `echo "curl $*" >&2; case "$*" in *--fail-with-body*) echo '${refusal}';; esac; exit 22`,
    jq: 'echo "jq $*" >&2',
  });
  const uploading = examples.filter((commands) => UPLOADING.test(commands));
  t.equal(uploading.length, 4);
  for (const commands of uploading) {
    const cwd = t.testdir({ 'contract.pdf': 'x' });
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', commands], {
      cwd,
      env: {
        PATH: `${programs}${delimiter}${process.env.PATH}`,
        UPLOAD_ONCE_URL: 'http://issuer',
        UPLOAD_ONCE_API_KEY: 'k',
      },
    });
    t.equal(stdout.trim(), refusal);
    t.match(stderr, /^curl /);
    t.notMatch(stderr, /\n(curl|jq) /, 'nothing is called after that');
    t.notMatch(stderr, UPLOADING);
  }
});
