# All that you can set, by subject. It is one long file because docs/deploy.md refers to it and users look here.
# A module validates its own variables and describes the limits. A null stands for the module's default.

variable "name" {
  description = "The beginning of every name. Two installations in one account and region need two names; in two regions they can share one."
  type        = string
  default     = "upload-once"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name))
    error_message = "name takes 3 to 24 lower-case letters, digits and \"-\", the first a letter and the last no \"-\"."
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

variable "tags" {
  description = "Tags of everything that can have tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

# Images

variable "image_tag" {
  description = "The tag of the images in the registry that is created here. `make deploy` pushes them. Not needed if images names all three."
  type        = string
  default     = null

  validation {
    condition     = var.image_tag == null || can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image_tag))
    error_message = "image_tag takes a tag of up to 128 letters, digits, \"_\", \".\" and \"-\", such as \"1.2.0\"."
  }

  validation {
    condition     = var.image_tag != null || length(var.images) == 3
    error_message = "image_tag is needed, unless images names the image of each of url-issuer, acceptor and processor."
  }
}

variable "images" {
  description = "Your own images, with tag or digest, instead of the registry's: keys url-issuer, acceptor, processor."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.images), ["url-issuer", "acceptor", "processor"])) == 0
    error_message = "images takes the keys url-issuer, acceptor and processor."
  }

  validation {
    condition     = !local.is_sealed || alltrue([for image in values(var.images) : can(regex("^[0-9]{12}\\.dkr\\.ecr\\.${data.aws_region.current.id}\\.amazonaws\\.com", image))])
    error_message = "images takes images of ECR in this region (${data.aws_region.current.id}), unless egress = \"nat\" or a vpc of yours leads to another registry: with egress = \"endpoints\" tasks reach nothing else."
  }
}

variable "kept_images" {
  description = "How many of the newest images of each service the registry keeps."
  type        = number
  default     = null
}

