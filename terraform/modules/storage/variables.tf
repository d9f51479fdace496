variable "name" {
  description = "The beginning of the names of queues and tables, and of the bucket without a bucket_name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,34}$", var.name)) && !endswith(var.name, "-")
    error_message = "name takes 2 to 35 lower-case letters, digits and \"-\", a letter first and no \"-\" last."
  }
}

variable "bucket_name" {
  description = "The name of the bucket, unique in all of AWS. By default the name, the account's number and the region."
  type        = string
  default     = null

  validation {
    condition     = var.bucket_name == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name takes 3 to 63 lower-case letters, digits and \"-\". Dots are refused: with them the bucket's own host name does not fit S3's certificate."
  }
}

variable "kms_key_arn" {
  description = "Your KMS key for bucket and tables. By default S3's and DynamoDB's own keys. Queues use the key of SQS: their messages contain names of objects, but no content."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn takes the ARN of a key, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…; aliases are refused, since policies name keys."
  }
}

variable "force_destroy" {
  description = "Allows `terraform destroy` to remove the bucket with its files."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Protects the tables against deletion."
  type        = bool
  default     = true
  nullable    = false
}

variable "point_in_time_recovery" {
  description = "Lets you restore the tables to any second of the last 35 days."
  type        = bool
  default     = true
  nullable    = false
}

variable "acceptor_role_arn" {
  description = "The only role that can write under accepted/. Null, for a local S3 only, leaves this to the identities' own policies."
  type        = string
  default     = null

  validation {
    condition     = var.acceptor_role_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", var.acceptor_role_arn))
    error_message = "acceptor_role_arn takes the ARN of an IAM role, such as arn:aws:iam::123456789012:role/acceptor."
  }
}

variable "form_lifetime_max_seconds" {
  description = "S3 rejects older signatures, whatever lifetime they have."
  type        = number
  default     = 604800
  nullable    = false

  validation {
    condition     = var.form_lifetime_max_seconds >= 1 && var.form_lifetime_max_seconds <= 604800 && floor(var.form_lifetime_max_seconds) == var.form_lifetime_max_seconds
    error_message = "form_lifetime_max_seconds takes a whole number from 1 to 604800 (7 days, all that a signature of version 4 allows)."
  }
}

variable "allow_presigned_put" {
  description = "Allows presigned PUTs under uploads/, beside forms. They need If-None-Match, so that none replaces another."
  type        = bool
  default     = false
  nullable    = false
}

variable "cors_allowed_origins" {
  description = "Web origins whose pages can send forms to S3 and read its response. None by default."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.cors_allowed_origins : can(regex("^(\\*|https?://[A-Za-z0-9.*-]+(:[0-9]{1,5})?)$", origin))])
    error_message = "cors_allowed_origins takes origins such as \"https://www.example.com\" (no path, no slash at the end), or \"*\"."
  }
}

variable "message_retention_days" {
  description = "How long an event can wait in its queue. The default suits the longest work (12 hours) with the defaults of max_receive_count and visibility_seconds."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.message_retention_days >= 1 && var.message_retention_days <= 13 && floor(var.message_retention_days) == var.message_retention_days
    error_message = "message_retention_days takes a whole number from 1 to 13: SQS keeps a message for 14 days at most, and the dead-letter queue has to keep it longer than the queue."
  }
}

variable "dead_letter_retention_days" {
  description = "How long an event is kept in all, once it is in its dead-letter queue; SQS counts from the day it was first sent."
  type        = number
  default     = 14
  nullable    = false

  # Amazon SQS Developer Guide, "Setting-up dead-letter queue retention": the enqueue timestamp is unchanged by the move.
  validation {
    condition     = var.dead_letter_retention_days <= 14 && floor(var.dead_letter_retention_days) == var.dead_letter_retention_days && var.dead_letter_retention_days > var.message_retention_days
    error_message = "dead_letter_retention_days takes a whole number up to 14 that is greater than message_retention_days (${var.message_retention_days}), or an event could be gone the moment it arrives there."
  }
}

