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

variable "restored" {
  description = "The restored tables of uploads."
  type        = list(string)
  default     = []
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
    dynamodb  = var.endpoint
    iam       = var.endpoint
    s3        = var.endpoint
    s3control = var.endpoint
    sqs       = var.endpoint
    sts       = var.endpoint
  }
}

module "copy" {
  source = "../../modules/replica"

  bucket_name          = "once-copy"
  replication_role_arn = "arn:aws:iam::123456789012:role/once-replication"
  object_lock          = { days = 30 }
}

module "storage" {
  source = "../../modules/storage"

  name                = "once"
  force_destroy       = true
  deletion_protection = false
  acceptor_role_arn   = "arn:aws:iam::123456789012:role/once-acceptor"

  settings = {
    restored_tables   = { uploads = var.restored }
    restore_role_arns = ["arn:aws:iam::123456789012:role/restore"]
    backed_up         = true
    replica           = { bucket_arn = module.copy.bucket_arn }
  }
}

output "tables" {
  description = "The tables in use."
  value       = module.storage.tables
}
