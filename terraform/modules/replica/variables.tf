variable "bucket_name" {
  description = "The name of the bucket, unique in all of AWS."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name takes 3 to 63 lower-case letters, digits and \"-\"."
  }

  # Amazon S3 User Guide, "General purpose bucket naming rules".
  validation {
    condition     = !can(regex("^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|--x-s3|--table-s3)$", var.bucket_name))
    error_message = "bucket_name takes no name that S3 keeps for itself: none that begins with xn--, sthree- or amzn-s3-demo-, or ends with -s3alias, --ol-s3, --x-s3 or --table-s3."
  }
}

variable "replication_role_arn" {
  description = "The only role that can write to the bucket, by its ARN as it will be: arn:aws:iam::ACCOUNT:role/NAME-REGION-replication with the installation's name and region, and with iam.path between \"role\" and its name. Not the installation's output replication_role_arn in the same apply: the installation waits for this bucket, so Terraform would find a cycle."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", var.replication_role_arn))
    error_message = "replication_role_arn takes the ARN of a role, such as arn:aws:iam::123456789012:role/upload-once-eu-central-1-replication."
  }
}

variable "kms_key_arn" {
  description = "Your KMS key in the copy's region: the installation's storage.replica.kms_key_arn. By default S3's own key."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn takes the ARN of a key, such as arn:aws:kms:eu-west-1:123456789012:key/1234abcd-…; aliases are refused."
  }
}

variable "object_lock" {
  description = "How long a copy cannot be deleted: mode \"GOVERNANCE\" (a principal with s3:BypassGovernanceRetention can) or \"COMPLIANCE\" (no one can, AWS and the account's root user included, until the days are over), and days. By default none. You can set or change it later, and end it with null: each holds for the copies that come after. Object Lock itself can't be switched off for a bucket again."
  type = object({
    mode = optional(string, "GOVERNANCE")
    days = number
  })
  default = null

  validation {
    condition     = var.object_lock == null || try(contains(["GOVERNANCE", "COMPLIANCE"], var.object_lock.mode), false)
    error_message = "object_lock.mode takes \"GOVERNANCE\" or \"COMPLIANCE\"."
  }

  validation {
    condition     = var.object_lock == null || try(var.object_lock.days >= 1 && var.object_lock.days <= 36500 && floor(var.object_lock.days) == var.object_lock.days, false)
    error_message = "object_lock.days takes a whole number from 1 to 36500."
  }
}

variable "expire_days" {
  description = "After how many days copies are removed, as storage.accepted_expire_days does with the files. By default never."
  type        = number
  default     = null

  validation {
    condition     = var.expire_days == null || try(var.expire_days >= 1 && floor(var.expire_days) == var.expire_days, false)
    error_message = "expire_days takes a whole number from 1, or null."
  }

  validation {
    condition     = var.expire_days == null || var.object_lock == null || try(var.expire_days >= var.object_lock.days, false)
    error_message = "expire_days takes at least object_lock.days: S3 removes no copy before its retention ends."
  }
}

variable "tags" {
  description = "Tags of everything that can have tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
