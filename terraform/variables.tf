# All that you can set: README.md has a table of it, with the parts of each object. Where the type is "any", the module that takes the
# object whole declares its parts, with their defaults and limits; a null stands for the default. main.tf refuses a part that no
# module declares (unknown_settings).

variable "name" {
  description = "The beginning of every name. Two installations in one account and region need two names; in two regions they can share one."
  type        = string
  default     = "upload-once"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name))
    error_message = "name takes 3 to 24 lower-case letters, digits and \"-\", the first a letter and the last no \"-\"."
  }

  # Amazon EC2 API Reference, "CreateSecurityGroup"; Elastic Load Balancing API Reference, "CreateLoadBalancer"; Amazon S3 User Guide,
  # "General purpose bucket naming rules"; Amazon ECR API Reference, "CreateRepository".
  validation {
    condition     = !can(regex("^(sg-|internal-|sthree-|amzn-s3-demo-)|--", var.name))
    error_message = "name takes no \"--\", which ECR refuses, and does not begin with \"sg-\" (kept by EC2), \"internal-\" (by load balancers), \"sthree-\" or \"amzn-s3-demo-\" (by S3)."
  }
}

variable "environment" {
  description = "The name of this installation in its metrics: their dimension Environment. By default the name, so that no two installations share alarms."
  type        = string
  default     = null

  validation {
    condition     = var.environment == null || can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", var.environment))
    error_message = "environment takes 1 to 64 letters, digits, \".\", \"_\" or \"-\", the first a letter or digit."
  }
}

variable "profile" {
  description = "Where the defaults of other variables come from: \"standard\", or \"small\", which costs a third and gives up what docs/cost.md names. A value that you set counts in both."
  type        = string
  default     = "standard"
  nullable    = false

  validation {
    condition     = contains(["standard", "small"], var.profile)
    error_message = "profile takes \"standard\" or \"small\"."
  }
}

variable "tags" {
  description = "Tags of everything that can have tags."
  type        = map(string)
  default     = {}
  nullable    = false

  # The strictest of all that is tagged here: IAM User Guide, "Rules for tagging in IAM and AWS STS"; Elastic Load Balancing, "Tag your
  # Application Load Balancer", on spaces at the ends.
  validation {
    condition     = length(setsubtract(keys(var.tags), ["Name"])) <= 49
    error_message = "tags takes at most 49 beside Name, which security groups and subnets get here: AWS takes 50 of a resource. Got ${length(var.tags)}."
  }

  validation {
    condition     = alltrue([for key in keys(var.tags) : can(regex(local.tag_key, key)) && !can(regex("^(?i)aws:", key))])
    error_message = "tags takes keys of 1 to 128 letters, digits, spaces and \"_.:/=+-@\", no space first or last, which do not begin with \"aws:\" (kept by AWS). Not: ${join(", ", [for key in keys(var.tags) : "\"${key}\"" if !can(regex(local.tag_key, key)) || can(regex("^(?i)aws:", key))])}."
  }

  validation {
    condition     = alltrue([for value in values(var.tags) : can(regex(local.tag_value, value)) && !can(regex("^(?i)aws:", value))])
    error_message = "tags takes values of up to 256 letters, digits, spaces and \"_.:/=+-@\", no space first or last, which do not begin with \"aws:\" (kept by AWS). Not that of: ${join(", ", [for key, value in var.tags : "\"${key}\"" if !can(regex(local.tag_value, value)) || can(regex("^(?i)aws:", value))])}."
  }

  validation {
    condition     = length(distinct([for key in keys(var.tags) : lower(key)])) == length(var.tags)
    error_message = "tags takes no two keys that differ in upper and lower case alone: for IAM they are one."
  }
}

variable "image_tag" {
  description = "The tag of the images in the registry that is created here. `make deploy` pushes them. Not needed if images names all."
  type        = string
  default     = null

  validation {
    condition     = var.image_tag == null || can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image_tag))
    error_message = "image_tag takes a tag of up to 128 letters, digits, \"_\", \".\" and \"-\", such as \"1.2.0\"."
  }

  validation {
    condition     = var.image_tag != null || !local.needs_registry
    error_message = "image_tag is needed, unless images names the image of each of ${join(", ", local.programs)}."
  }
}

