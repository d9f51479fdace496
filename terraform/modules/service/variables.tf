# What differs between the services, in this order: image, tasks, settings, permissions, network, lifetime, scaling. It is one long
# file because most of it are limits of Fargate and IAM with their reasons, and all variables of a module are in one file.

variable "name" {
  description = "The name of the service, its roles, its log group and its security group."
  type        = string
  nullable    = false

  validation {
    # The name of a role takes 64: this, the longest name of a region (14), and "execution".
    condition     = can(regex("^[a-z][a-z0-9-]{1,37}[a-z0-9]$", var.name))
    error_message = "name takes 3 to 39 lower-case letters, digits and \"-\", the first a letter and the last no \"-\"."
  }
}

variable "cluster" {
  description = "The ECS cluster. For spot it needs the capacity provider FARGATE_SPOT. container_insights says whether Container Insights counts its running tasks; otherwise the data points of the service's CPU do."
  type = object({
    arn                = string
    name               = string
    container_insights = optional(bool, true)
  })
  nullable = false
}

variable "image" {
  description = "The container image, with a tag or a digest. Images of ECR get the permission to be pulled from just that repository."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^\\s:@]+(:[0-9]+/[^\\s:@]+)?(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})$", var.image))
    error_message = "image takes a name with a tag or a digest, such as \"123456789012.dkr.ecr.eu-central-1.amazonaws.com/acceptor:1.2.0\"."
  }
}

variable "architecture" {
  description = "What the image was built for: \"ARM64\" or \"X86_64\"."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["ARM64", "X86_64"], var.architecture)
    error_message = "architecture takes \"ARM64\" or \"X86_64\"."
  }
}

variable "subject" {
  description = "The root's variable that tasks is from, for messages."
  type        = string
  nullable    = false
}

variable "tasks" {
  description = "Size and number of the tasks, and what scales them: a whole object of the root's."
  type = object({
    # CPU units of a task; 1024 are one vCPU.
    cpu = number

    # Memory of a task in MiB. What goes with which cpu: Amazon ECS Developer Guide, "Fargate task CPU and memory".
    memory = number

    # The least number of tasks.
    min_tasks = number

    # The greatest number of tasks.
    max_tasks = number

    # Whether tasks run on Fargate Spot. Spot is cheaper, and AWS stops it with two minutes' notice when it needs the capacity.
    spot = bool

    # With spot: how many tasks stay on Fargate on demand.
    on_demand_tasks = optional(number, 0)

    # For a service with a queue: work that takes longer protects its task against scale-in and deployments until that work ends. The
    # task receives nothing new until then. Null: never. Recommended: 100. The README describes the cost.
    protect_after_seconds = optional(number)

    # For kind = "requests" and "api-requests".
    requests_per_minute = optional(number)

    # For kind = "backlog": messages for each task, waiting or in flight. At most 0.7 times what a task works on at once.
    messages = optional(number)

    # No scale-in.
    disable_scale_in = optional(bool)
  })
  nullable = false

  validation {
    condition     = contains(keys(local.fargate_memory_mib), tostring(var.tasks.cpu))
    error_message = "${var.subject}.cpu takes ${join(", ", local.fargate_cpus)}."
  }

  validation {
    condition     = !contains(keys(local.fargate_memory_mib), tostring(var.tasks.cpu)) || contains(try(local.fargate_memory_mib[tostring(var.tasks.cpu)], []), var.tasks.memory)
    error_message = "${var.subject}.memory takes, in MiB, with ${var.subject}.cpu ${var.tasks.cpu}: ${join(", ", try(local.fargate_memory_mib[tostring(var.tasks.cpu)], []))}."
  }

  validation {
    condition     = var.tasks.min_tasks >= 1 && floor(var.tasks.min_tasks) == var.tasks.min_tasks
    error_message = "${var.subject}.min_tasks takes a whole number from 1: scaling divides a queue's backlog by the number of running tasks."
  }

  validation {
    condition     = var.tasks.max_tasks >= var.tasks.min_tasks && floor(var.tasks.max_tasks) == var.tasks.max_tasks
    error_message = "${var.subject}.max_tasks takes a whole number that is not below ${var.subject}.min_tasks."
  }

  validation {
    condition     = var.tasks.protect_after_seconds == null || try(var.tasks.protect_after_seconds >= 100 && var.tasks.protect_after_seconds <= 39600 && floor(var.tasks.protect_after_seconds) == var.tasks.protect_after_seconds, false)
    error_message = "${var.subject}.protect_after_seconds takes a whole number from 100 to 39600, or null. Work of less than 100 seconds ends within a stop (DRAIN_LIMIT_SECONDS) and needs no protection, which would only delay deployments."
  }

  validation {
    condition     = var.tasks.protect_after_seconds == null || var.autoscaling.kind == "backlog"
    error_message = "${var.subject}.protect_after_seconds is for a service with a queue (autoscaling.kind = \"backlog\")."
  }

  validation {
    condition     = var.tasks.protect_after_seconds == null || var.tasks.min_tasks >= 2
    error_message = "${var.subject}.protect_after_seconds needs ${var.subject}.min_tasks of 2 or more: a protected task receives nothing new until its long work has ended, so a single task would make everything else wait."
  }

  validation {
    condition     = var.tasks.on_demand_tasks >= 0 && floor(var.tasks.on_demand_tasks) == var.tasks.on_demand_tasks
    error_message = "${var.subject}.on_demand_tasks takes a whole number from 0."
  }

  validation {
    condition     = try(var.tasks.requests_per_minute >= 1, var.autoscaling.kind == "backlog")
    error_message = "${var.subject}.requests_per_minute takes a number from 1."
  }

  validation {
    condition     = try(var.tasks.messages > 0, var.autoscaling.kind != "backlog")
    error_message = "${var.subject}.messages takes a number above 0."
  }
}

