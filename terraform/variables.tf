# All that a user can set, by subject, in the one file where they look for it (and where docs/deploy.md sends them): hence its length.
# What a module checks is checked there, and said there; a null is the module's own default.

variable "name" {
  description = "Begins the name of everything that is made. Two installations in one account and region have two names; in two regions they may share one."
  type        = string
  default     = "upload-once"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name))
    error_message = "name takes 3 to 24 lower-case letters, digits and \"-\", the first a letter and the last no \"-\"."
  }
}

variable "environment" {
  description = "The name of this installation in its metrics: their dimension Environment. By default the name, so that no two share their alarms."
  type        = string
  default     = null

  validation {
    condition     = var.environment == null || can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", var.environment))
    error_message = "environment takes 1 to 64 letters, digits, \".\", \"_\" or \"-\", the first a letter or digit."
  }
}

variable "tags" {
  description = "Tags of everything that can have some."
  type        = map(string)
  default     = {}
  nullable    = false
}

# Images

variable "image_tag" {
  description = "The tag of the images in the registry that is made here; `make deploy` pushes them. Not needed where images names all three."
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
  description = "Images of your own, with tag or digest, in place of the registry's: keys url-issuer, acceptor, processor."
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
  description = "How many of the newest images of a service the registry that is made here keeps."
  type        = number
  default     = null
}

variable "images_kms_key_arn" {
  description = "Key of yours for the registry that is made here; changing it makes the registry anew."
  type        = string
  default     = null
}

variable "architecture" {
  description = "What the images were built for: \"ARM64\" or \"X86_64\"."
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
  description = "The addresses of the VPC that is made; /16 to /23. It can't be changed once tasks run there."
  type        = string
  default     = null
}

variable "zones" {
  description = "Over how many availability zones the VPC that is made is spread: 2 or 3."
  type        = number
  default     = null
}

variable "exclude_zone_ids" {
  description = "Zones that get no subnet, by ids such as \"use1-az3\"; by default those that API Gateway has no VPC links in."
  type        = set(string)
  default     = null
}

variable "egress" {
  description = "How tasks reach AWS: \"endpoints\" (no way to the internet) or \"nat\" (for a handler that calls the internet, or images from outside ECR)."
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
  description = "An existing VPC in place of a new one. Its private subnets must reach S3, DynamoDB, SQS, ECR and CloudWatch Logs; the public ones are needed with a domain_name. It can't be changed once tasks run there."
  type = object({
    id                 = string
    private_subnet_ids = list(string)
    public_subnet_ids  = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.vpc == null || var.domain_name == null || try(length(var.vpc.public_subnet_ids) >= 2, false)
    error_message = "vpc.public_subnet_ids takes two subnets or more where there is a domain_name: the public load balancer stands there."
  }
}

# The issuer's address

variable "domain_name" {
  description = "The host name that clients call, served by a public load balancer. Without it: API Gateway's default domain."
  type        = string
  default     = null
}

variable "certificate_arn" {
  description = "A certificate of AWS Certificate Manager for domain_name; given together with it or not at all."
  type        = string
  default     = null
}

variable "zone" {
  description = "The Route 53 zone in which domain_name is to point to the load balancer: its id, which may be that of a zone made in the same apply. Without it, set that record yourself (output load_balancer_dns_name)."
  type = object({
    id = string
  })
  default = null
}

variable "ingress_cidrs" {
  description = "With a domain_name: which addresses reach the load balancer."
  type        = list(string)
  default     = null
}

variable "access_log_bucket" {
  description = "With a domain_name: a bucket of yours for the load balancer's access logs. They have every request's whole URL, with a key that a client put into it by mistake: let no one read them who must not see keys."
  type        = string
  default     = null
}

variable "throttle_rate" {
  description = "Without a domain_name: requests a second that API Gateway lets through in the long run, over all keys."
  type        = number
  default     = null
}

variable "throttle_burst" {
  description = "Without a domain_name: requests that API Gateway lets through at once."
  type        = number
  default     = null
}

# Storage

variable "bucket_name" {
  description = "Name of the bucket; by default the name, the account's number and the region."
  type        = string
  default     = null
}

variable "kms_key_arn" {
  description = "Key of yours for bucket and tables. Its policy must leave permissions to IAM policies of the account; the services get theirs here. Whoever applies needs those that DynamoDB asks of the one who makes a table (modules/storage/README.md). When you change it, put the old one into previous_kms_key_arns."
  type        = string
  default     = null
}

variable "previous_kms_key_arns" {
  description = "Keys that kms_key_arn was before: files that lie there stay encrypted with them, and the services go on reading these."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.previous_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "previous_kms_key_arns takes ARNs of keys, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…; aliases are refused, since policies name keys."
  }
}

variable "force_destroy" {
  description = "Whether `terraform destroy` may remove the bucket with the files in it, and the registry with its images."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether tables and load balancer refuse to be deleted."
  type        = bool
  default     = true
  nullable    = false
}

variable "point_in_time_recovery" {
  description = "Whether the tables can be restored to any second of the last 35 days."
  type        = bool
  default     = true
  nullable    = false
}

