mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "eu-central-1", name = "eu-central-1" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::mock" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-central-1:123456789012:mock" }
  }
  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/mock" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:mock" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-central-1:123456789012:rule/mock" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:mock" }
  }
  mock_resource "aws_ecs_cluster" {
    defaults = { arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/uo" }
  }
  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:eu-central-1:123456789012:task-definition/mock:1" }
  }
  mock_resource "aws_lb" {
    defaults = {
      arn        = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/uo-issuer/1"
      arn_suffix = "app/uo-issuer/1"
    }
  }
  mock_resource "aws_lb_target_group" {
    defaults = {
      arn        = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/uo-issuer/2"
      arn_suffix = "targetgroup/uo-issuer/2"
    }
  }
  mock_resource "aws_lb_listener" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/uo-issuer/1/3" }
  }
  mock_resource "aws_apigatewayv2_api" {
    defaults = { api_endpoint = "https://a1b2.execute-api.eu-central-1.amazonaws.com" }
  }
  mock_resource "aws_ecr_repository" {
    defaults = { repository_url = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mock" }
  }
}

variables {
  name      = "uploads"
  image_tag = "1.2.0"
}

run "minimal" {
  assert {
    condition     = output.issuer_url == "https://a1b2.execute-api.eu-central-1.amazonaws.com"
    error_message = "API Gateway's default domain, over HTTPS"
  }
  assert {
    condition     = toset(keys(output.repository_urls)) == toset(["url-issuer", "acceptor", "processor"])
    error_message = "a repository for each image"
  }
  assert {
    condition     = alltrue([for service, image in local.images : image == "${output.repository_urls[service]}:1.2.0"])
    error_message = "the images are the registry's, with the given tag"
  }
  assert {
    condition     = one(aws_ecs_cluster.this.setting).name == "containerInsights" && one(aws_ecs_cluster.this.setting).value == "enabled"
    error_message = "without Container Insights there is no count of running tasks to divide a backlog by"
  }
  assert {
    condition     = aws_ecs_cluster_capacity_providers.this.capacity_providers == toset(["FARGATE", "FARGATE_SPOT"])
    error_message = "what spot needs"
  }
}

run "each_service_gets_its_variables" {
  variables {
    handler_limit_seconds = 600
    handler_environment   = { CRM_URL = "https://crm.example.com" }
    visibility_seconds    = 90
  }
  assert {
    condition     = local.environments["url-issuer"].ACCESS_TABLE == output.tables.access.name && !contains(keys(local.environments["url-issuer"]), "QUEUE_URL")
    error_message = "the url-issuer knows the table of keys and no queue"
  }
  assert {
    condition     = local.environments["acceptor"].QUEUE_URL == output.queues.upload_events.url && !contains(keys(local.environments["acceptor"]), "ACCESS_TABLE")
    error_message = "the acceptor works from upload_events"
  }
  assert {
    condition     = local.environments["processor"].QUEUE_URL == output.queues.accepted_events.url && local.environments["processor"].HANDLER_LIMIT_SECONDS == "600" && local.environments["processor"].CRM_URL == "https://crm.example.com"
    error_message = "the processor works from accepted_events, with the handler's variables"
  }
  assert {
    condition     = alltrue([for service in ["acceptor", "processor"] : local.environments[service].VISIBILITY_SECONDS == "90"])
    error_message = "the queues' visibility is the services'"
  }
  assert {
    condition     = alltrue([for environment in local.environments : environment.BUCKET == output.bucket.name && environment.UPLOADS_TABLE == output.tables.uploads.name && environment.AWS_REGION == "eu-central-1" && environment.RECORD_RETENTION_DAYS == "113"])
    error_message = "what all three share"
  }
  assert {
    condition     = !contains(keys(local.environments["url-issuer"]), "TRUSTED_PROXIES")
    error_message = "behind API Gateway the issuer trusts no X-Forwarded-For"
  }
  assert {
    condition     = local.environments["url-issuer"].BAD_KEYS_PER_MINUTE == "0"
    error_message = "behind API Gateway all clients have one address: one that guesses keys must not slow all"
  }
  assert {
    condition     = !contains(keys(local.environments["url-issuer"]), "RATE_LIMIT_STORE_URL") && length(aws_vpc_security_group_egress_rule.rate_limit_store) == 0
    error_message = "no store of rates unless one is given"
  }
  assert {
    condition     = !contains(keys(local.environments["url-issuer"]), "CORS_ORIGINS")
    error_message = "no page of another origin calls the issuer, unless that was asked for"
  }
}

