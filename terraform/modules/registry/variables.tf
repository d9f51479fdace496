variable "name" {
  description = "The beginning of the repositories' names."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,39}$", var.name)) && !endswith(var.name, "-")
    error_message = "name takes 2 to 40 lower-case letters, digits and \"-\", a letter first and no \"-\" last."
  }
}

variable "kept_images" {
  description = "How many of the newest images of a service are kept. A service needs its image each time that a task starts, so keep more than are pushed between two deployments."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.kept_images >= 2 && floor(var.kept_images) == var.kept_images
    error_message = "kept_images takes a whole number from 2: the one that runs, and the one that replaces it."
  }
}

variable "untagged_days" {
  description = "When images without a tag are removed. Builds leave them behind."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.untagged_days >= 1 && floor(var.untagged_days) == var.untagged_days
    error_message = "untagged_days takes a whole number from 1."
  }
}

variable "kms_key_arn" {
  description = "Your KMS key for the images. By default ECR's own, AES-256."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn takes the ARN of a key, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…."
  }
}

variable "force_destroy" {
  description = "Allows `terraform destroy` to remove repositories with their images."
  type        = bool
  default     = false
  nullable    = false
}

variable "tags" {
  description = "Tags of everything that can have tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