variable "allow_presigned_put" {
  description = "Whether presigned PUTs get into uploads/ beside forms, such as carry If-None-Match: what POST /v1/uploads gives for \"method\": \"put\". If not, the url-issuer gives none, and S3 refuses them."
  type        = bool
  default     = true
  nullable    = false
}

variable "api_cors_allowed_origins" {
  description = "Web origins whose pages may call the url-issuer itself. A key in a page is everybody's who opens it: for pages that only holders of the key get to see."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.api_cors_allowed_origins : can(regex("^https?://[a-z0-9.-]+(:[0-9]{1,5})?$", origin))])
    error_message = "api_cors_allowed_origins takes origins such as \"https://www.example.com\": a scheme, a host and perhaps a port; no \"*\"."
  }
}

variable "cors_allowed_origins" {
  description = "Web origins whose pages may send forms and read S3's answer."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "uploads_expire_days" {
  description = "When what is still under uploads/ is removed: duplicates, orphans, refused versions."
  type        = number
  default     = null
}

variable "noncurrent_expire_days" {
  description = "When a version is removed that another, or a delete marker, has covered."
  type        = number
  default     = null
}

variable "accepted_expire_days" {
  description = "When accepted files are removed; by default never."
  type        = number
  default     = null
}

variable "trail_retention_days" {
  description = "For how many days CloudTrail's data events of the bucket are kept: who read or wrote which object. By default none are recorded: CloudTrail charges for each."
  type        = number
  default     = null
}

variable "unfinished_multipart_days" {
  description = "When the parts of a multipart copy that was never completed are removed."
  type        = number
  default     = null
}

variable "message_retention_days" {
  description = "How long an event may wait in its queue. By default 5 days: long enough for every handler_limit_seconds with the defaults of max_receive_count and visibility_seconds."
  type        = number
  default     = null
}

variable "dead_letter_retention_days" {
  description = "How long an event is kept in all, once it is in its dead-letter queue."
  type        = number
  default     = null
}

variable "kept_duplicates" {
  description = "How many duplicates of an upload are kept as evidence, recorded and reported one by one; the same for refused versions and for orphans of one key. Those beyond are counted and removed."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.kept_duplicates >= 1 && var.kept_duplicates <= 1000 && floor(var.kept_duplicates) == var.kept_duplicates
    error_message = "kept_duplicates takes a whole number from 1 to 1000."
  }
}

variable "report_queue_arns" {
  description = "More readers of the reports, beside the alarm's queue: standard queues of this account and region that exist already, one for each reader. Every report is sent to each of them. Where a queue is encrypted with a KMS key of yours, name the key in report_queue_kms_key_arns."
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
  description = "KMS keys of yours that queues of report_queue_arns are encrypted with. Acceptor and processor get permission to use them to send. The policy of each key must leave permissions to IAM policies of its account."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.report_queue_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "report_queue_kms_key_arns takes ARNs of keys, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…; not aliases, since policies name keys. Got ${jsonencode(var.report_queue_kms_key_arns)}."
  }
}

variable "record_retention_days" {
  description = "How long an upload's item outlives its last transition."
  type        = number
  default     = null
}

variable "max_receive_count" {
  description = "How often an event is delivered before it goes to the dead-letter queue. When you lower it, SQS moves the events that have already been delivered that often; `upload-once redrive` shows them."
  type        = number
  default     = null
}

variable "visibility_seconds" {
  description = "How late a message comes back when the task that had it dies. The same for queues and services. A long one needs a long message_retention_days or a low max_receive_count."
  type        = number
  default     = 60
  nullable    = false
}

# The issuer

variable "path_prefix" {
  description = "What stands before /getpresignedurl, for clients that know it behind a stage such as \"/prod\"."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^/?$|^(/[A-Za-z0-9._~-]+)+/?$", var.path_prefix))
    error_message = "path_prefix takes a path such as \"/prod\", of letters, digits, \"-\", \"_\", \".\" and \"~\", or nothing."
  }
}

variable "rate_limit_store" {
  description = "A Valkey or Redis (not in cluster mode) where all tasks of the url-issuer count rates together. Its address: url, or url_secret_arn (Secrets Manager or Parameter Store) where a password stands in it. What its tasks may reach: port of security_group_id. The store's own security group has to let services.url-issuer.security_group_id in. Without a store each task counts alone."
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
  description = "How many unknown API keys an address may present each minute before it is told to wait; a disabled or expired key is counted for itself, by the same number. It has no effect without a domain of your own: behind API Gateway the issuer does not learn clients' addresses."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.bad_keys_per_minute >= 0 && var.bad_keys_per_minute <= 100000 && floor(var.bad_keys_per_minute) == var.bad_keys_per_minute
    error_message = "bad_keys_per_minute is a whole number from 0 (any number) to 100000."
  }
}

