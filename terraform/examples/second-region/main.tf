# All of it, with a copy of accepted files and tables in a second region, for the day on which the first one is lost: docs/recovery.md.
#
#   terraform init
#   terraform apply -target=module.upload_once.module.registry
#   (build the images and push them to the repositories, with the tag below)
#   terraform apply

variable "name" {
  description = "The name of the installation."
  type        = string
  default     = "upload-once"
}

variable "region" {
  description = "The region of the installation."
  type        = string
  default     = "eu-central-1"
}

variable "copy_region" {
  description = "The region of the copies."
  type        = string
  default     = "eu-west-1"
}

variable "image_tag" {
  description = "The tag with which the images were pushed."
  type        = string
  default     = "0.1.0"
}

provider "aws" {
  region = var.region
}

provider "aws" {
  alias  = "copy"
  region = var.copy_region
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
}

# Made first. It knows the role that writes to it by the ARN that the role will have: the output replication_role_arn would be a cycle,
# as the installation waits for this bucket.
module "copy" {
  source    = "../../modules/replica"
  providers = { aws = aws.copy }

  bucket_name          = "${var.name}-copy-${local.account_id}-${var.copy_region}"
  replication_role_arn = "arn:${data.aws_partition.current.partition}:iam::${local.account_id}:role/${var.name}-${var.region}-replication"
  object_lock          = { mode = "GOVERNANCE", days = 30 }
}

module "upload_once" {
  source = "../.."

  name      = var.name
  image_tag = var.image_tag

  storage = {
    replica = { bucket_arn = module.copy.bucket_arn, region = var.copy_region }
  }
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

output "copy_bucket_arn" {
  description = "The bucket of the copies, for the day on which they are needed."
  value       = module.copy.bucket_arn
}