variable "max_receive_count" {
  description = "How often an event is delivered before it goes to the dead-letter queue."
  type        = number
  default     = 8
  nullable    = false

  validation {
    condition     = var.max_receive_count >= 2 && var.max_receive_count <= 1000 && floor(var.max_receive_count) == var.max_receive_count
    error_message = "max_receive_count takes a whole number from 2 to 1000: with 1, a task that is replaced sends what it had in flight to the dead-letter queue."
  }

  # SQS deletes an event whose retention is over, and sends it to no dead-letter queue.
  validation {
    condition     = (var.max_receive_count - 1) * local.longest_receive_seconds + 43200 <= var.message_retention_days * 86400
    error_message = "message_retention_days (${var.message_retention_days}) is too short: an event that fails each time can be in its queue for ${(var.max_receive_count - 1) * local.longest_receive_seconds + 43200} seconds, and would expire before it reached the dead-letter queue. Set message_retention_days to at least ${ceil(((var.max_receive_count - 1) * local.longest_receive_seconds + 43200) / 86400)} (13 is the most), or lower max_receive_count (${var.max_receive_count}), visibility_seconds (${var.visibility_seconds}) or the longest work on an event (${var.longest_work_seconds} seconds). The whole installation calculates the longest work from handler_limit_seconds, handler_grace_seconds, handler_threads and processor.concurrency. Each receive but the last takes up to the longest work, visibility_seconds, a wait of 900 seconds or visibility_seconds, whichever is longer, and 15 seconds for reads of the queue's settings; the last takes up to 12 hours."
  }
}

variable "longest_work_seconds" {
  description = "The longest work of a service on one received event. Together with visibility_seconds and max_receive_count it determines how long an event can be in its queue. message_retention_days must be longer."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.longest_work_seconds >= 0
    error_message = "longest_work_seconds takes a number of seconds from 0."
  }
}

variable "visibility_seconds" {
  description = "How long a received event stays hidden from other tasks. The services extend it during the work. If a task dies, its event comes back after this time. The services' VISIBILITY_SECONDS."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.visibility_seconds >= 2 && var.visibility_seconds <= 43200 && floor(var.visibility_seconds) == var.visibility_seconds
    error_message = "visibility_seconds takes a whole number from 2 to 43200 (12 hours)."
  }
}

variable "record_retention_days" {
  description = "How long an item is kept after its last transition (deleteAt). The services' RECORD_RETENTION_DAYS."
  type        = number
  default     = 113
  nullable    = false

  # docs/design.md, "The table `uploads`": longer than anything can still refer to the item. Both pipelines have the same
  # two retentions, and a redrive starts them again.
  validation {
    condition     = var.record_retention_days <= 3650 && floor(var.record_retention_days) == var.record_retention_days && var.record_retention_days >= max(22, 4 * (var.message_retention_days + var.dead_letter_retention_days) + 1)
    error_message = "record_retention_days takes a whole number from ${max(22, 4 * (var.message_retention_days + var.dead_letter_retention_days) + 1)} to 3650: twice the retentions of both queues and both dead-letter queues, plus a day. With fewer, a redelivered event could find its upload forgotten and take it for an orphan."
  }
}

variable "uploads_expire_days" {
  description = "When objects that remain under uploads/ are removed: duplicates, orphans, refused versions."
  type        = number
  default     = 30
  nullable    = false

  # docs/design.md, "The table `uploads`": the lifecycle outlasts what can still ask for the version.
  validation {
    condition     = floor(var.uploads_expire_days) == var.uploads_expire_days && var.uploads_expire_days >= var.message_retention_days + var.dead_letter_retention_days
    error_message = "uploads_expire_days takes a whole number from ${var.message_retention_days + var.dead_letter_retention_days} (the retentions of a queue and its dead-letter queue): an upload must not go before its event does."
  }
}

variable "noncurrent_expire_days" {
  description = "When a version under uploads/ is removed after a later version, or a delete marker, replaced it. With accepted_expire_days, this also applies under accepted/."
  type        = number
  default     = 30
  nullable    = false

  # The first version sent is the one that is accepted, and a duplicate makes it noncurrent at once.
  validation {
    condition     = floor(var.noncurrent_expire_days) == var.noncurrent_expire_days && var.noncurrent_expire_days >= var.message_retention_days + var.dead_letter_retention_days
    error_message = "noncurrent_expire_days takes a whole number from ${var.message_retention_days + var.dead_letter_retention_days} (the retentions of a queue and its dead-letter queue): the upload itself becomes noncurrent when a duplicate arrives, and must not go before its event does."
  }
}

variable "accepted_expire_days" {
  description = "When accepted files are removed. By default never."
  type        = number
  default     = null

  validation {
    condition     = var.accepted_expire_days == null ? true : floor(var.accepted_expire_days) == var.accepted_expire_days && var.accepted_expire_days >= var.message_retention_days + var.dead_letter_retention_days
    error_message = "accepted_expire_days takes null, or a whole number from ${var.message_retention_days + var.dead_letter_retention_days} (the retentions of a queue and its dead-letter queue): an accepted file must not be removed before it was processed."
  }
}

variable "unfinished_multipart_days" {
  description = "When the parts of an unfinished multipart upload are removed."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.unfinished_multipart_days >= 1 && floor(var.unfinished_multipart_days) == var.unfinished_multipart_days
    error_message = "unfinished_multipart_days takes a whole number from 1."
  }
}

variable "tags" {
  description = "Tags of everything that can have tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