variable "images_kms_key_arn" {
  description = "Your KMS key for the registry that is created here. A change replaces the registry."
  type        = string
  default     = null
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

# Network

variable "vpc_cidr" {
  description = "The addresses of the VPC that is created: /16 to /23. You cannot change them once tasks run there."
  type        = string
  default     = null
}

variable "zones" {
  description = "How many availability zones the VPC that is created uses: 2 or 3."
  type        = number
  default     = null
}

variable "exclude_zone_ids" {
  description = "Zones without a subnet, by ids such as \"use1-az3\". By default those where API Gateway has no VPC links."
  type        = set(string)
  default     = null
}

variable "egress" {
  description = "How tasks reach AWS: \"endpoints\" (without internet access) or \"nat\" (for a handler that calls the internet, or images from outside ECR)."
  type        = string
  default     = null
}

variable "interface_endpoints" {
  description = "With egress = \"endpoints\": AWS services that a handler calls beyond what upload-once needs, such as \"secretsmanager\"."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "vpc" {
  description = "An existing VPC instead of a new one. Its private subnets must reach S3, DynamoDB, SQS, ECR and CloudWatch Logs. A domain_name needs public subnets. You cannot change the VPC once tasks run there."
  type = object({
    id                 = string
    private_subnet_ids = list(string)
    public_subnet_ids  = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.vpc == null || var.domain_name == null || try(length(var.vpc.public_subnet_ids) >= 2, false)
    error_message = "vpc.public_subnet_ids takes two subnets or more with a domain_name: the public load balancer needs them."
  }
}

# The issuer's address

variable "domain_name" {
  description = "The host name that clients call, served by a public load balancer. By default clients call API Gateway's domain."
  type        = string
  default     = null
}

variable "certificate_arn" {
  description = "A certificate of AWS Certificate Manager for domain_name. Set both or neither."
  type        = string
  default     = null
}

variable "zone" {
  description = "The Route 53 zone that gets a record from domain_name to the load balancer: its id, also of a zone from the same apply. Without it, create that record yourself (output load_balancer_dns_name)."
  type = object({
    id = string
  })
  default = null
}

variable "ingress_cidrs" {
  description = "With a domain_name: the addresses that can reach the load balancer."
  type        = list(string)
  default     = null
}

variable "access_log_bucket" {
  description = "With a domain_name: your bucket for the load balancer's access logs. They contain each whole URL, and an API key if a client puts it there by mistake. Restrict who can read them."
  type        = string
  default     = null
}

variable "throttle_rate" {
  description = "Without a domain_name: requests a second that API Gateway allows in the long run, over all API keys."
  type        = number
  default     = null
}

variable "throttle_burst" {
  description = "Without a domain_name: requests that API Gateway allows at once."
  type        = number
  default     = null
}

# Storage

variable "bucket_name" {
  description = "The name of the bucket. By default the name, the account's number and the region."
  type        = string
  default     = null
}

variable "kms_key_arn" {
  description = "Your KMS key for bucket and tables. Its policy must allow IAM policies of the account to grant its use; the services get their permissions here. The principal that applies needs what DynamoDB asks of the creator of a table (modules/storage/README.md). When you change the key, add the old one to previous_kms_key_arns."
  type        = string
  default     = null
}

variable "previous_kms_key_arns" {
  description = "Earlier values of kms_key_arn. Stored files stay encrypted with them, and the services need to read those files."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.previous_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "previous_kms_key_arns takes ARNs of keys, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…; aliases are refused, since policies name keys."
  }
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

variable "point_in_time_recovery" {
  description = "Lets you restore the tables to any second of the last 35 days."
  type        = bool
  default     = true
  nullable    = false
}

variable "allow_presigned_put" {
  description = "Allows presigned PUTs with If-None-Match under uploads/, beside forms: what POST /v1/uploads gives for \"method\": \"put\". With false, the url-issuer gives none and S3 rejects them."
  type        = bool
  default     = true
  nullable    = false
}

variable "api_cors_allowed_origins" {
  description = "Web origins whose pages can call the url-issuer. Every visitor can read an API key in a page, so allow only pages for the holders of the key."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.api_cors_allowed_origins : can(regex("^https?://[a-z0-9.-]+(:[0-9]{1,5})?$", origin))])
    error_message = "api_cors_allowed_origins takes origins such as \"https://www.example.com\": a scheme, a host and perhaps a port; no \"*\"."
  }
}

variable "cors_allowed_origins" {
  description = "Web origins whose pages can send forms to S3 and read its response."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "uploads_expire_days" {
  description = "When objects that remain under uploads/ are removed: duplicates, orphans, refused versions."
  type        = number
  default     = null
}

variable "noncurrent_expire_days" {
  description = "When a version is removed after another version, or a delete marker, replaced it."
  type        = number
  default     = null
}

variable "accepted_expire_days" {
  description = "When accepted files are removed. By default never."
  type        = number
  default     = null
}

variable "trail_retention_days" {
  description = "How many days CloudTrail's data events of the bucket are kept: who read or wrote which object. By default none are recorded, because CloudTrail charges for each."
  type        = number
  default     = null
}

variable "unfinished_multipart_days" {
  description = "When the parts of an unfinished multipart copy are removed."
  type        = number
  default     = null
}

variable "message_retention_days" {
  description = "How long an event can wait in its queue. The default of 5 days suits every handler_limit_seconds with the defaults of max_receive_count and visibility_seconds."
  type        = number
  default     = null
}

variable "dead_letter_retention_days" {
  description = "How long an event is kept in all, once it is in its dead-letter queue."
  type        = number
  default     = null
}

variable "kept_duplicates" {
  description = "How many duplicates of an upload are kept, recorded and reported one by one. The same holds for refused versions and orphans of a key. More are counted and removed."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.kept_duplicates >= 1 && var.kept_duplicates <= 1000 && floor(var.kept_duplicates) == var.kept_duplicates
    error_message = "kept_duplicates takes a whole number from 1 to 1000."
  }
}

