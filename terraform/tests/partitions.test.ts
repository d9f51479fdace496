import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import t from 'tap';
import { terraformFolder } from './support/folders.ts';
import { startSharedProvider } from './support/shared-provider.ts';
import { mockInstallation } from './wiring/mocked-installation.ts';

// All of it, planned for AWS's other partitions: no ARN, no host name and no name of a service is of the partition "aws".

const PARTITIONS = {
  'aws-cn': { region: 'cn-north-1', domain: 'amazonaws.com.cn', console: 'console.amazonaws.cn' },
  'aws-us-gov': {
    region: 'us-gov-west-1',
    domain: 'amazonaws.com',
    console: 'console.amazonaws-us-gov.com',
  },
} as const;

/**
 * What has the domain amazonaws.com in every partition: principals of services (IAM User Guide, "AWS service principals"), and
 * kms:ViaService, where both domains are let through.
 */
const SERVICE_PRINCIPALS =
  /\b(cloudtrail|cloudwatch|delivery\.logs|ecs-tasks|events|s3|scheduler|backup|sns)\.amazonaws\.com\b(?!\.cn)/g;
const VIA_SERVICE = /\b[a-z0-9]+\.\*\.amazonaws\.com\b(?!\.cn)/g;

const provider = await startSharedProvider();
t.teardown(() => provider.stop());

for (const [partition, { region, domain, console }] of Object.entries(PARTITIONS)) {
  t.test(partition, async (t) => {
    const ofPartition = (text: string) =>
      text
        .replaceAll('arn:aws:', `arn:${partition}:`)
        .replaceAll('eu-central-1', region)
        .replaceAll('partition = "aws"', `partition = "${partition}"`)
        .replaceAll('amazonaws.com', domain);
    const folder = mkdtempSync(join(terraformFolder, 'tests/partition-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const mocks = readFileSync(join(terraformFolder, 'tests/mocks/aws.tfmock.hcl'), 'utf8');
    writeFileSync(join(folder, 'aws.tfmock.hcl'), ofPartition(mocks));
    const tests = relative(terraformFolder, folder);
    writeFileSync(
      join(folder, 'mocked.tftest.hcl'),
      `mock_provider "aws" {\n  source = "./${tests}"\n}\n\nrun "mocked" {}\n`,
    );
    const account = `arn:${partition}:iam::123456789012`;
    const installation = await mockInstallation(
      partition,
      {
        image_tag: '1.0.0',
        images: { processor: `123456789012.dkr.ecr.${region}.${domain}/mine:1.2.3` },
        trail_retention_days: 30,
        network: { egress: 'nat' },
        storage: { kms_key_arn: `arn:${partition}:kms:${region}:123456789012:key/1` },
        reports: {
          queue_arns: [`arn:${partition}:sqs:${region}:123456789012:reports`],
          queue_kms_key_arns: [`arn:${partition}:kms:${region}:123456789012:key/2`],
        },
        acceptor: { protect_after_seconds: 110 },
        webhooks: {
          secret_arn: `arn:${partition}:secretsmanager:${region}:123456789012:secret:webhooks`,
          secret_kms_key_arn: `arn:${partition}:kms:${region}:123456789012:key/3`,
        },
        tracing: {},
        iam: { permissions_boundary_arn: `${account}:policy/boundary` },
      },
      provider,
      tests,
    );
    const made = JSON.stringify(installation.all()).replaceAll(SERVICE_PRINCIPALS, '');
    t.match(made, `arn:${partition}:`);
    t.match(made, `https://xray.${region}.${domain}/v1/traces`);
    t.match(made, `s3.*.${domain}`);
    t.match(made, `https://sqs.${region}.${domain}/123456789012/reports`);
    t.match(String(installation.output('dashboard_url')), `https://${region}.${console}/`);
    t.match(
      installation.at('module.service["processor"].aws_iam_role_policy.execution', 'policy'),
      'PullImage',
    );

    t.strictSame([...new Set(made.match(/.{0,60}arn:aws:.{0,60}/g))], []);
    t.strictSame([...new Set(made.match(/.{0,60}eu-central-1.{0,60}/g))], []);
    if (domain !== 'amazonaws.com') {
      const elsewhere = made.replaceAll(VIA_SERVICE, '').match(/.{0,60}amazonaws\.com(?!\.cn).{0,60}/g);
      t.strictSame([...new Set(elsewhere)], []);
    }
  });
}