run "own_domain_and_vpc" {
  variables {
    domain_name     = "uploads.example.com"
    certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
    zone            = { id = "Z1" }
    path_prefix     = "/prod/"
    vpc             = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"], public_subnet_ids = ["subnet-c", "subnet-d"] }

    api_cors_allowed_origins = ["https://www.example.com", "https://app.example.com:8443"]
  }
  override_data {
    target = module.network.data.aws_subnet.given_public
    values = { cidr_block = "192.0.2.0/24" }
  }
  assert {
    condition     = output.issuer_url == "https://uploads.example.com/prod"
    error_message = "the domain, with the prefix that clients know"
  }
  assert {
    condition     = local.environments["url-issuer"].TRUSTED_PROXIES == "192.0.2.0/24,192.0.2.0/24" && local.environments["url-issuer"].PATH_PREFIX == "/prod/"
    error_message = "the issuer trusts only the load balancer's subnets"
  }
  assert {
    condition     = local.environments["url-issuer"].CORS_ORIGINS == "https://www.example.com,https://app.example.com:8443"
    error_message = "pages of the given origins may call the issuer"
  }
  assert {
    condition     = local.environments["url-issuer"].BAD_KEYS_PER_MINUTE == "30"
    error_message = "an address that is known can be slowed"
  }
}

run "a_store_of_rates_without_a_password" {
  variables {
    rate_limit_store = { url = "rediss://rates.example.com:6380", port = 6380, security_group_id = "sg-rates" }
  }
  assert {
    condition     = local.environments["url-issuer"].RATE_LIMIT_STORE_URL == "rediss://rates.example.com:6380"
    error_message = "the issuer knows its address"
  }
  assert {
    condition     = !contains(keys(local.environments["acceptor"]), "RATE_LIMIT_STORE_URL")
    error_message = "the other services do not"
  }
  assert {
    condition     = one([for rule in aws_vpc_security_group_egress_rule.rate_limit_store : [rule.referenced_security_group_id, rule.from_port, rule.to_port]]) == ["sg-rates", 6380, 6380]
    error_message = "its tasks may reach it, on its port alone"
  }
}