variable "report_queue_arns" {
  description = "More queues that receive every report, beside the alarm's own: existing standard queues of this account and region, one for each reader. If a queue is encrypted with your KMS key, name the key in report_queue_kms_key_arns."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.report_queue_arns : can(regex("^arn:[a-z-]+:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}$", arn))])
    error_message = "report_queue_arns takes ARNs of standard queues (not of FIFO queues, whose names end with .fifo), such as \"arn:aws:sqs:eu-central-1:123456789012:reports-of-crm\"; got ${jsonencode(var.report_queue_arns)}."
  }

  # The services send with their own region's endpoint, and the queue's URL is made from its ARN.
  validation {
    condition     = alltrue([for arn in var.report_queue_arns : startswith(arn, local.own_queues)])
    error_message = "report_queue_arns takes queues of the account and region of the installation, whose ARNs begin with \"${local.own_queues}\"; got ${jsonencode([for arn in var.report_queue_arns : arn if !startswith(arn, local.own_queues)])}."
  }

  validation {
    condition     = length(distinct(var.report_queue_arns)) == length(var.report_queue_arns)
    error_message = "report_queue_arns names a queue twice: its reader would get each report twice."
  }
}

variable "report_queue_kms_key_arns" {
  description = "Your KMS keys that encrypt the queues of report_queue_arns. Acceptor and processor get permission to use them. The policy of each key must allow IAM policies of its account to grant its use."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.report_queue_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "report_queue_kms_key_arns takes ARNs of keys, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…; not aliases, since policies name keys. Got ${jsonencode(var.report_queue_kms_key_arns)}."
  }
}

variable "record_retention_days" {
  description = "How long an upload's item is kept after its last transition."
  type        = number
  default     = null
}

variable "max_receive_count" {
  description = "How often an event is delivered before it goes to the dead-letter queue. If you lower it, SQS moves events that were delivered that often; `upload-once redrive` shows them."
  type        = number
  default     = null
}

variable "visibility_seconds" {
  description = "When a message comes back after its task died. The same for queues and services. A long time needs a long message_retention_days or a low max_receive_count."
  type        = number
  default     = 60
  nullable    = false
}

# The issuer

variable "path_prefix" {
  description = "The path before /getpresignedurl, for clients that use a stage such as \"/prod\"."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^/?$|^(/[A-Za-z0-9._~-]+)+/?$", var.path_prefix))
    error_message = "path_prefix takes a path such as \"/prod\", of letters, digits, \"-\", \"_\", \".\" and \"~\", or nothing."
  }
}

variable "rate_limit_store" {
  description = "A Valkey or Redis (not in cluster mode) in which all tasks of the url-issuer count rates together. Set url, or url_secret_arn (Secrets Manager or Parameter Store) if it contains a password. The tasks can reach port of security_group_id. The store's own security group must allow services.url-issuer.security_group_id. Without a store, each task counts alone."
  type = object({
    url               = optional(string)
    url_secret_arn    = optional(string)
    security_group_id = string
    port              = optional(number, 6379)
  })
  default = null

  validation {
    condition     = var.rate_limit_store == null || try((var.rate_limit_store.url == null) != (var.rate_limit_store.url_secret_arn == null), false)
    error_message = "rate_limit_store takes either url or url_secret_arn."
  }

  validation {
    condition     = try(var.rate_limit_store.url, null) == null || can(regex("^rediss?://[^/?#@]+(/.*)?$", var.rate_limit_store.url))
    error_message = "rate_limit_store.url is like \"rediss://rates.example.com:6379\"; one with a password belongs in a secret, named by url_secret_arn."
  }

  validation {
    condition     = try(var.rate_limit_store.url_secret_arn, null) == null || can(regex("^arn:aws[a-z-]*:(secretsmanager|ssm):", var.rate_limit_store.url_secret_arn))
    error_message = "rate_limit_store.url_secret_arn is an ARN of Secrets Manager or Parameter Store."
  }

  validation {
    condition     = !local.is_sealed || try(var.rate_limit_store.url_secret_arn, null) == null || contains(var.interface_endpoints, try(split(":", var.rate_limit_store.url_secret_arn)[2], ""))
    error_message = "rate_limit_store.url_secret_arn needs a way to its service: name \"secretsmanager\" or \"ssm\" in interface_endpoints, or set egress = \"nat\"."
  }
}

