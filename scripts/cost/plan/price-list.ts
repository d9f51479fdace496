import { ecsClusterCost, ecsServiceCost } from './ecs-cost.ts';
import { alarmCost, logGroupCost, scalingPolicyCost } from './metric-cost.ts';
import { addressCost, loadBalancerCost, natGatewayCost, vpcEndpointCost } from './network-cost.ts';
import { blocks, costs, type Pricing, rate } from './resource-cost.ts';

/** By type of resource: how its price follows from its plan. The dollars are those of ../prices.ts. */
export const PRICED: Readonly<Record<string, Pricing>> = {
  aws_apigatewayv2_api: ({ values }, _, prices) =>
    values['protocol_type'] === 'HTTP'
      ? costs(0, [rate(prices.httpApi)])
      : costs(0, [], ['its price: only HTTP APIs have one here']),
  aws_appautoscaling_policy: scalingPolicyCost,
  aws_cloudtrail: (_, __, prices) => costs(0, [rate(prices.trailEvents)]),
  aws_cloudwatch_dashboard: (_, __, prices) => costs(prices.dashboard.dollars),
  aws_cloudwatch_log_group: logGroupCost,
  aws_cloudwatch_metric_alarm: alarmCost,
  aws_dynamodb_table: ({ values }, _, prices) =>
    values['billing_mode'] === 'PAY_PER_REQUEST'
      ? costs(0, [
          rate(prices.dynamodbWrites),
          rate(prices.dynamodbReads),
          rate(prices.dynamodbStorage),
          ...(blocks(values, 'point_in_time_recovery')[0]?.['enabled'] === true
            ? [rate(prices.dynamodbBackup)]
            : []),
        ])
      : costs(0, [], ['its provisioned capacity']),
  aws_ecr_repository: (_, __, prices) => costs(0, [rate(prices.imageStorage)]),
  aws_ecs_cluster: ecsClusterCost,
  aws_ecs_service: ecsServiceCost,
  aws_eip: addressCost,
  aws_kms_key: (_, __, prices) => costs(prices.kmsKey.dollars, ['its requests']),
  aws_lb: loadBalancerCost,
  aws_nat_gateway: natGatewayCost,
  aws_route53_zone: (_, __, prices) => costs(prices.hostedZone.dollars, ['its queries']),
  aws_s3_bucket: (_, __, prices) =>
    costs(0, [rate(prices.s3Writes), rate(prices.s3Reads), rate(prices.s3Storage)]),
  aws_s3_bucket_metric: (_, __, prices) =>
    costs(0, [`${rate(prices.metric)}, for each request metric that has data`]),
  aws_scheduler_schedule: (_, __, prices) =>
    costs(0, [rate(prices.schedules), 'the minutes of the tasks that it starts']),
  aws_service_discovery_private_dns_namespace: (_, __, prices) =>
    costs(prices.hostedZone.dollars, [rate(prices.discoveryCalls)]),
  aws_sns_topic: () => costs(0, ['its notifications: e-mails and messages by their receiver']),
  aws_sqs_queue: (_, __, prices) => costs(0, [rate(prices.sqsRequests)]),
  aws_vpc_endpoint: vpcEndpointCost,
  aws_wafv2_web_acl: ({ values }, _, prices) =>
    costs(prices.webAcl.dollars + blocks(values, 'rule').length * prices.webAclRule.dollars, [
      rate(prices.webAclRequests),
    ]),
};

const IAM = 'IAM charges for nothing';
const VPC = 'a part of a VPC, which costs by its traffic alone';
const SETTING = 'a setting of another resource';

/** Types of resources that AWS does not charge for, each with its reason. */
export const FREE: Readonly<Record<string, string>> = {
  aws_acm_certificate: 'public certificates are free',
  aws_acm_certificate_validation: 'it waits, and makes nothing',
  aws_apigatewayv2_api_mapping: 'API Gateway charges by request',
  aws_apigatewayv2_integration: 'API Gateway charges by request',
  aws_apigatewayv2_route: 'API Gateway charges by request',
  aws_apigatewayv2_stage: 'API Gateway charges by request; its log group stands by itself',
  aws_apigatewayv2_vpc_link: 'links of HTTP APIs are free',
  aws_appautoscaling_target: 'scaling is free; its alarms stand with its policies',
  aws_cloudwatch_event_rule: 'events of AWS’s own services are free',
  aws_cloudwatch_event_target: 'events of AWS’s own services are free; the log lines stand with their group',
  aws_cloudwatch_log_resource_policy: SETTING,
  aws_default_security_group: VPC,
  aws_ecr_lifecycle_policy: SETTING,
  aws_ecs_cluster_capacity_providers: SETTING,
  aws_ecs_task_definition: 'its tasks stand with their service',
  aws_iam_role: IAM,
  aws_iam_role_policy: IAM,
  aws_internet_gateway: VPC,
  aws_kms_alias: SETTING,
  aws_kms_key_policy: SETTING,
  aws_lb_listener: 'it costs with its load balancer',
  aws_lb_listener_rule: 'it costs with its load balancer',
  aws_lb_target_group: 'it costs with its load balancer',
  aws_route: VPC,
  aws_route53_record: 'a hosted zone costs, a record does not',
  aws_route_table: VPC,
  aws_route_table_association: VPC,
  aws_s3_bucket_cors_configuration: SETTING,
  aws_s3_bucket_lifecycle_configuration: SETTING,
  aws_s3_bucket_notification: 'S3 sends events free of charge; the queue charges for them',
  aws_s3_bucket_ownership_controls: SETTING,
  aws_s3_bucket_policy: SETTING,
  aws_s3_bucket_public_access_block: SETTING,
  aws_s3_bucket_object_lock_configuration: SETTING,
  aws_s3_bucket_replication_configuration:
    'the copies cost as storage and requests of their bucket, and as data transfer',
  aws_s3_bucket_server_side_encryption_configuration: SETTING,
  aws_s3_bucket_versioning: 'versions cost as storage of their bucket',
  aws_security_group: VPC,
  aws_service_discovery_service: 'what ECS registers is free; the namespace costs',
  aws_sns_topic_policy: SETTING,
  aws_sns_topic_subscription: 'the topic charges by notification',
  aws_sqs_queue_policy: SETTING,
  aws_sqs_queue_redrive_allow_policy: SETTING,
  aws_sqs_queue_redrive_policy: SETTING,
  aws_subnet: VPC,
  aws_vpc: VPC,
  aws_wafv2_web_acl_association: 'it costs with its web ACL',
  aws_vpc_security_group_egress_rule: VPC,
  aws_vpc_security_group_ingress_rule: VPC,
};
