# All of it, with API Gateway's default domain: nothing has to be there before but an account and the images.
#
#   terraform init
#   terraform apply -target=module.upload_once.module.registry
#   (build the images and push them to the repositories, with the tag below)
#   terraform apply

variable "region" {
  description = "The AWS region."
  type        = string
  default     = "eu-central-1"
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

provider "aws" {
  region = var.region
}

module "upload_once" {
  source = "../.."

  image_tag = var.image_tag
  alarms    = { emails = var.alarm_emails }
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