variable "environment" {
  description = "The service's variables."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "secrets" {
  description = "Variables whose values come from Secrets Manager or Systems Manager's Parameter Store: name to ARN."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.secrets) : can(regex("^arn:aws[a-z-]*:(secretsmanager|ssm):", arn))])
    error_message = "secrets takes ARNs of Secrets Manager (\"arn:aws:secretsmanager:…\") or Parameter Store (\"arn:aws:ssm:…\")."
  }
}

variable "secret_kms_key_arns" {
  description = "Your KMS keys that encrypt these secrets. The execution role gets permission to decrypt with them, through the secrets' services alone."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.secret_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "secret_kms_key_arns takes ARNs of keys, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…; not aliases, since policies name keys."
  }
}

variable "iam" {
  description = "The path of both roles, and the managed policy that limits them (permissions boundary): the output iam of the module settings."
  type = object({
    path                     = string
    permissions_boundary_arn = optional(string)
  })
  default  = { path = "/" }
  nullable = false
}

variable "task_policy_json" {
  description = "An IAM policy with what the service can call, and on which resources."
  type        = string
  nullable    = false

  validation {
    condition     = can(jsondecode(var.task_policy_json).Statement)
    error_message = "task_policy_json takes an IAM policy as JSON, with a Statement."
  }
}

variable "handler_policy" {
  description = "An IAM policy with what a handler can call beyond that, separate from the service's own. Its JSON can come from the same apply. All inline policies of a role share IAM's 10,240 characters."
  type        = object({ json = string })
  default     = null

  validation {
    condition     = var.handler_policy == null || can(jsondecode(var.handler_policy.json).Statement)
    error_message = "handler_policy takes the json of an IAM policy, with a Statement."
  }

  # All inline policies together: roles.tf.
  validation {
    condition     = var.handler_policy == null || length(replace(try(var.handler_policy.json, ""), "/\\s/", "")) <= 10240
    error_message = "handler_policy takes at most 10240 characters without white space: IAM's limit for all inline policies of a role together."
  }
}

variable "collector" {
  description = "The collector of spans beside the service: its image, its configuration (YAML), and its part of the task's memory. Null: there is none."
  type = object({
    image      = string
    config     = string
    memory_mib = number
  })
  default = null
}

variable "vpc_id" {
  description = "The VPC of the tasks."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "The subnets of the tasks."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 1
    error_message = "subnet_ids takes one subnet or more."
  }
}