run "a_store_of_rates_with_a_password_in_a_secret" {
  variables {
    interface_endpoints = ["secretsmanager"]
    rate_limit_store    = { url_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rates", security_group_id = "sg-rates" }
  }
  assert {
    condition     = !contains(keys(local.environments["url-issuer"]), "RATE_LIMIT_STORE_URL")
    error_message = "the password stands in no task definition"
  }
  assert {
    condition     = one([for rule in aws_vpc_security_group_egress_rule.rate_limit_store : rule.from_port]) == 6379
    error_message = "the port that such stores have"
  }
}

run "a_password_of_the_store_is_refused_in_the_open" {
  command = plan
  variables {
    rate_limit_store = { url = "rediss://user:hidden@rates.example.com", security_group_id = "sg-rates" }
  }
  expect_failures = [var.rate_limit_store]
}

run "a_store_of_rates_has_one_address" {
  command = plan
  variables {
    rate_limit_store = { security_group_id = "sg-rates" }
  }
  expect_failures = [var.rate_limit_store]
}

run "bad_keys_are_counted_in_whole_numbers" {
  command = plan
  variables {
    bad_keys_per_minute = 1.5
  }
  expect_failures = [var.bad_keys_per_minute]
}

run "a_form_s_age_is_limited_by_its_lifetime" {
  variables {
    form_lifetime_seconds     = 120
    form_lifetime_max_seconds = 60
  }
  assert {
    condition     = local.signature_age_max_seconds == 1020
    error_message = "the lifetime, and a quarter of an hour for clocks"
  }
}

run "a_form_s_age_is_limited_by_the_longest_that_may_be_asked_for" {
  assert {
    condition     = local.signature_age_max_seconds == 4500 && local.environments["url-issuer"].FORM_LIFETIME_MAX_SECONDS == "3600"
    error_message = "an hour unless it is said otherwise, and a quarter of an hour for clocks"
  }
}

run "an_event_in_hand_is_not_late" {
  variables {
    handler_limit_seconds = 7200
  }
  assert {
    condition     = local.oldest_message_seconds.accepted_events == 14400
    error_message = "twice as long as a handler may take"
  }
}

run "thresholds_of_alarms_can_be_given" {
  variables {
    handler_limit_seconds = 600
    alarm_thresholds      = { upload_events_age_seconds = 300, accepted_events_age_seconds = 600 }
  }
  assert {
    condition     = local.oldest_message_seconds.upload_events == 300 && local.oldest_message_seconds.accepted_events == 600
    error_message = "what is given is taken"
  }
}

run "refuses_an_alarm_on_every_long_handler" {
  command = plan
  variables {
    handler_limit_seconds = 7200
    alarm_thresholds      = { accepted_events_age_seconds = 3600 }
  }
  expect_failures = [var.alarm_thresholds]
}

run "own_images" {
  variables {
    image_tag = null
    egress    = "nat"
    images = {
      url-issuer = "ghcr.io/example/url-issuer:1.2.0"
      acceptor   = "ghcr.io/example/acceptor:1.2.0"
      processor  = "ghcr.io/example/processor:1.2.0-mine"
    }
  }
  assert {
    condition     = tomap(local.images) == var.images && length(output.repository_urls) == 0
    error_message = "the given images, and no registry"
  }
}

run "own_handler" {
  variables {
    images                = { processor = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/uo/processor:1.2.0-mine" }
    handler_policy_json   = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"ses:SendEmail\",\"Resource\":\"*\"}]}"
    handler_limit_seconds = 3600
    acceptor              = { min_tasks = 3, protect_after_seconds = 200 }
    processor             = { min_tasks = 2, protect_after_seconds = 100 }
  }
  assert {
    condition     = local.images["processor"] == var.images["processor"] && endswith(local.images["acceptor"], ":1.2.0")
    error_message = "one image of one's own, the others from the registry"
  }
  assert {
    condition     = length(setsubtract(keys(local.environments.processor), local.reserved_names)) == 0
    error_message = "handler_environment rejects each name that the processor itself uses"
  }
}

run "refuses_images_without_a_tag_to_take" {
  command = plan
  variables {
    image_tag = null
  }
  expect_failures = [var.image_tag]
}

run "refuses_an_image_for_an_unknown_service" {
  command = plan
  variables {
    images = { issuer = "ghcr.io/example/url-issuer:1.2.0" }
  }
  expect_failures = [var.images]
}

run "refuses_a_form_that_outlives_its_credentials" {
  command = plan
  variables {
    form_lifetime_seconds = 21601
  }
  expect_failures = [var.form_lifetime_seconds]
}

run "refuses_a_longest_lifetime_beyond_its_credentials" {
  command = plan
  variables {
    form_lifetime_max_seconds = 21601
  }
  expect_failures = [var.form_lifetime_max_seconds]
}

run "warns_of_a_form_that_may_outlive_its_credentials" {
  command = plan
  variables {
    form_lifetime_seconds = 301
  }
  expect_failures = [check.form_lifetime]
}

run "refuses_a_task_too_small_for_its_handlers" {
  command = plan
  variables {
    handler_heap_mib = 193
  }
  expect_failures = [var.handler_heap_mib]
}

run "counts_on_handlers_that_run_again" {
  variables {
    handler_limit_seconds = 600
    handler_grace_seconds = 20
    handler_threads       = 3
    handler_heap_mib      = 64
  }
  assert {
    condition     = local.longest_attempt_seconds == 18 * 685
    error_message = "two runs under others and one alone, each behind five others; each of 60 seconds to load, 600, 20 and 5"
  }
}

run "refuses_protection_that_no_handler_lives_to_see" {
  command = plan
  variables {
    handler_limit_seconds = 200
    processor             = { min_tasks = 2, protect_after_seconds = 200 }
  }
  expect_failures = [var.processor]
}

run "refuses_to_send_the_processor_s_sdk_elsewhere" {
  command = plan
  variables {
    handler_environment = { AWS_ENDPOINT_URL_SECRETS_MANAGER = "https://example.com" }
  }
  expect_failures = [var.handler_environment]
}

run "refuses_a_secret_in_the_processor_s_place" {
  command = plan
  variables {
    egress          = "nat"
    handler_secrets = { AWS_SECRET_ACCESS_KEY = "arn:aws:ssm:eu-central-1:123456789012:parameter/key" }
  }
  expect_failures = [var.handler_secrets]
}

run "refuses_the_concurrency_by_the_back_door" {
  command = plan
  variables {
    handler_environment = { CONCURRENCY = "64" }
  }
  expect_failures = [var.handler_environment]
}

run "refuses_a_secret_and_a_variable_of_one_name" {
  command = plan
  variables {
    egress              = "nat"
    handler_environment = { TOKEN = "plain" }
    handler_secrets     = { TOKEN = "arn:aws:ssm:eu-central-1:123456789012:parameter/token" }
  }
  expect_failures = [var.handler_secrets]
}

run "refuses_a_handler_that_takes_the_processor_s_variables" {
  command = plan
  variables {
    handler_environment = { QUEUE_URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/other" }
  }
  expect_failures = [var.handler_environment]
}

run "refuses_a_domain_in_a_vpc_without_public_subnets" {
  command = plan
  variables {
    domain_name     = "uploads.example.com"
    certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
    vpc             = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"] }
  }
  expect_failures = [var.vpc]
}

run "refuses_a_name_part_with_a_variable_of_s3" {
  command = plan
  variables {
    upload_name_part = "$${filename}"
  }
  expect_failures = [var.upload_name_part]
}

run "refuses_a_long_name" {
  command = plan
  variables {
    name = "a-name-that-is-longer-than-a-load-balancer-takes"
  }
  expect_failures = [var.name]
}

run "refuses_images_that_sealed_tasks_cannot_reach" {
  command = plan
  variables {
    images = { processor = "ghcr.io/example/processor:1.2.0" }
  }
  expect_failures = [var.images]
}

run "refuses_images_of_another_region_that_sealed_tasks_cannot_reach" {
  command = plan
  variables {
    images = { processor = "123456789012.dkr.ecr.us-east-1.amazonaws.com/processor:1.2.0" }
  }
  expect_failures = [var.images]
}

run "refuses_secrets_that_sealed_tasks_cannot_reach" {
  command = plan
  variables {
    handler_secrets = { TOKEN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:token" }
  }
  expect_failures = [var.handler_secrets]
}

run "refuses_secrets_whose_service_sealed_tasks_cannot_reach" {
  command = plan
  variables {
    interface_endpoints = ["ssm"]
    handler_secrets     = { TOKEN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:token" }
  }
  expect_failures = [var.handler_secrets]
}

run "a_vpc_of_one_s_own_is_left_to_its_owner" {
  command = plan
  variables {
    vpc             = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"] }
    images          = { processor = "ghcr.io/example/processor:1.2.0" }
    handler_secrets = { TOKEN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:token" }
  }
  assert {
    condition     = local.images["processor"] == "ghcr.io/example/processor:1.2.0"
    error_message = "what it reaches is not known here"
  }
}

run "refuses_variables_that_no_shell_knows" {
  command = plan
  variables {
    handler_environment = { "A B" = "1" }
  }
  expect_failures = [var.handler_environment]
}

run "refuses_a_retention_once" {
  command = plan
  variables {
    log_retention_days = 8
  }
  expect_failures = [var.log_retention_days]
}

run "refuses_a_previous_key_by_its_alias" {
  command = plan
  variables {
    previous_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:alias/files"]
  }
  expect_failures = [var.previous_kms_key_arns]
}

run "refuses_a_store_s_secret_that_sealed_tasks_cannot_reach" {
  command = plan
  variables {
    rate_limit_store = { url_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rates", security_group_id = "sg-rates" }
  }
  expect_failures = [var.rate_limit_store]
}

run "refuses_a_queue_for_reports_in_another_account" {
  command = plan
  variables {
    report_queue_arns = ["arn:aws:sqs:eu-central-1:123456789012:reports-of-crm", "arn:aws:sqs:eu-central-1:210987654321:reports-of-erp"]
  }
  expect_failures = [var.report_queue_arns]
}

run "refuses_a_queue_for_reports_in_another_region" {
  command = plan
  variables {
    report_queue_arns = ["arn:aws:sqs:eu-west-1:123456789012:reports-of-crm"]
  }
  expect_failures = [var.report_queue_arns]
}

run "refuses_a_fifo_queue_for_reports" {
  command = plan
  variables {
    report_queue_arns = ["arn:aws:sqs:eu-central-1:123456789012:reports-of-crm.fifo"]
  }
  expect_failures = [var.report_queue_arns]
}

run "refuses_a_key_of_a_reports_queue_by_its_alias" {
  command = plan
  variables {
    report_queue_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:alias/reports"]
  }
  expect_failures = [var.report_queue_kms_key_arns]
}

run "refuses_fewer_connections_than_the_url_issuer_takes" {
  command = plan
  variables {
    url_issuer = { max_connections = 9 }
  }
  expect_failures = [var.url_issuer]
}
