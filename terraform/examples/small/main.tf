# All of it for little money: profile = "small", with one task of the url-issuer. README.md says what that gives up.
#
#   terraform init
#   terraform apply -target=module.upload_once.module.registry
#   (build the images and push them to the repositories, with the tag below)
#   terraform apply

variable "region" {
  description = "The AWS region."
  type        = string
  default     = "us-east-1"
}

variable "image_tag" {
  description = "The tag with which the images were pushed."
  type        = string
  default     = "0.1.0"
}

variable "alarm_emails" {
  description = "The e-mail addresses that receive alarms."
  type        = list(string)
  default     = []
}

variable "issuer_tasks" {
  description = "How many tasks issue forms. With one there are no forms while it is replaced, or while its zone fails."
  type        = number
  default     = 1
}

variable "force_destroy" {
  description = "Allows `terraform destroy` to remove the bucket with its files, and the registry with its images."
  type        = bool
  default     = false
}

variable "deletion_protection" {
  description = "Protects the tables against deletion."
  type        = bool
  default     = true
}

provider "aws" {
  region = var.region
}

module "upload_once" {
  source = "../.."

  profile             = "small"
  image_tag           = var.image_tag
  url_issuer          = { min_tasks = var.issuer_tasks }
  alarms              = { emails = var.alarm_emails }
  force_destroy       = var.force_destroy
  deletion_protection = var.deletion_protection
}

output "issuer_url" {
  description = "The URL of the url-issuer."
  value       = module.upload_once.issuer_url
}

output "repository_urls" {
  description = "The repositories of the images."
  value       = module.upload_once.repository_urls
}

output "access_table" {
  description = "For `upload-once keys create --table …`."
  value       = module.upload_once.tables.access.name
}