variable "images" {
  description = "Your own images, with tag or digest, instead of the registry's: keys url-issuer, acceptor, processor, with webhooks webhook-sender, and unless audit.enabled is false audit. If a pull-through cache of ECR has them, pull each once yourself: the tasks' roles can pull an image that is there, and cannot import one."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.images), ["url-issuer", "acceptor", "processor", "webhook-sender", "audit"])) == 0
    error_message = "images takes the keys url-issuer, acceptor, processor, webhook-sender and audit."
  }

  validation {
    condition     = !local.is_sealed || alltrue([for image in values(var.images) : can(regex("^[0-9]{12}\\.dkr\\.ecr\\.${data.aws_region.current.id}\\.${replace(data.aws_partition.current.dns_suffix, ".", "\\.")}/", image))])
    error_message = "images takes images of ECR in this region (${data.aws_region.current.id}), unless network.egress = \"nat\" or \"public\", or a network.vpc of yours leads to another registry: with network.egress = \"endpoints\" tasks reach nothing else."
  }
}

variable "architecture" {
  description = "The architecture of the images: \"ARM64\" or \"X86_64\"."
  type        = string
  default     = "ARM64"
  nullable    = false

  validation {
    condition     = contains(["ARM64", "X86_64"], var.architecture)
    error_message = "architecture takes \"ARM64\" or \"X86_64\"."
  }
}

variable "registry" {
  description = "The registry of the images that is created here."
  type        = any
  default     = {}
  nullable    = false
}

variable "network" {
  description = "The VPC of the tasks, new or existing, and how they reach AWS."
  type        = any
  default     = {}
  nullable    = false
}

variable "endpoint" {
  description = "The address that clients call."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = try(var.endpoint.listener, null) == null || try(var.network.vpc, null) != null
    error_message = "endpoint.listener needs network.vpc: the VPC of that load balancer, in which the tasks have to run."
  }
}

variable "storage" {
  description = "Bucket, queues and tables."
  type        = any
  default     = {}
  nullable    = false
}

variable "force_destroy" {
  description = "Allows `terraform destroy` to remove the bucket with its files, and the registry with its images."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Protects tables and load balancer against deletion."
  type        = bool
  default     = true
  nullable    = false
}

variable "trail_retention_days" {
  description = "How many days CloudTrail's data events of the bucket are kept: who read or wrote which object. By default none are recorded, because CloudTrail charges for each. To end it, first empty its bucket: see modules/trail/README.md."
  type        = number
  default     = null
}

variable "reports" {
  description = "Duplicates, refused versions and orphans: how many are kept, and who gets reports."
  type        = any
  default     = {}
  nullable    = false
}

variable "url_issuer" {
  description = "Forms, rates, and the tasks of the url-issuer."
  type        = any
  default     = {}
  nullable    = false
}

variable "acceptor" {
  description = "The tasks of the acceptor."
  type        = any
  default     = {}
  nullable    = false
}

variable "processor" {
  description = "The handler, and the tasks of the processor."
  type        = any
  default     = {}
  nullable    = false
}

variable "webhooks" {
  description = "Webhooks: the endpoints that get the events of uploads, and the tasks of the webhook-sender. Without it there are none."
  type        = any
  default     = null

  validation {
    condition     = var.webhooks == null || !local.is_sealed
    error_message = "webhooks needs a way to the internet: set network.egress = \"nat\" or \"public\", or give a network.vpc of yours that has one. With network.egress = \"endpoints\" tasks reach AWS alone, and no endpoint would get an event."
  }
}

variable "tracing" {
  description = "Traces in X-Ray: a collector beside each service. Without it there are none."
  type        = any
  default     = null
}

variable "iam" {
  description = "The roles of the services: their path and permissions boundary."
  type        = any
  default     = {}
  nullable    = false
}

