# All of upload-once, twice, for the test that applies it to moto: with nothing given, and with nearly everything given.

variable "endpoint" {
  description = "moto's endpoint."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^http://127\\.0\\.0\\.1:[0-9]{1,5}$", var.endpoint))
    error_message = "endpoint takes a port of this machine, such as \"http://127.0.0.1:5000\"."
  }
}

variable "path" {
  description = "The path of the own installation's roles."
  type        = string
  default     = "/"
  nullable    = false
}

provider "aws" {
  region = "eu-central-1"

  # moto takes any, as those of its account 123456789012.
  access_key = "test"
  secret_key = "test"

  s3_use_path_style       = true
  skip_metadata_api_check = true

  endpoints {
    acm                    = var.endpoint
    apigatewayv2           = var.endpoint
    applicationautoscaling = var.endpoint
    cloudtrail             = var.endpoint
    cloudwatch             = var.endpoint
    dynamodb               = var.endpoint
    ec2                    = var.endpoint
    ecr                    = var.endpoint
    ecs                    = var.endpoint
    elbv2                  = var.endpoint
    events                 = var.endpoint
    iam                    = var.endpoint
    kms                    = var.endpoint
    logs                   = var.endpoint
    route53                = var.endpoint
    s3                     = var.endpoint
    s3control              = var.endpoint
    scheduler              = var.endpoint
    sns                    = var.endpoint
    sqs                    = var.endpoint
    sts                    = var.endpoint
    wafv2                  = var.endpoint
  }
}

module "minimal" {
  source = "../.."

  name                = "minimal"
  image_tag           = "1.2.0"
  deletion_protection = false
}

# A listener's certificate must be there, or the provider asks for it again and again.
resource "aws_acm_certificate" "this" {
  #checkov:skip=CKV_AWS_233:Lives as long as one run of a test.
  domain_name       = "uploads.example.com"
  validation_method = "DNS"
}

# Made in the same apply as the record in it: its id is known only then.
resource "aws_route53_zone" "this" {
  #checkov:skip=CKV2_AWS_38:Lives as long as one run of a test.
  #checkov:skip=CKV2_AWS_39:Lives as long as one run of a test.
  name = "example.com"
}

resource "aws_kms_key" "files" {
  #checkov:skip=CKV2_AWS_64:Lives as long as one run of a test, and encrypts nothing.
  description         = "Files and tables"
  enable_key_rotation = true
}

resource "aws_kms_key" "alarms" {
  #checkov:skip=CKV2_AWS_64:Lives as long as one run of a test, and encrypts nothing.
  description         = "The alarms' topic"
  enable_key_rotation = true
}

# What decides whether something is made must be known at the plan, and of these three the values are not.
resource "aws_ecs_cluster" "own" {
  #checkov:skip=CKV_AWS_65:Lives as long as one run of a test.
  name = "own"
}

resource "aws_ecs_cluster_capacity_providers" "own" {
  cluster_name       = aws_ecs_cluster.own.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]
}

# Read when it has its capacity providers, so that no service is made before.
data "aws_ecs_cluster" "own" {
  cluster_name = aws_ecs_cluster_capacity_providers.own.cluster_name
}

resource "aws_wafv2_web_acl" "own" {
  #checkov:skip=CKV_AWS_175:Lives as long as one run of a test.
  #checkov:skip=CKV_AWS_192:Lives as long as one run of a test.
  #checkov:skip=CKV2_AWS_31:Lives as long as one run of a test.
  name  = "own"
  scope = "REGIONAL"

  default_action {
    allow {}
  }

  visibility_config {
    cloudwatch_metrics_enabled = false
    metric_name                = "own"
    sampled_requests_enabled   = false
  }
}

resource "aws_sqs_queue" "handler" {
  name                    = "handler"
  sqs_managed_sse_enabled = true
}

data "aws_iam_policy_document" "handler" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.handler.arn]
  }
}

# In the VPC that the installation makes.
resource "aws_security_group" "handler" {
  #checkov:skip=CKV2_AWS_5:A task of the processor has it.
  name        = "handler"
  description = "What the handler calls beyond HTTPS"
  vpc_id      = module.own.vpc_id
}

module "own" {
  source = "../.."

  name                 = "own"
  environment          = "production"
  image_tag            = "1.2.0"
  images               = { processor = "registry.example.com/processor:1.2.0-mine" }
  architecture         = "X86_64"
  network              = { zones = 3, egress = "nat" }
  force_destroy        = true
  deletion_protection  = false
  trail_retention_days = 30
  url_issuer           = { path_prefix = "/prod", form_lifetime_seconds = 120, form_lifetime_max_seconds = 60 }
  tags                 = { project = "uploads" }

  cluster = { arn = data.aws_ecs_cluster.own.arn }
  iam     = { path = var.path }

  endpoint = {
    domain_name     = "uploads.example.com"
    certificate_arn = aws_acm_certificate.this.arn
    zone            = { id = aws_route53_zone.this.zone_id }
    web_acl         = { arn = aws_wafv2_web_acl.own.arn }
  }

  storage = {
    kms_key_arn            = aws_kms_key.files.arn
    point_in_time_recovery = false
    allow_presigned_put    = false
    accepted_expire_days   = 365
    cors_allowed_origins   = ["https://www.example.com"]
  }

  processor = {
    spot                  = true
    min_tasks             = 2
    protect_after_seconds = 100
    handler_limit_seconds = 600
    handler_policy        = { json = data.aws_iam_policy_document.handler.json }

    handler_security_group_ids = [aws_security_group.handler.id]
  }

  webhooks = {
    secret_arn         = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks-AbCdEf"
    secret_kms_key_arn = aws_kms_key.files.arn
    allowed_origins    = ["https://crm.internal.example.com"]
    download_seconds   = 3600
  }

  alarms = {
    emails        = ["on-call@example.com"]
    sms           = ["+4915112345678"]
    subscriptions = [{ protocol = "https", endpoint = "https://on-call.example.com/alarms" }]
    kms_key_arn   = aws_kms_key.alarms.arn
    issuer_errors = 3
  }
}

output "zone_id" {
  description = "The zone of the own installation's domain."
  value       = aws_route53_zone.this.zone_id
}

output "minimal" {
  description = "The outputs of the installation with nothing given."
  value       = module.minimal
}

output "own" {
  description = "The outputs of the installation with nearly everything given."
  value       = module.own
}
