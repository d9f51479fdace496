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
  # By its name: the bucket's policy can say so before there is the role.
  restore_role_name = "${var.name}-${var.region}-probe-restore"
  restore_role_arn  = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role${try(var.iam.path, "/")}${local.restore_role_name}"

  # The smallest that the suites pass on, beside the profile, with the options that only AWS judges.
  small = {
    network  = { zones = 2 }
    endpoint = { throttle_rate = 2000, throttle_burst = 1000 }
    storage = {
      visibility_seconds = 10
      max_receive_count  = { upload_events = 5, accepted_events = 5, webhooks = 5 }
      request_metrics    = true
      restore_role_arns  = [local.restore_role_arn]
    }
    url_issuer = { min_tasks = 1, max_tasks = 1, links = true }
    acceptor   = { min_tasks = 1, max_tasks = 1 }
    processor  = { min_tasks = 1, max_tasks = 1 }
  }

  taken_on_by_this_account = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }
    }]
  })

  tags = { upload-once-test = var.name }
}

provider "aws" {
  region = var.region
}

module "upload_once" {
  source = "../.."

  name                = var.name
  profile             = "small"
  image_tag           = var.image_tag
  network             = local.small.network
  endpoint            = local.small.endpoint
  storage             = local.small.storage
  url_issuer          = local.small.url_issuer
  acceptor            = local.small.acceptor
  processor           = local.small.processor
  iam                 = var.iam
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
  assume_role_policy   = local.taken_on_by_this_account
}

resource "aws_iam_role_policy" "probe" {
  for_each = module.upload_once.task_policies

  name   = "service"
  role   = aws_iam_role.probe[each.key].name
  policy = each.value
}

# A role that storage.restore_role_arns names. Its own policy allows all in the bucket, so only the bucket's policy refuses it anything.
resource "aws_iam_role" "restore" {
  name                 = local.restore_role_name
  description          = "Tries what a restore may do"
  path                 = try(var.iam.path, "/")
  permissions_boundary = try(var.iam.permissions_boundary_arn, null)
  tags                 = local.tags
  assume_role_policy   = local.taken_on_by_this_account
}

resource "aws_iam_role_policy" "restore" {
  name = "bucket"
  role = aws_iam_role.restore.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "s3:*"
      Resource = [module.upload_once.bucket.arn, "${module.upload_once.bucket.arn}/*"]
    }]
  })
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
  description = "The ARN of the role that tries each service's policy, and a restore's."
  value       = merge({ for service, role in aws_iam_role.probe : service => role.arn }, { restore = aws_iam_role.restore.arn })
}