variable "upload_name_part" {
  description = "What every object key begins with, behind uploads/."
  type        = string
  default     = "UploadFilename"
  nullable    = false

  validation {
    condition     = can(regex("^([^/$\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]|\\x{200c}|\\x{200d})+$", var.upload_name_part)) && length(base64encode(var.upload_name_part)) <= 1200
    error_message = "upload_name_part takes 1 to 900 bytes of UTF-8 without \"/\", \"$\", control characters and characters that hide or reorder text."
  }
}

variable "form_lifetime_seconds" {
  description = "How long an upload can be begun with a form. A form ends with the credentials that signed it, and on ECS these live for six hours at most."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.form_lifetime_seconds >= 1 && var.form_lifetime_seconds <= 21600 && floor(var.form_lifetime_seconds) == var.form_lifetime_seconds
    error_message = "form_lifetime_seconds takes a whole number from 1 to 21600 (6 hours): a form works no longer than the task's credentials that signed it."
  }
}

variable "form_lifetime_max_seconds" {
  description = "The longest lifetime that a client may ask for with POST /v1/uploads. S3 refuses older signatures, with a quarter of an hour for clocks that differ."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.form_lifetime_max_seconds >= 1 && var.form_lifetime_max_seconds <= 21600 && floor(var.form_lifetime_max_seconds) == var.form_lifetime_max_seconds
    error_message = "form_lifetime_max_seconds takes a whole number from 1 to 21600 (6 hours): nothing works longer than the task's credentials that signed it."
  }
}

variable "form_max_bytes" {
  description = "The largest file that a form takes."
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
  description = "How long the handler may work on one upload."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.handler_limit_seconds >= 1 && var.handler_limit_seconds <= 39600 && floor(var.handler_limit_seconds) == var.handler_limit_seconds
    error_message = "handler_limit_seconds takes a whole number from 1 to 39600 (11 hours)."
  }
}

variable "handler_grace_seconds" {
  description = "How long a handler may go on after handler_limit_seconds, when its signal is aborted. Then its thread is ended."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.handler_grace_seconds >= 1 && var.handler_grace_seconds <= 600 && floor(var.handler_grace_seconds) == var.handler_grace_seconds
    error_message = "handler_grace_seconds takes a whole number from 1 to 600."
  }
}

variable "handler_threads" {
  description = "How many threads the handlers of all processor.concurrency share. As many again may run at times: for uploads that must be alone, and for threads that end with the uploads in them."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.handler_threads >= 1 && var.handler_threads <= 64 && floor(var.handler_threads) == var.handler_threads
    error_message = "handler_threads takes a whole number from 1 to 64."
  }
}

variable "handler_heap_mib" {
  description = "How much heap a handler thread may have for its objects; the bytes of a Buffer are not in it. A thread that needs more is ended."
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
  description = "Variables of the handler."
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
  description = "Variables of the handler whose values come from Secrets Manager or Parameter Store: name to ARN."
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
  description = "What the handler may call beyond what the processor may: an IAM policy."
  type        = string
  default     = null
}

variable "handler_security_group_ids" {
  description = "Further security groups of the processor's tasks, for what the handler calls beyond HTTPS."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "handler_writable_paths" {
  description = "Folders that the handler can write in; the image must declare them as VOLUME, owned by its user."
  type        = list(string)
  default     = []
  nullable    = false
}

# Tasks

variable "url_issuer" {
  description = "Size and number of the url-issuer's tasks. requests_per_minute: how many of one task before there is another; max_connections: how many connections a task has open at most (their headers and trailers take 32 MiB of its memory at most, all together); spot: only where clients try again, see modules/service/README.md."
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
  description = "Size and number of the acceptor's tasks. concurrency: events in flight at once; messages: events a task, waiting or in flight, before there is another; protect_after_seconds: see modules/service/README.md on work longer than the stop timeout."
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
  description = "Size and number of the processor's tasks. concurrency: uploads in flight at once; messages: uploads a task, waiting or in flight, before there is another; disable_scale_in and protect_after_seconds: see modules/service/README.md on work longer than the stop timeout."
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
  description = "The least important log lines that are written: trace, debug, info, warn or error."
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
  description = "Whether an apply ends only when all tasks are up."
  type        = bool
  default     = false
  nullable    = false
}

# Alarms

variable "alarm_emails" {
  description = "Addresses that are told of every alarm; each has to confirm once."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "alarm_sms" {
  description = "Telephone numbers that are told of every alarm, such as \"+4915112345678\"."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "alarm_subscriptions" {
  description = "Whoever else is told of every alarm: protocol and endpoint, as SNS knows them."
  type = list(object({
    protocol = string
    endpoint = string
    role_arn = optional(string)
  }))
  default  = []
  nullable = false
}

variable "alarm_thresholds" {
  description = "From where on there is an alarm: answers of the issuer with 5xx in five minutes, milliseconds for the slowest of a hundred answers, failed tasks in five minutes, age of a queue's oldest event in seconds. By default that of accepted events is twice handler_limit_seconds and at least 7200. What is left out is the default of modules/alarms."
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
  description = "Key of yours for the alarms' topic, whose policy lets cloudwatch.amazonaws.com use it."
  type        = string
  default     = null
}
