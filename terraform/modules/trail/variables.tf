variable "name" {
  description = "The name of the trail, and the beginning of its bucket's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,33}[a-z0-9]$", var.name))
    error_message = "name takes 3 to 35 lower-case letters, digits and \"-\", the first a letter and the last no \"-\"."
  }
}

variable "bucket_arn" {
  description = "The bucket whose data events are recorded."
  type        = string
  nullable    = false
}

variable "retention_days" {
  description = "After how many days a log file is removed, counted from its delivery."
  type        = number
  nullable    = false

  validation {
    condition     = var.retention_days >= 1 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days takes a whole number from 1."
  }
}

variable "force_destroy" {
  description = "Allows `terraform destroy` to remove the bucket with its log files."
  type        = bool
  nullable    = false
}

variable "tags" {
  description = "Tags of everything that can have tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