variable "bad_keys_per_minute" {
  description = "How many unknown API keys an address can send each minute before it gets 429. The same limit holds for each disabled or expired key. It has no effect without a domain_name, because behind API Gateway the issuer does not see clients' addresses."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.bad_keys_per_minute >= 0 && var.bad_keys_per_minute <= 100000 && floor(var.bad_keys_per_minute) == var.bad_keys_per_minute
    error_message = "bad_keys_per_minute is a whole number from 0 (any number) to 100000."
  }
}

variable "upload_name_part" {
  description = "The beginning of every object key, after uploads/."
  type        = string
  default     = "UploadFilename"
  nullable    = false

  validation {
    condition     = can(regex("^([^/$\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]|\\x{200c}|\\x{200d})+$", var.upload_name_part)) && length(base64encode(var.upload_name_part)) <= 1200
    error_message = "upload_name_part takes 1 to 900 bytes of UTF-8 without \"/\", \"$\", control characters and characters that hide or reorder text."
  }
}

variable "form_lifetime_seconds" {
  description = "How long an upload can start with a form. A form ends with the credentials that signed it. On ECS these live for at most six hours."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.form_lifetime_seconds >= 1 && var.form_lifetime_seconds <= 21600 && floor(var.form_lifetime_seconds) == var.form_lifetime_seconds
    error_message = "form_lifetime_seconds takes a whole number from 1 to 21600 (6 hours): a form works no longer than the task's credentials that signed it."
  }
}

variable "form_lifetime_max_seconds" {
  description = "The longest lifetime that POST /v1/uploads accepts. S3 rejects older signatures, with a tolerance of 15 minutes for clocks."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.form_lifetime_max_seconds >= 1 && var.form_lifetime_max_seconds <= 21600 && floor(var.form_lifetime_max_seconds) == var.form_lifetime_max_seconds
    error_message = "form_lifetime_max_seconds takes a whole number from 1 to 21600 (6 hours): nothing works longer than the task's credentials that signed it."
  }
}

variable "form_max_bytes" {
  description = "The largest file that a form accepts."
  type        = number
  default     = 5368709120
  nullable    = false

  validation {
    condition     = var.form_max_bytes >= 1 && var.form_max_bytes <= 5368709120 && floor(var.form_max_bytes) == var.form_max_bytes
    error_message = "form_max_bytes takes a whole number from 1 to 5368709120 (5 GiB), all that S3 takes in one form."
  }
}

# The processor's handler

variable "handler_limit_seconds" {
  description = "How long the handler can work on one upload."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.handler_limit_seconds >= 1 && var.handler_limit_seconds <= 39600 && floor(var.handler_limit_seconds) == var.handler_limit_seconds
    error_message = "handler_limit_seconds takes a whole number from 1 to 39600 (11 hours)."
  }
}

variable "handler_grace_seconds" {
  description = "How long a handler can continue after handler_limit_seconds, when its signal is aborted. Then its thread is ended."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.handler_grace_seconds >= 1 && var.handler_grace_seconds <= 600 && floor(var.handler_grace_seconds) == var.handler_grace_seconds
    error_message = "handler_grace_seconds takes a whole number from 1 to 600."
  }
}

variable "handler_threads" {
  description = "How many threads the handlers share. Up to as many more run for uploads that must be alone, and for threads that are ending."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.handler_threads >= 1 && var.handler_threads <= 64 && floor(var.handler_threads) == var.handler_threads
    error_message = "handler_threads takes a whole number from 1 to 64."
  }
}

