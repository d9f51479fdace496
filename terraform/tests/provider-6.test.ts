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

/** Used here, and not named by the guide, which lists every argument that 6.0 removes or renames. */
const NOT_NAMED = `
  aws_acm_certificate
  aws_acm_certificate_validation
  aws_apigatewayv2_api
  aws_apigatewayv2_api_mapping
  aws_apigatewayv2_integration
  aws_apigatewayv2_route
  aws_apigatewayv2_stage
  aws_apigatewayv2_vpc_link
  aws_appautoscaling_policy
  aws_appautoscaling_target
  aws_availability_zones
  aws_caller_identity
  aws_cloudtrail
  aws_cloudwatch_dashboard
  aws_cloudwatch_event_rule
  aws_cloudwatch_event_target
  aws_cloudwatch_log_group
  aws_cloudwatch_log_resource_policy
  aws_cloudwatch_metric_alarm
  aws_default_security_group
  aws_dynamodb_table
  aws_ecr_lifecycle_policy
  aws_ecr_repository
  aws_ecs_cluster
  aws_ecs_cluster_capacity_providers
  aws_ecs_service
  aws_iam_policy_document
  aws_iam_role
  aws_iam_role_policy
  aws_internet_gateway
  aws_kms_key
  aws_lb
  aws_lb_listener_rule
  aws_nat_gateway
  aws_partition
  aws_route
  aws_route53_record
  aws_route53_zone
  aws_route_table
  aws_route_table_association
  aws_s3_bucket_cors_configuration
  aws_s3_bucket_lifecycle_configuration
  aws_s3_bucket_metric
  aws_s3_bucket_notification
  aws_s3_bucket_object_lock_configuration
  aws_s3_bucket_ownership_controls
  aws_s3_bucket_policy
  aws_s3_bucket_public_access_block
  aws_s3_bucket_replication_configuration
  aws_s3_bucket_server_side_encryption_configuration
  aws_s3_bucket_versioning
  aws_scheduler_schedule
  aws_security_group
  aws_service_discovery_private_dns_namespace
  aws_service_discovery_service
  aws_sns_topic
  aws_sns_topic_policy
  aws_sns_topic_subscription
  aws_sqs_queue
  aws_sqs_queue_policy
  aws_sqs_queue_redrive_allow_policy
  aws_sqs_queue_redrive_policy
  aws_subnet
  aws_vpc
  aws_vpc_endpoint
  aws_vpc_security_group_egress_rule
  aws_vpc_security_group_ingress_rule
  aws_wafv2_web_acl_association
`;

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
  const listed = new Set([...`${page}${NOT_NAMED}`.matchAll(/\baws_\w+/g)].map(([type]) => type));
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
