import { readFileSync } from 'node:fs';
import t from 'tap';
import { CORS_RULE } from '../../local/aws/src/provision.ts';

t.test('a page reads the same of S3 in make dev, on LocalStack and on AWS', async (t) => {
  const file = new URL('../../terraform/modules/storage/bucket.tf', import.meta.url);
  const [, rule = ''] = /cors_rule \{\n([\s\S]*?)\n {2}\}/.exec(readFileSync(file, 'utf8')) ?? [];
  const listOf = (name: string) => {
    const [, list = ''] = new RegExp(`${name} += \\[([^\\]]*)\\]`).exec(rule) ?? [];
    return [...list.matchAll(/"([^"]*)"/g)].map(([, value]) => value);
  };
  t.strictSame(listOf('expose_headers'), CORS_RULE.ExposeHeaders);
  t.strictSame(listOf('allowed_headers'), CORS_RULE.AllowedHeaders);
  t.match(rule, new RegExp(`max_age_seconds = ${CORS_RULE.MaxAgeSeconds}$`, 'm'));
});
