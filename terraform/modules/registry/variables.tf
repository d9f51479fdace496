variable "name" {
  description = "The beginning of the repositories' names."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,39}$", var.name)) && !endswith(var.name, "-")
    error_message = "name takes 2 to 40 lower-case letters, digits and \"-\", a letter first and no \"-\" last."
  }
}

variable "services" {
  description = "The services with an image: a repository for each."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(setsubtract(var.services, ["url-issuer", "acceptor", "processor", "webhook-sender", "audit"])) == 0
    error_message = "services takes url-issuer, acceptor, processor, webhook-sender and audit."
  }
}

variable "settings" {
  description = "The root's variable registry."
  type = object({
    # How many of the newest images of a service are kept. A service needs its image each time that a task starts, so keep more than
    # are pushed between two deployments.
    kept_images = optional(number, 30)

    # When images without a tag are removed. Builds leave them behind.
    untagged_days = optional(number, 7)

    # Your KMS key for the images. By default ECR's own, AES-256. A change replaces the registry.
    kms_key_arn = optional(string)
  })
  nullable = false

  validation {
    condition     = var.settings.kept_images >= 2 && floor(var.settings.kept_images) == var.settings.kept_images
    error_message = "registry.kept_images takes a whole number from 2: the one that runs, and the one that replaces it."
  }

  validation {
    condition     = var.settings.untagged_days >= 1 && floor(var.settings.untagged_days) == var.settings.untagged_days
    error_message = "registry.untagged_days takes a whole number from 1."
  }

  validation {
    condition     = var.settings.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.settings.kms_key_arn))
    error_message = "registry.kms_key_arn takes the ARN of a key, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…."
  }
}

variable "force_destroy" {
  description = "Allows `terraform destroy` to remove repositories with their images."
  type        = bool
  nullable    = false
}

variable "tags" {
  description = "Tags of everything that can have tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
