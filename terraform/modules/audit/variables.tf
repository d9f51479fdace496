variable "name" {
  description = "The name of task definition, schedule, roles, log group and security group."
  type        = string
  nullable    = false

  # With "-ap-southeast-1-execution" behind it, the name of a role, which takes 64.
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,37}$", var.name))
    error_message = "name takes 2 to 38 lower-case letters, digits and \"-\", a letter first."
  }
}

variable "settings" {
  description = "The root's variable audit."
  type = object({
    # Whether an audit runs each day.
    enabled = optional(bool, true)

    # What is younger than this is not named, in minutes: a day by default, so that uploads that wait behind others are not.
    older_than_minutes = optional(number, 1440)

    # CPU units of the task; 1024 are one vCPU.
    cpu = optional(number, 256)

    # Memory of the task in MiB. What goes with which cpu: Amazon ECS Developer Guide, "Fargate task CPU and memory".
    memory = optional(number, 512)
  })
  nullable = false

  validation {
    condition     = var.settings.older_than_minutes >= 15 && var.settings.older_than_minutes <= 525600 && floor(var.settings.older_than_minutes) == var.settings.older_than_minutes
    error_message = "audit.older_than_minutes takes a whole number from 15 to 525600."
  }

  validation {
    condition     = contains(keys(local.fargate_memory_mib), tostring(var.settings.cpu))
    error_message = "audit.cpu takes ${join(", ", local.fargate_cpus)}."
  }

  validation {
    condition     = !contains(keys(local.fargate_memory_mib), tostring(var.settings.cpu)) || contains(try(local.fargate_memory_mib[tostring(var.settings.cpu)], []), var.settings.memory)
    error_message = "audit.memory takes, in MiB, with audit.cpu ${var.settings.cpu}: ${join(", ", try(local.fargate_memory_mib[tostring(var.settings.cpu)], []))}."
  }
}

variable "cluster" {
  description = "The ECS cluster of the tasks."
  type = object({
    arn  = string
    name = string
  })
  nullable = false
}

variable "image" {
  description = "The image of the command upload-once, with a tag or a digest."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^.+(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})$", var.image))
    error_message = "image takes an image with a tag or a digest."
  }
}

variable "architecture" {
  description = "What the image was built for: \"ARM64\" or \"X86_64\"."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "The command's variables."
  type        = map(string)
  nullable    = false
}

variable "task_policy_json" {
  description = "An IAM policy with what the audit can call, and on which resources."
  type        = string
  nullable    = false

  validation {
    condition     = can(jsondecode(var.task_policy_json).Statement)
    error_message = "task_policy_json takes an IAM policy as JSON, with a Statement."
  }
}

variable "iam" {
  description = "The path of the roles, and the managed policy that limits them (permissions boundary): the output iam of the module settings."
  type = object({
    path                     = string
    permissions_boundary_arn = optional(string)
  })
  default  = { path = "/" }
  nullable = false
}

variable "vpc_id" {
  description = "The VPC of the tasks."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Subnets for the tasks."
  type        = list(string)
  nullable    = false
}

variable "public_address" {
  description = "Whether tasks get a public address, where the subnets have no other way to AWS. Nothing can connect to it."
  type        = bool
  default     = false
  nullable    = false
}

variable "log_retention_days" {
  description = "How long the log lines are kept."
  type        = number
  nullable    = false
}

variable "log_kms_key_arn" {
  description = "Your KMS key of the log group. Null: CloudWatch's own."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that can have tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
