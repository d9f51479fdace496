# The storage of an installation, with what a recovery needs, for the test that restores a table on moto.

variable "endpoint" {
  description = "moto's endpoint."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^http://127\\.0\\.0\\.1:[0-9]{1,5}$", var.endpoint))
    error_message = "endpoint takes a port of this machine, such as \"http://127.0.0.1:5000\"."
  }
}

variable "name" {
  description = "The name of the installation."
  type        = string
  default     = "once"
  nullable    = false
}

variable "region" {
  description = "The region of the installation."
  type        = string
  default     = "eu-central-1"
  nullable    = false
}

variable "restored" {
  description = "The restored tables."
  type        = object({ uploads = optional(list(string), []), access = optional(list(string), []) })
  default     = {}
  nullable    = false
}

variable "is_copied" {
  description = "Whether there are copies in eu-west-1."
  type        = bool
  default     = true
  nullable    = false
}

variable "lock_days" {
  description = "How long each copy is locked, if it is."
  type        = number
  default     = null
}

locals {
  copy_region = "eu-west-1"
}

provider "aws" {
  region = var.region

  # moto takes any, as those of its account 123456789012.
  access_key = "test"
  secret_key = "test"

  s3_use_path_style       = true
  skip_metadata_api_check = true

  endpoints {
    dynamodb  = var.endpoint
    iam       = var.endpoint
    s3        = var.endpoint
    s3control = var.endpoint
    sqs       = var.endpoint
    sts       = var.endpoint
  }
}

provider "aws" {
  alias  = "copy"
  region = local.copy_region

  # moto takes any, as those of its account 123456789012.
  access_key = "test"
  secret_key = "test"

  s3_use_path_style       = true
  skip_metadata_api_check = true

  endpoints {
    dynamodb  = var.endpoint
    iam       = var.endpoint
    s3        = var.endpoint
    s3control = var.endpoint
    sqs       = var.endpoint
    sts       = var.endpoint
  }
}

module "copy" {
  source    = "../../modules/replica"
  count     = var.is_copied ? 1 : 0
  providers = { aws = aws.copy }

  bucket_name          = "${var.name}-copy"
  replication_role_arn = "arn:aws:iam::123456789012:role/${var.name}-${var.region}-replication"
  object_lock          = var.lock_days == null ? null : { days = var.lock_days }
}

module "storage" {
  source = "../../modules/storage"

  name                = var.name
  force_destroy       = true
  deletion_protection = false
  acceptor_role_arn   = "arn:aws:iam::123456789012:role/${var.name}-acceptor"

  settings = {
    restored_tables   = var.restored
    restore_role_arns = ["arn:aws:iam::123456789012:role/restore"]
    backed_up         = true
    replica           = var.is_copied ? { bucket_arn = module.copy[0].bucket_arn, region = local.copy_region } : null
  }
}

output "tables" {
  description = "The tables in use."
  value       = module.storage.tables
}

output "replication_role_arn" {
  description = "The role that copies; null without copies."
  value       = module.storage.replication_role_arn
}
