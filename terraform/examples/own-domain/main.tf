# A host name, a certificate and a network of one's own; files encrypted with a key of one's own. Clients that know the
# issuer behind a stage (/prod) move by changing the host.

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

variable "domain_name" {
  description = "The host name that clients call."
  type        = string
  default     = "uploads.example.com"
}

variable "zone_id" {
  description = "The Route 53 zone of domain_name."
  type        = string
  default     = "Z0123456789EXAMPLE"
}

variable "vpc" {
  description = "The VPC, its private subnets with a way to AWS, and its public ones."
  type = object({
    id                 = string
    private_subnet_ids = list(string)
    public_subnet_ids  = list(string)
  })
  default = {
    id                 = "vpc-0123456789abcdef0"
    private_subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    public_subnet_ids  = ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]
  }
}

provider "aws" {
  region = var.region
}

resource "aws_acm_certificate" "this" {
  domain_name       = var.domain_name
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  for_each = toset([var.domain_name])

  zone_id = var.zone_id
  name    = one(aws_acm_certificate.this.domain_validation_options).resource_record_name
  type    = one(aws_acm_certificate.this.domain_validation_options).resource_record_type
  records = [one(aws_acm_certificate.this.domain_validation_options).resource_record_value]
  ttl     = 60
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]
}

resource "aws_kms_key" "files" {
  #checkov:skip=CKV2_AWS_64:KMS's default policy, which leaves permissions to the account's IAM policies: upload-once brings its services'.
  description         = "Files and tables of upload-once"
  enable_key_rotation = true
}

module "upload_once" {
  source = "../.."

  name        = "uploads"
  environment = "production"
  image_tag   = var.image_tag
  network     = { vpc = var.vpc }
  storage     = { kms_key_arn = aws_kms_key.files.arn }
  url_issuer  = { path_prefix = "/prod" }
  alarms      = { emails = ["on-call@example.com"] }

  endpoint = {
    domain_name     = var.domain_name
    certificate_arn = aws_acm_certificate_validation.this.certificate_arn
    zone            = { id = var.zone_id }
  }
}

output "issuer_url" {
  description = "The URL of the url-issuer."
  value       = module.upload_once.issuer_url
}