variable "log_level" {
  description = "The lowest level of log lines that are written: trace, debug, info, warn or error."
  type        = string
  default     = "info"
  nullable    = false

  validation {
    condition     = contains(["trace", "debug", "info", "warn", "error"], var.log_level)
    error_message = "log_level takes \"trace\", \"debug\", \"info\", \"warn\" or \"error\"."
  }
}

variable "log_retention_days" {
  description = "How long log lines are kept."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days takes one of CloudWatch's retentions: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

variable "cluster" {
  description = "Your own ECS cluster for the services. Create it before them, with the capacity provider FARGATE and, for spot, FARGATE_SPOT. Set container_insights to what the cluster has. By default a cluster is created. You cannot change it while the services run: they are created again, and nothing runs in between."
  type        = object({ arn = string })
  default     = null

  validation {
    condition     = var.cluster == null || can(regex("^arn:[a-z-]+:ecs:[a-z0-9-]+:[0-9]{12}:cluster/[A-Za-z0-9_-]{1,255}$", var.cluster.arn))
    error_message = "cluster takes the arn of an ECS cluster, such as { arn = \"arn:aws:ecs:eu-central-1:123456789012:cluster/shared\" }."
  }
}

variable "container_insights" {
  description = "Whether Container Insights measures the cluster, at a price for each metric. Without it, the consumers scale by a free metric that shows a new task a minute later, and the console has no figures of single tasks. By default false with profile = \"small\", otherwise true."
  type        = bool
  default     = null
}

variable "log_kms_key_arn" {
  description = "Your KMS key for all log groups, if a rule asks for a key that you can disable: what was logged cannot be read without it. Its policy must allow logs.REGION.amazonaws.com to use it (Amazon CloudWatch Logs User Guide, \"Encrypt log data in CloudWatch Logs using AWS KMS\"); for a key from the same apply write that policy in aws_kms_key itself. By default CloudWatch's own."
  type        = string
  default     = null

  validation {
    condition     = var.log_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.log_kms_key_arn))
    error_message = "log_kms_key_arn takes the ARN of a key, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…; aliases are refused, since policies name keys."
  }
}

variable "fargate_vcpu_quota" {
  description = "Your account's quota of vCPUs on Fargate on demand, as Service Quotas shows it. If all services with max_tasks and the audit exceed it, a plan warns. By default it is not compared."
  type        = number
  default     = null

  validation {
    condition     = var.fargate_vcpu_quota == null || try(var.fargate_vcpu_quota > 0, false)
    error_message = "fargate_vcpu_quota takes a number above 0, or null."
  }
}

variable "fargate_spot_vcpu_quota" {
  description = "The same for Fargate Spot, which has a quota of its own. It counts the tasks of each service with spot = true, beyond its on_demand_tasks."
  type        = number
  default     = null

  validation {
    condition     = var.fargate_spot_vcpu_quota == null || try(var.fargate_spot_vcpu_quota > 0, false)
    error_message = "fargate_spot_vcpu_quota takes a number above 0, or null."
  }
}

variable "api_request_quota" {
  description = "Your account's quota of requests a second to API Gateway, as Service Quotas shows it. If endpoint.throttle_rate exceeds it, a plan warns."
  type        = number
  default     = 10000
  nullable    = false

  validation {
    condition     = var.api_request_quota > 0
    error_message = "api_request_quota takes a number above 0."
  }
}

variable "wait_for_steady_state" {
  description = "Whether an apply waits until all tasks run, for an hour at most, and fails if ECS rolled a deployment back. Leave it off with protect_after_seconds, by which old tasks can stay for hours. `make deploy` waits by itself."
  type        = bool
  default     = false
  nullable    = false
}

variable "audit" {
  description = "The daily audit, which names the uploads that did not finish. An alarm goes off if it finds one, or if it does not run."
  type        = any
  default     = {}
  nullable    = false
}

variable "alarms" {
  description = "The receivers and thresholds of alarms."
  type        = any
  default     = {}
  nullable    = false
}
