variable "name" {
  description = "The beginning of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name))
    error_message = "name takes 3 to 24 lower-case letters, digits and \"-\", the first a letter and the last no \"-\"."
  }
}

variable "cidr" {
  description = "The addresses of the VPC. A load balancer needs subnets of /27 or larger, so the VPC is /23 or larger."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition = (
      can(cidrnetmask(var.cidr)) &&
      try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 23, false)
    )
    error_message = "cidr takes an IPv4 network from /16 to /23, such as \"10.0.0.0/16\"."
  }
}

variable "zones" {
  description = "How many availability zones have subnets."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = contains([2, 3], var.zones)
    error_message = "zones takes 2 or 3."
  }
}

variable "exclude_zone_ids" {
  description = "Zones without a subnet, by the ids that are the same in every account, such as \"use1-az3\". By default those that have no VPC links for HTTP APIs."
  type        = set(string)
  nullable    = false

  # What is missing in the table of API Gateway Developer Guide, "Set up VPC links V2 in API Gateway", "Availability by Region".
  default = ["ape1-az1", "apne1-az3", "apne2-az4", "cac1-az3", "cac1-az4", "euw3-az2", "use1-az3", "usw1-az2"]

  validation {
    condition     = alltrue([for id in var.exclude_zone_ids : can(regex("^[a-z0-9]+-az[0-9]+$", id))])
    error_message = "exclude_zone_ids takes ids of zones such as \"use1-az3\", not their names (\"us-east-1a\"), which mean another zone in each account."
  }
}

variable "egress" {
  description = "How the private subnets reach AWS: \"endpoints\" (interface endpoints, no internet access) or \"nat\" (a NAT gateway a zone). S3 and DynamoDB go through gateway endpoints either way."
  type        = string
  default     = "endpoints"
  nullable    = false

  validation {
    condition     = contains(["endpoints", "nat"], var.egress)
    error_message = "egress takes \"endpoints\" or \"nat\"."
  }
}

variable "interface_endpoints" {
  description = "With egress = \"endpoints\": AWS services that a handler calls beyond what upload-once needs, such as \"secretsmanager\"; the last part of the endpoint's service name."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9][a-z0-9.-]*$", service)) && !contains(["s3", "dynamodb"], service)])
    error_message = "interface_endpoints takes names such as \"secretsmanager\" or \"ecr.api\"; s3 and dynamodb have gateway endpoints already."
  }
}

variable "public_subnets" {
  description = "Whether public subnets are created, for a public load balancer. With egress = \"nat\" they are always created."
  type        = bool
  default     = false
  nullable    = false
}

variable "vpc" {
  description = "An existing VPC instead of a new one. Its private subnets must reach S3, DynamoDB, SQS, ECR and CloudWatch Logs. Only a public load balancer needs public subnets."
  type = object({
    id                 = string
    private_subnet_ids = list(string)
    public_subnet_ids  = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.vpc == null || try(length(var.vpc.private_subnet_ids) >= 2, false)
    error_message = "vpc.private_subnet_ids takes two subnets or more, in different availability zones."
  }

  validation {
    condition     = var.vpc == null || try(contains([0, 2, 3, 4, 5, 6], length(var.vpc.public_subnet_ids)), false)
    error_message = "vpc.public_subnet_ids takes none, or two subnets or more in different availability zones: a load balancer needs two."
  }
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = {}
  nullable    = false
}