variable "handler_heap_mib" {
  description = "The heap of a handler thread, without the bytes of Buffers. A thread that needs more is ended."
  type        = number
  default     = 192
  nullable    = false

  validation {
    condition     = var.handler_heap_mib >= 32 && var.handler_heap_mib <= 65536 && floor(var.handler_heap_mib) == var.handler_heap_mib
    error_message = "handler_heap_mib takes a whole number from 32 to 65536."
  }

  validation {
    condition     = 2 * var.handler_threads * var.handler_heap_mib + 256 <= var.processor.memory
    error_message = "processor.memory (${var.processor.memory} MiB) is too small for the handlers' threads: twice handler_threads (${var.handler_threads}) times handler_heap_mib (${var.handler_heap_mib}), and 256 MiB for the service itself, are ${2 * var.handler_threads * var.handler_heap_mib + 256} MiB. Lower one of these, or raise processor.memory."
  }
}

variable "handler_environment" {
  description = "Environment variables of the handler."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length([for name in keys(var.handler_environment) : name if contains(local.reserved_names, name) || startswith(name, "AWS_ENDPOINT_URL")]) == 0
    error_message = "handler_environment takes the handler's own variables. The processor's (BUCKET, QUEUE_URL, CONCURRENCY, …) are set by variables of this configuration, and credentials and endpoints of AWS (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL_…) would be the processor's too. Not: ${join(", ", [for name in keys(var.handler_environment) : name if contains(local.reserved_names, name) || startswith(name, "AWS_ENDPOINT_URL")])}."
  }

  validation {
    condition     = alltrue([for name in keys(var.handler_environment) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = "handler_environment takes names of letters, digits and \"_\", the first no digit. Not: ${join(", ", [for name in keys(var.handler_environment) : "\"${name}\"" if !can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])}."
  }
}

variable "handler_secrets" {
  description = "Environment variables of the handler from Secrets Manager or Parameter Store: name to ARN."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length([for name in keys(var.handler_secrets) : name if contains(local.reserved_names, name) || startswith(name, "AWS_ENDPOINT_URL") || contains(keys(var.handler_environment), name)]) == 0
    error_message = "handler_secrets takes names that are neither the processor's own, nor the AWS SDK's for credentials and endpoints, nor in handler_environment. Not: ${join(", ", [for name in keys(var.handler_secrets) : name if contains(local.reserved_names, name) || startswith(name, "AWS_ENDPOINT_URL") || contains(keys(var.handler_environment), name)])}."
  }

  # Two, since the ARNs of secrets that are made in the same apply are known too late to be read here.
  validation {
    condition     = !local.is_sealed || length(var.handler_secrets) == 0 || length(setintersection(var.interface_endpoints, ["secretsmanager", "ssm"])) > 0
    error_message = "handler_secrets needs a way to Secrets Manager (\"secretsmanager\") or Parameter Store (\"ssm\"): name it in interface_endpoints, or set egress = \"nat\"."
  }

  validation {
    condition     = !local.is_sealed || alltrue([for arn in values(var.handler_secrets) : contains(var.interface_endpoints, try(split(":", arn)[2], ""))])
    error_message = "handler_secrets needs a way to each of its services: name ${join(" and ", distinct([for arn in values(var.handler_secrets) : "\"${try(split(":", arn)[2], arn)}\""]))} in interface_endpoints, or set egress = \"nat\"."
  }

  validation {
    condition     = alltrue([for name in keys(var.handler_secrets) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = "handler_secrets takes names of letters, digits and \"_\", the first no digit. Not: ${join(", ", [for name in keys(var.handler_secrets) : "\"${name}\"" if !can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])}."
  }
}

variable "handler_policy_json" {
  description = "An IAM policy with what the handler can call beyond the processor's own permissions."
  type        = string
  default     = null
}

