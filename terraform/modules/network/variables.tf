variable "name" {
  description = "The beginning of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name))
    error_message = "name takes 3 to 24 lower-case letters, digits and \"-\", the first a letter and the last no \"-\"."
  }
}

variable "settings" {
  description = "The root's variable network."
  type = object({
    # The addresses of the VPC that is created: /16 to /23, because a load balancer needs subnets of /27 or larger. You cannot change
    # them once tasks run there.
    cidr = optional(string, "10.0.0.0/16")

    # How many availability zones the VPC that is created uses: 2 or 3.
    zones = optional(number, 2)

    # Zones without a subnet, by the ids that are the same in every account, such as "use1-az3". By default those that have no VPC
    # links for HTTP APIs: those that are missing in the table of API Gateway Developer Guide, "Set up VPC links V2 in API Gateway",
    # "Availability by Region".
    exclude_zone_ids = optional(set(string), ["ape1-az1", "apne1-az3", "apne2-az4", "cac1-az3", "cac1-az4", "euw3-az2", "use1-az3", "usw1-az2"])

    # How tasks reach AWS: "endpoints" (interface endpoints, no internet access), "nat" (a NAT gateway a zone, for webhooks, a
    # handler that calls the internet, or images from outside ECR) or "public" (each task has a public address, to which no rule lets
    # anything in). S3 and DynamoDB have gateway endpoints in each case. By default "public" with profile = "small", otherwise "endpoints".
    # With vpc, "public" puts the tasks into its public subnets; the others mean nothing there.
    egress = optional(string, "endpoints")

    # With egress = "endpoints": AWS services that a handler calls beyond what upload-once needs, such as "secretsmanager"; the last
    # part of the endpoint's service name. Some services have no endpoint in some zones, and AWS then refuses it: exclude such a zone in
    # exclude_zone_ids.
    interface_endpoints = optional(set(string), [])

    # Whether the gateway endpoints let tasks reach only this installation's bucket and tables, the registry's images, and what
    # reachable_arns names. Otherwise code that runs in a task can send files to a bucket of any account.
    endpoint_policies = optional(bool, false)

    # With endpoint_policies: ARNs of buckets, of their objects ("…/*") and of tables that a handler uses.
    reachable_arns = optional(list(string), [])

    # Whether the roles of acceptor and processor can use S3 and DynamoDB only from the VPC, so that stolen credentials of a task have no
    # use elsewhere. It needs gateway endpoints for both, also in a VPC of yours: without them every call is denied. Not the
    # url-issuer's role and the webhook-sender's: clients send what these sign.
    only_from_vpc = optional(bool, false)

    # An existing VPC instead of a new one. Its private subnets must reach S3, DynamoDB, SQS, ECR and CloudWatch Logs. A domain_name
    # needs public subnets. Without one, no private subnet can be in a zone of exclude_zone_ids, where API Gateway has no VPC links. You cannot
    # change the VPC once tasks run there.
    vpc = optional(object({
      id                 = string
      private_subnet_ids = list(string)
      public_subnet_ids  = optional(list(string), [])
    }))
  })
  nullable = false

  validation {
    condition = (
      can(cidrnetmask(var.settings.cidr)) &&
      try(tonumber(split("/", var.settings.cidr)[1]) >= 16 && tonumber(split("/", var.settings.cidr)[1]) <= 23, false) &&
      try(cidrsubnet(var.settings.cidr, 0, 0) == var.settings.cidr, false)
    )
    error_message = "network.cidr takes an IPv4 network from /16 to /23 by its first address, such as \"10.0.0.0/16\"; got \"${var.settings.cidr}\"."
  }

  # Amazon VPC User Guide, "VPC CIDR blocks".
  validation {
    condition     = !can(regex("^((0|127|22[4-9]|2[345][0-9])\\.|169\\.254\\.)", var.settings.cidr))
    error_message = "network.cidr takes no network of 0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/4 or 240.0.0.0/4, which EC2 refuses for a VPC; got \"${var.settings.cidr}\"."
  }

  validation {
    condition     = contains([2, 3], var.settings.zones)
    error_message = "network.zones takes 2 or 3."
  }

  validation {
    condition     = alltrue([for id in var.settings.exclude_zone_ids : can(regex("^[a-z0-9]+-az[0-9]+$", id))])
    error_message = "network.exclude_zone_ids takes ids of zones such as \"use1-az3\", not their names (\"us-east-1a\"), which mean another zone in each account."
  }

  validation {
    condition     = contains(["endpoints", "nat", "public"], var.settings.egress)
    error_message = "network.egress takes \"endpoints\", \"nat\" or \"public\"."
  }

  validation {
    condition     = length(var.settings.interface_endpoints) == 0 || var.settings.egress == "endpoints"
    error_message = "network.interface_endpoints has no effect with network.egress = \"${var.settings.egress}\", by which tasks reach all services: leave it out, or set network.egress = \"endpoints\"."
  }

  validation {
    condition     = var.settings.vpc == null || var.settings.egress != "public" || try(length(var.settings.vpc.public_subnet_ids) >= 2, false)
    error_message = "network.egress = \"public\", the default of profile = \"small\", puts the tasks into the public subnets of network.vpc: name two of them or more in network.vpc.public_subnet_ids, or set network.egress = \"endpoints\", by which the tasks stay in its private subnets."
  }

  validation {
    condition     = alltrue([for service in var.settings.interface_endpoints : can(regex("^[a-z0-9][a-z0-9.-]*$", service)) && !contains(["s3", "dynamodb"], service)])
    error_message = "network.interface_endpoints takes names such as \"secretsmanager\" or \"ecr.api\"; s3 and dynamodb have gateway endpoints already."
  }

  validation {
    condition     = !var.settings.endpoint_policies || var.settings.vpc == null
    error_message = "network.endpoint_policies is for the VPC that is made here: write the policies of your own VPC's endpoints yourself."
  }

  validation {
    condition     = length(var.settings.reachable_arns) == 0 || var.settings.endpoint_policies
    error_message = "network.reachable_arns needs network.endpoint_policies: without it tasks reach every bucket and table."
  }

  validation {
    condition     = alltrue([for arn in var.settings.reachable_arns : can(regex("^arn:[a-z-]+:(s3:::|dynamodb:).+$", arn))])
    error_message = "network.reachable_arns takes ARNs of buckets, of their objects and of tables, such as arn:aws:s3:::your-bucket/*."
  }

  validation {
    condition     = var.settings.vpc == null || try(length(var.settings.vpc.private_subnet_ids) >= 2, false)
    error_message = "network.vpc.private_subnet_ids takes two subnets or more, in different availability zones."
  }

  validation {
    condition     = var.settings.vpc == null || try(contains([0, 2, 3, 4, 5, 6], length(var.settings.vpc.public_subnet_ids)), false)
    error_message = "network.vpc.public_subnet_ids takes none, or two subnets or more in different availability zones: a load balancer needs two."
  }

  validation {
    condition     = var.settings.vpc == null || !var.public_subnets || try(length(var.settings.vpc.public_subnet_ids) >= 2, false)
    error_message = "network.vpc.public_subnet_ids takes two subnets or more with a domain_name: the public load balancer needs them."
  }
}

variable "public_subnets" {
  description = "Whether a public load balancer needs public subnets. With egress = \"nat\" or \"public\" they are always created."
  type        = bool
  default     = false
  nullable    = false
}

variable "vpc_link" {
  description = "Whether API Gateway reaches the private subnets by a VPC link, which it has in some zones alone."
  type        = bool
  default     = false
  nullable    = false
}

variable "bucket_arn" {
  description = "The bucket that tasks reach with endpoint_policies."
  type        = string
  default     = null
}

variable "table_arns" {
  description = "The tables that tasks reach with endpoint_policies."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "traces" {
  description = "Whether the tasks send spans to X-Ray, which needs an interface endpoint with egress = \"endpoints\"."
  type        = bool
  default     = false
  nullable    = false
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = {}
  nullable    = false
}
