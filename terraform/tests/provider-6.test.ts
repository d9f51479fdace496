import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { terraformFolder } from './support/folders.ts';

// What terraform/provider-6.md says of the configurations.

const page = readFileSync(join(terraformFolder, 'provider-6.md'), 'utf8');
const configurations = globSync('**/*.tf', { cwd: terraformFolder }).map((file) => ({
  file,
  text: readFileSync(join(terraformFolder, file), 'utf8'),
}));

/** By the guide's section: what version 6 no longer takes, or deprecates, of what is used here. */
const GONE: Readonly<Record<string, RegExp>> = {
  'Removed Provider Arguments': /^\s*(opsworks|simpledb|sdb|worklink)\s*=/m,
  'Nullable Boolean Validation Update': /^\s*preserve_client_ip\s*=/m,
  'S3 Global Endpoint Deprecation': /^\s*s3_us_east_1_regional_endpoint\s*=/m,
  'Data Source `aws_region`': /\bdata\.aws_region\.\w+\.name\b/,
  'Data Source `aws_vpc_endpoint_service`': /\baws_vpc_endpoint_service\.\w+(\[[^\]]*\])?\.region\b/,
  'Resource `aws_s3_bucket`': /\baws_s3_bucket\.\w+(\[[^\]]*\])?\.region\b/,
  'Resource `aws_ecs_task_definition`': /^\s*inference_accelerator\b/m,
  'Resource `aws_eip`': /^\s*vpc\s*=\s*(true|false)\b/m,
  'Resource `aws_wafv2_web_acl`': /\baws_managed_rules_bot_control_rule_set\b/,
  'Resource `aws_lb_listener`': /^\s*mutual_authentication\b/m,
};

t.test('every type that a configuration uses was checked, and no other is listed', async (t) => {
  const used = new Set(
    configurations.flatMap(({ text }) =>
      [...text.matchAll(/^(?:resource|data) +"(aws_\w+)"/gm)].map(([, type = '']) => type),
    ),
  );
  const listed = new Set([...page.matchAll(/`(aws_\w+)`/g)].map(([, type = '']) => type));
  t.ok(used.size > 0);
  t.strictSame([...listed].sort(), [...used].sort());
});

for (const [section, gone] of Object.entries(GONE)) {
  t.test(`nothing of the section ${section} is used, and the page has it`, async (t) => {
    t.match(page, `| ${section} |`);
    for (const { file, text } of configurations) t.notMatch(text, gone, file);
  });
}

t.test('until version 6 is tested, no configuration takes it', async (t) => {
  const constraints = configurations.flatMap(({ text }) =>
    [...text.matchAll(/source {2}= "hashicorp\/aws"\n\s*version = "(.*)"/g)].map(([, version]) => version),
  );
  t.ok(constraints.length > 0);
  t.strictSame([...new Set(constraints)], ['>= 5.100, < 6.0']);
});
