# What `make test-aws` applies to a real account: all of upload-once, under a name of its own, as small as the settings allow.

variable "name" {
  description = "The name of this run. Everything has it in its tag upload-once-test."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^uo-test-[a-z0-9]{6,12}$", var.name))
    error_message = "name takes \"uo-test-\" and 6 to 12 lower-case letters and digits: nothing else has such a name, so nothing else can be destroyed."
  }
}

variable "region" {
  description = "The AWS region."
  type        = string
  nullable    = false
}

variable "image_tag" {
  description = "The tag with which the images are pushed."
  type        = string
  nullable    = false
}

variable "iam" {
  description = "What your account asks of roles: the module's variable iam."
  type        = any
  default     = {}
  nullable    = false
}

locals {
  # The smallest that the suites pass on, beside the profile.
  small = {
    network    = { zones = 2 }
    endpoint   = { throttle_rate = 2000, throttle_burst = 1000 }
    storage    = { point_in_time_recovery = false, visibility_seconds = 10, max_receive_count = { upload_events = 5, accepted_events = 5, webhooks = 5 } }
    url_issuer = { min_tasks = 1, max_tasks = 1, links = true }
    acceptor   = { min_tasks = 1, max_tasks = 1 }
    processor  = { min_tasks = 1, max_tasks = 1 }
  }

  tags = { upload-once-test = var.name }
}

provider "aws" {
  region = var.region
}

module "upload_once" {
  source = "../.."

  name       = var.name
  profile    = "small"
  image_tag  = var.image_tag
  network    = local.small.network
  endpoint   = local.small.endpoint
  storage    = local.small.storage
  url_issuer = local.small.url_issuer
  acceptor   = local.small.acceptor
  processor  = local.small.processor
  # A schedule has no tags, so `make test-aws-clean` could not find it without Terraform's state.
  iam                 = var.iam
  audit               = { enabled = false }
  log_retention_days  = 1
  force_destroy       = true
  deletion_protection = false
  tags                = local.tags
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# A role for each service that may do what its task may, and that this account's own principals take on: the suite tries the policies of
# the tasks with it. AWS lets ECS alone take on the tasks' roles.
resource "aws_iam_role" "probe" {
  for_each = module.upload_once.task_policies

  name                 = "${var.name}-${var.region}-probe-${each.key}"
  description          = "Tries what the code of ${each.key} may do"
  path                 = try(var.iam.path, "/")
  permissions_boundary = try(var.iam.permissions_boundary_arn, null)
  tags                 = local.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }
    }]
  })
}

resource "aws_iam_role_policy" "probe" {
  for_each = module.upload_once.task_policies

  name   = "service"
  role   = aws_iam_role.probe[each.key].name
  policy = each.value
}

output "installation" {
  description = "The outputs of the installation."
  value       = module.upload_once
}

# By itself: an apply of the registry alone gives it already.
output "repository_urls" {
  description = "The repositories of the images."
  value       = module.upload_once.repository_urls
}

output "probe_roles" {
  description = "The ARN of the role that tries each service's policy."
  value       = { for service, role in aws_iam_role.probe : service => role.arn }
}