variable "handler_security_group_ids" {
  description = "More security groups of the processor's tasks, for what the handler calls beyond HTTPS."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "handler_writable_paths" {
  description = "Folders that the handler can write to. The image must declare them as VOLUME, owned by its user."
  type        = list(string)
  default     = []
  nullable    = false
}

# Tasks

variable "url_issuer" {
  description = "Size and number of the url-issuer's tasks. requests_per_minute: requests for each task before another one starts. max_connections: the most open connections of a task; their headers and trailers take at most 32 MiB of its memory. spot: only if clients try again, see modules/service/README.md."
  type = object({
    cpu                 = optional(number, 256)
    memory              = optional(number, 512)
    min_tasks           = optional(number, 2)
    max_tasks           = optional(number, 10)
    requests_per_minute = optional(number, 3000)
    max_connections     = optional(number, 1000)
    spot                = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.url_issuer.max_connections >= 10 && var.url_issuer.max_connections <= 100000 && floor(var.url_issuer.max_connections) == var.url_issuer.max_connections
    error_message = "url_issuer.max_connections takes a whole number from 10 to 100000; got ${var.url_issuer.max_connections}."
  }
}

variable "acceptor" {
  description = "Size and number of the acceptor's tasks. concurrency: events in flight at once. messages: events for each task, waiting or in flight, before another one starts. protect_after_seconds: see modules/service/README.md on work longer than the stop timeout."
  type = object({
    cpu                   = optional(number, 256)
    memory                = optional(number, 512)
    min_tasks             = optional(number, 1)
    max_tasks             = optional(number, 10)
    concurrency           = optional(number, 16)
    messages              = optional(number, 200)
    spot                  = optional(bool, false)
    protect_after_seconds = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.acceptor.concurrency >= 1 && var.acceptor.concurrency <= 256 && floor(var.acceptor.concurrency) == var.acceptor.concurrency
    error_message = "acceptor.concurrency takes a whole number from 1 to 256."
  }
}

variable "processor" {
  description = "Size and number of the processor's tasks. concurrency: uploads in flight at once. messages: uploads for each task, waiting or in flight, before another one starts. disable_scale_in and protect_after_seconds: see modules/service/README.md on work longer than the stop timeout."
  type = object({
    cpu                   = optional(number, 512)
    memory                = optional(number, 1024)
    min_tasks             = optional(number, 1)
    max_tasks             = optional(number, 10)
    concurrency           = optional(number, 16)
    messages              = optional(number, 32)
    spot                  = optional(bool, false)
    disable_scale_in      = optional(bool, false)
    protect_after_seconds = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.processor.concurrency >= 1 && var.processor.concurrency <= 256 && floor(var.processor.concurrency) == var.processor.concurrency
    error_message = "processor.concurrency takes a whole number from 1 to 256."
  }

  validation {
    condition     = try(var.processor.protect_after_seconds < var.handler_limit_seconds, true)
    error_message = "processor.protect_after_seconds takes a number below handler_limit_seconds (${var.handler_limit_seconds}): no handler works longer than that."
  }
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

variable "wait_for_steady_state" {
  description = "Whether an apply waits until all tasks run."
  type        = bool
  default     = false
  nullable    = false
}

# Alarms

variable "alarm_emails" {
  description = "E-mail addresses that receive every alarm. Each must confirm once."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "alarm_sms" {
  description = "Telephone numbers that receive every alarm, such as \"+4915112345678\"."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "alarm_subscriptions" {
  description = "Other receivers of every alarm: protocol and endpoint, as SNS names them."
  type = list(object({
    protocol = string
    endpoint = string
    role_arn = optional(string)
  }))
  default  = []
  nullable = false
}

variable "alarm_thresholds" {
  description = "The thresholds of alarms: the issuer's 5xx responses in five minutes, milliseconds for the slowest of a hundred responses, failed tasks in five minutes, the age of a queue's oldest event in seconds. By default that of accepted events is twice handler_limit_seconds and at least 7200. The defaults are those of modules/alarms."
  type = object({
    issuer_errors               = optional(number)
    issuer_p99_milliseconds     = optional(number)
    task_failures               = optional(number)
    upload_events_age_seconds   = optional(number)
    accepted_events_age_seconds = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = try(var.alarm_thresholds.accepted_events_age_seconds >= var.handler_limit_seconds, true)
    error_message = "alarm_thresholds.accepted_events_age_seconds takes a number from handler_limit_seconds (${var.handler_limit_seconds}): an event in flight counts, and would raise the alarm while its handler works."
  }
}

variable "alarm_kms_key_arn" {
  description = "Your KMS key for the alarms' topic. Its policy must allow cloudwatch.amazonaws.com to use it."
  type        = string
  default     = null
}