variable "public_address" {
  description = "Whether each task has a public address, by which it reaches AWS from a public subnet. No rule lets anything in."
  type        = bool
  default     = false
  nullable    = false
}

variable "security_group_ids" {
  description = "More security groups of the tasks, for what a handler calls beyond HTTPS. The service's own group allows outgoing HTTPS."
  type        = list(string)
  default     = []
  nullable    = false

  # ECS takes five, and one is the service's own (Amazon ECS API Reference, "AwsVpcConfiguration").
  validation {
    condition     = length(var.security_group_ids) <= 4 && alltrue([for id in var.security_group_ids : can(regex("^sg-[0-9a-z]+$", id))])
    error_message = "security_group_ids takes up to 4 ids of security groups, such as \"sg-0123456789abcdef0\"."
  }
}

variable "caller" {
  description = "What calls the tasks, and its security group. Nothing else can reach them. by = \"load-balancer\": arn is that of its target group; by = \"service-discovery\": that of the service of Cloud Map where the tasks are registered. Null for a service that is not called."
  type = object({
    by                = string
    arn               = string
    security_group_id = string
  })
  default = null

  validation {
    condition     = var.caller == null || contains(["load-balancer", "service-discovery"], try(var.caller.by, ""))
    error_message = "caller.by takes \"load-balancer\" or \"service-discovery\"."
  }
}

variable "writable_paths" {
  description = "Folders that the otherwise read-only container can write to. They are empty in each new task. The image must declare them as VOLUME, owned by its user."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for path in var.writable_paths : can(regex("^/[A-Za-z0-9._/-]+$", path))])
    error_message = "writable_paths takes absolute paths, such as \"/tmp\"."
  }

  # RegisterTaskDefinition: "containerPath values aren't unique across mountPoints".
  validation {
    condition     = length(distinct(var.writable_paths)) == length(var.writable_paths)
    error_message = "writable_paths takes each path once: ECS refuses a task definition that mounts two volumes at one path."
  }
}

variable "autoscaling" {
  description = "What the number of tasks follows. kind = \"requests\": requests a minute a task, and CPU; needs load_balancer_arn_suffix, target_group_arn_suffix and tasks.requests_per_minute. kind = \"api-requests\": the same by the requests of an HTTP API; needs api_id. kind = \"backlog\": messages a task, waiting or in flight, and CPU; needs queue_name and tasks.messages."
  type = object({
    kind                     = string
    load_balancer_arn_suffix = optional(string)
    target_group_arn_suffix  = optional(string)
    api_id                   = optional(string)
    queue_name               = optional(string)
  })
  nullable = false

  validation {
    condition     = contains(["requests", "api-requests", "backlog"], var.autoscaling.kind)
    error_message = "autoscaling.kind takes \"requests\", \"api-requests\" or \"backlog\"."
  }

  validation {
    condition     = var.autoscaling.kind != "api-requests" || var.autoscaling.api_id != null
    error_message = "autoscaling by the requests of an API needs api_id."
  }

  validation {
    condition     = var.autoscaling.kind != "requests" || (var.autoscaling.load_balancer_arn_suffix != null && var.autoscaling.target_group_arn_suffix != null)
    error_message = "autoscaling by requests needs load_balancer_arn_suffix and target_group_arn_suffix."
  }

  validation {
    condition     = var.autoscaling.kind != "backlog" || var.autoscaling.queue_name != null
    error_message = "autoscaling by backlog needs queue_name."
  }
}

variable "deployment_alarms" {
  description = "Alarms that roll back a deployment of this service, if roll_back is true. They must exist before the service. Null: there are none."
  type = object({
    names     = list(string)
    roll_back = bool
  })
  default = null
}

variable "wait_for_steady_state" {
  description = "Whether an apply waits until the tasks run, for an hour at most, and fails if ECS rolled the deployment back."
  type        = bool
  nullable    = false
}

variable "log_retention_days" {
  description = "How long the log lines are kept. CloudWatch always keeps their metrics for 15 months."
  type        = number
  nullable    = false
}

variable "log_kms_key_arn" {
  description = "Your KMS key for the log group. By default CloudWatch's own."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of all resources and tasks."
  type        = map(string)
  default     = {}
  nullable    = false
}
