# Types, defaults and limits of what the services are told, one object for each of the root's variables. It is one long file because
# users look here.

variable "url_issuer" {
  description = "The root's variable url_issuer."
  type = object({
    # CPU units of a task; 1024 are one vCPU.
    cpu = optional(number, 256)

    # Memory of a task in MiB. What goes with which cpu: Amazon ECS Developer Guide, "Fargate task CPU and memory".
    memory = optional(number, 512)

    # The least number of tasks.
    min_tasks = optional(number, 2)

    # The greatest number of tasks.
    max_tasks = optional(number, 10)

    # Requests for each task before another one starts.
    requests_per_minute = optional(number, 3000)

    # The most open connections of a task; their headers and trailers take at most 32 MiB of its memory.
    max_connections = optional(number, 1000)

    # Whether tasks run on Fargate Spot: only if clients try again, see modules/service/README.md.
    spot = optional(bool, false)

    # With spot: how many tasks stay on Fargate on demand.
    on_demand_tasks = optional(number, 1)

    # The path before /getpresignedurl, for clients that use a stage such as "/prod".
    path_prefix = optional(string, "")

    # The beginning of every object key, after uploads/.
    upload_name_part = optional(string, "UploadFilename")

    # Puts a shard before that, uploads/<shard>/<name>-…, so that S3 can divide the writes of one moment: docs/scale.md. Ids do not change, and
    # earlier keys stay valid. To list accepted files by name and day, you then need 32 listings.
    sharded_keys = optional(bool, false)

    # How long an upload can start with a form. A form ends with the credentials that signed it. On ECS these live for at most six
    # hours.
    form_lifetime_seconds = optional(number, 30)

    # The longest lifetime that POST /v1/uploads accepts. S3 rejects older signatures, with a tolerance of 15 minutes for clocks.
    form_lifetime_max_seconds = optional(number, 3600)

    # The largest file that a form accepts.
    form_max_bytes = optional(number, 5368709120)

    # How many unknown API keys an address can send each minute before it gets 429. The same limit holds for each disabled or expired
    # key. It has no effect without a domain_name, because behind API Gateway the issuer does not see clients' addresses.
    bad_keys_per_minute = optional(number, 30)

    # How many status requests (GET /v1/uploads/{id}) an API key can send each second. Twice as many can come at once. They do not count
    # against the rate of the key.
    status_rate_per_second = optional(number, 20)

    # Whether API keys can make upload links. Their page is at the url of the outputs, which the bucket then allows as an origin.
    links = optional(bool, false)

    # How long a link works, if its request does not say.
    link_lifetime_seconds = optional(number, 604800)

    # The longest lifetime of a link that POST /v1/links accepts.
    link_lifetime_max_seconds = optional(number, 2592000)

    # Web origins that the page of a link can lead to when the file was received.
    link_return_origins = optional(list(string), [])

    # How many requests the page of a link can send each minute, and at once.
    link_rate_per_minute = optional(number, 60)

    # How many requests an address can send for any links each minute, and at once. It has no effect without a domain_name, because behind
    # API Gateway the issuer does not see clients' addresses.
    link_address_rate_per_minute = optional(number, 300)

    # The name of your organisation on the page of a link.
    link_page_name = optional(string)

    # The logo on the page of a link: a data: URL of an SVG or PNG, in base64, of at most 32 kB. A task definition of ECS has 64 kB, so a logo
    # with all other settings can have less.
    link_page_logo = optional(string)

    # The colour of the buttons on the page of a link.
    link_page_color = optional(string, "#1d5fa8")

    # The https URL of your privacy note, for the page of a link.
    link_page_privacy_url = optional(string)

    # Web origins whose pages can call the url-issuer. Every visitor can read an API key in a page, so allow only pages for the
    # holders of the key.
    cors_allowed_origins = optional(list(string), [])

    # Web origins to which S3 can send the browser after a form (successRedirect of POST /v1/uploads).
    success_redirect_origins = optional(list(string), [])

    # A Valkey or Redis (not in cluster mode) in which all tasks of the url-issuer count rates together. Set url, or url_secret_arn
    # (Secrets Manager or Parameter Store) if it contains a password. The tasks get access to that port of the
    # security group security_group_id, which is the store's, in the tasks' VPC: network.vpc, or the output vpc_id. That group must allow
    # services.url-issuer.security_group_id. If your KMS key encrypts the secret, name the key in url_secret_kms_key_arn. Without a
    # store, each task counts alone.
    rate_limit_store = optional(object({
      url                    = optional(string)
      url_secret_arn         = optional(string)
      url_secret_kms_key_arn = optional(string)
      security_group_id      = string
      port                   = optional(number, 6379)
    }))
  })
  nullable = false

  validation {
    condition     = alltrue([for name, range in local.whole_numbers.url_issuer : floor(min(max(var.url_issuer[name], range.from), range.to)) == var.url_issuer[name]])
    error_message = join(" ", [for name, range in local.whole_numbers.url_issuer : "url_issuer.${name} takes a whole number from ${range.from} to ${range.to}${try(range.why, "")}; got ${var.url_issuer[name]}." if floor(min(max(var.url_issuer[name], range.from), range.to)) != var.url_issuer[name]])
  }

  validation {
    condition     = can(regex("^/?$|^(/[A-Za-z0-9._~-]+)+/?$", var.url_issuer.path_prefix))
    error_message = "url_issuer.path_prefix takes a path such as \"/prod\", of letters, digits, \"-\", \"_\", \".\" and \"~\", or nothing."
  }

  validation {
    condition     = can(regex("^([^/$\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]|\\x{200c}|\\x{200d})+$", var.url_issuer.upload_name_part)) && length(base64encode(var.url_issuer.upload_name_part)) <= 1200
    error_message = "url_issuer.upload_name_part takes 1 to 900 bytes of UTF-8 without \"/\", \"$\", control characters and characters that hide or reorder text."
  }

  validation {
    condition     = alltrue([for origin in flatten([for name in local.origins : var.url_issuer[name]]) : can(regex(local.origin, origin))])
    error_message = "url_issuer.${join(", ", [for name in local.origins : name if !alltrue([for origin in var.url_issuer[name] : can(regex(local.origin, origin))])])} takes origins such as \"https://www.example.com\": a scheme, a host and perhaps a port; no \"*\"."
  }

  validation {
    condition     = var.url_issuer.link_page_name == null || can(regex("^.{1,80}$", var.url_issuer.link_page_name))
    error_message = "url_issuer.link_page_name takes a name of at most 80 characters."
  }

  validation {
    condition     = var.url_issuer.link_page_logo == null || (can(regex("^data:image/(svg\\+xml|png);base64,[A-Za-z0-9+/]+={0,2}$", var.url_issuer.link_page_logo)) && length(coalesce(var.url_issuer.link_page_logo, "-")) <= 43728)
    error_message = "url_issuer.link_page_logo takes a data: URL of an SVG or PNG of at most 32 kB, such as \"data:image/svg+xml;base64,...\" or \"data:image/png;base64,...\"."
  }

  validation {
    condition     = can(regex("^#[0-9A-Fa-f]{6}$", var.url_issuer.link_page_color))
    error_message = "url_issuer.link_page_color takes a colour such as \"#1d5fa8\"."
  }

  validation {
    condition     = var.url_issuer.link_page_privacy_url == null || can(regex("^https://[^/?#]", var.url_issuer.link_page_privacy_url))
    error_message = "url_issuer.link_page_privacy_url takes an https URL."
  }

  validation {
    condition     = var.url_issuer.rate_limit_store == null || try((var.url_issuer.rate_limit_store.url == null) != (var.url_issuer.rate_limit_store.url_secret_arn == null), false)
    error_message = "url_issuer.rate_limit_store takes either url or url_secret_arn."
  }

  validation {
    condition     = try(var.url_issuer.rate_limit_store.url, null) == null || can(regex("^rediss?://[^/?#@]+(/.*)?$", var.url_issuer.rate_limit_store.url))
    error_message = "url_issuer.rate_limit_store.url is like \"rediss://rates.example.com:6379\"; one with a password belongs in a secret, named by url_secret_arn."
  }

  validation {
    condition     = try(var.url_issuer.rate_limit_store.url_secret_arn, null) == null || can(regex("^arn:aws[a-z-]*:(secretsmanager|ssm):", var.url_issuer.rate_limit_store.url_secret_arn))
    error_message = "url_issuer.rate_limit_store.url_secret_arn is an ARN of Secrets Manager or Parameter Store."
  }

  validation {
    condition     = try(var.url_issuer.rate_limit_store.url_secret_kms_key_arn, null) == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.url_issuer.rate_limit_store.url_secret_kms_key_arn))
    error_message = "url_issuer.rate_limit_store.url_secret_kms_key_arn takes the ARN of a key, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…; aliases are refused, since policies name keys."
  }

  validation {
    condition     = var.reachable_services == null || try(var.url_issuer.rate_limit_store.url_secret_arn, null) == null || contains(coalesce(var.reachable_services, []), try(split(":", var.url_issuer.rate_limit_store.url_secret_arn)[2], ""))
    error_message = "url_issuer.rate_limit_store.url_secret_arn needs a way to its service: name \"secretsmanager\" or \"ssm\" in network.interface_endpoints, or set network.egress = \"nat\" or \"public\"."
  }
}

variable "acceptor" {
  description = "The root's variable acceptor."
  type = object({
    # CPU units of a task; 1024 are one vCPU.
    cpu = optional(number, 256)

    # Memory of a task in MiB. What goes with which cpu: Amazon ECS Developer Guide, "Fargate task CPU and memory".
    memory = optional(number, 512)

    # The least number of tasks. By default 1, and 2 with protect_after_seconds.
    min_tasks = optional(number)

    # The greatest number of tasks.
    max_tasks = optional(number, 10)

    # Events that a task works on at once.
    concurrency = optional(number, 40)

    # Events for each task, waiting or in flight, before another one starts. By default half of concurrency, at most 0.7
    # times it.
    messages = optional(number)

    # Whether tasks run on Fargate Spot, which AWS stops with two minutes' notice: modules/service/README.md. By default true with
    # profile = "small", otherwise false.
    spot = optional(bool, false)

    # With spot: how many tasks stay on Fargate on demand, and go on where Spot has no capacity.
    on_demand_tasks = optional(number, 0)

    # Work that takes longer protects its task against scale-in and deployments: modules/service/README.md, "Work longer than the stop
    # timeout". By default never; recommended: 100.
    protect_after_seconds = optional(number)
  })
  nullable = false

  validation {
    condition     = var.acceptor.concurrency >= 1 && var.acceptor.concurrency <= 256 && floor(var.acceptor.concurrency) == var.acceptor.concurrency
    error_message = "acceptor.concurrency takes a whole number from 1 to 256."
  }

  # A full task must ask for another one before messages wait.
  validation {
    condition     = try(var.acceptor.messages > 0 && var.acceptor.messages <= 0.7 * var.acceptor.concurrency, var.acceptor.messages == null)
    error_message = "acceptor.messages takes a number above 0, up to 0.7 times acceptor.concurrency (${0.7 * var.acceptor.concurrency}): a full task must ask for another one before uploads wait."
  }
}

variable "processor" {
  description = "The root's variable processor."
  type = object({
    # CPU units of a task; 1024 are one vCPU. By default 256 with profile = "small", otherwise 512.
    cpu = optional(number, 512)

    # Memory of a task in MiB. What goes with which cpu: Amazon ECS Developer Guide, "Fargate task CPU and memory". By
    # default 512 with profile = "small", otherwise 1024; with tracing, whose collector needs a part, 1024 and 2048.
    memory = optional(number, 1024)

    # The least number of tasks. By default 1, and 2 with protect_after_seconds.
    min_tasks = optional(number)

    # The greatest number of tasks.
    max_tasks = optional(number, 10)

    # Uploads that a task works on at once. Set it lower for a handler that holds whole files in memory.
    concurrency = optional(number, 40)

    # Uploads for each task, waiting or in flight, before another one starts. By default half of concurrency, at most 0.7
    # times it.
    messages = optional(number)

    # Whether tasks run on Fargate Spot, which AWS stops with two minutes' notice: modules/service/README.md. By default true with
    # profile = "small", otherwise false.
    spot = optional(bool, false)

    # With spot: how many tasks stay on Fargate on demand, and go on where Spot has no capacity.
    on_demand_tasks = optional(number, 0)

    # No scale-in: up to max_tasks stay. Deployments still stop tasks.
    disable_scale_in = optional(bool, false)

    # Work that takes longer protects its task against scale-in and deployments: modules/service/README.md, "Work longer than the stop
    # timeout". By default never; recommended: 100.
    protect_after_seconds = optional(number)

    # How long the handler can work on one upload.
    handler_limit_seconds = optional(number, 3600)

    # How long a handler can continue after handler_limit_seconds, when its signal is aborted. Then its thread is ended.
    handler_grace_seconds = optional(number, 10)

    # How many threads the handlers share. The service can start up to as many again: for uploads that must run alone, and in place of
    # threads that are ending. By default 1 with profile = "small", otherwise 2.
    handler_threads = optional(number, 2)

    # The heap of a handler thread, without the bytes of Buffers. A thread that needs more is ended. By default 128 with profile =
    # "small", otherwise 192.
    handler_heap_mib = optional(number, 192)

    # Environment variables of the handler.
    handler_environment = optional(map(string), {})

    # Environment variables of the handler from Secrets Manager or Parameter Store: name to ARN. Each secret needs its value before tasks
    # start: for one from the same apply, give the ARN of its aws_secretsmanager_secret_version.
    handler_secrets = optional(map(string), {})

    # Your KMS keys that encrypt the secrets of handler_secrets. ECS gets permission to decrypt with them. The policy of each key must allow
    # IAM policies of its account to grant its use. Not needed for AWS managed keys.
    handler_secret_kms_key_arns = optional(list(string), [])

    # An IAM policy with what the handler can call beyond the processor's own permissions. Its JSON can come from the same apply. IAM takes
    # 10,240 characters in all inline policies of a role together, and the processor's own need up to 6,000 of them. If yours is longer, attach a
    # managed policy to the role instead (output services, task_role_arn).
    handler_policy = optional(object({
      json = string
    }))

    # More security groups of the processor's tasks, for what the handler calls beyond HTTPS: groups of the tasks' VPC, which is
    # network.vpc, or the output vpc_id.
    handler_security_group_ids = optional(list(string), [])

    # Folders that the handler can write to. The image must declare them as VOLUME, owned by its user.
    handler_writable_paths = optional(list(string), [])
  })
  nullable = false

  validation {
    condition     = alltrue([for name, range in local.whole_numbers.processor : floor(min(max(var.processor[name], range.from), range.to)) == var.processor[name]])
    error_message = join(" ", [for name, range in local.whole_numbers.processor : "processor.${name} takes a whole number from ${range.from} to ${range.to}${try(range.why, "")}; got ${var.processor[name]}." if floor(min(max(var.processor[name], range.from), range.to)) != var.processor[name]])
  }

  # A full task must ask for another one before messages wait.
  validation {
    condition     = try(var.processor.messages > 0 && var.processor.messages <= 0.7 * var.processor.concurrency, var.processor.messages == null)
    error_message = "processor.messages takes a number above 0, up to 0.7 times processor.concurrency (${0.7 * var.processor.concurrency}): a full task must ask for another one before uploads wait."
  }

  validation {
    condition     = try(var.processor.protect_after_seconds < var.processor.handler_limit_seconds, true)
    error_message = "processor.protect_after_seconds takes a number below processor.handler_limit_seconds (${var.processor.handler_limit_seconds}): no handler works longer than that."
  }

  validation {
    condition     = 2 * var.processor.handler_threads * var.processor.handler_heap_mib + 256 + (var.tracing == null ? 0 : local.collector_memory_mib) <= var.processor.memory
    error_message = "processor.memory (${var.processor.memory} MiB) is too small for the handlers' threads: twice processor.handler_threads (${var.processor.handler_threads}) times processor.handler_heap_mib (${var.processor.handler_heap_mib}), 256 MiB for the service itself, and with tracing ${local.collector_memory_mib} for the collector, are ${2 * var.processor.handler_threads * var.processor.handler_heap_mib + 256 + (var.tracing == null ? 0 : local.collector_memory_mib)} MiB. Lower one of these, or raise processor.memory."
  }

  validation {
    condition     = length([for name in keys(var.processor.handler_environment) : name if contains(local.reserved_names, name) || startswith(name, "AWS_ENDPOINT_URL")]) == 0
    error_message = "processor.handler_environment takes the handler's own variables. The processor's (BUCKET, QUEUE_URL, CONCURRENCY, …) are set by variables of this configuration, and credentials and endpoints of AWS (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL_…) would be the processor's too. Not: ${join(", ", [for name in keys(var.processor.handler_environment) : name if contains(local.reserved_names, name) || startswith(name, "AWS_ENDPOINT_URL")])}."
  }

  validation {
    condition     = alltrue([for name in keys(var.processor.handler_environment) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = "processor.handler_environment takes names of letters, digits and \"_\", the first no digit. Not: ${join(", ", [for name in keys(var.processor.handler_environment) : "\"${name}\"" if !can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])}."
  }

  validation {
    condition     = length([for name in keys(var.processor.handler_secrets) : name if contains(local.reserved_names, name) || startswith(name, "AWS_ENDPOINT_URL") || contains(keys(var.processor.handler_environment), name)]) == 0
    error_message = "processor.handler_secrets takes names that are neither the processor's own, nor the AWS SDK's for credentials and endpoints, nor in processor.handler_environment. Not: ${join(", ", [for name in keys(var.processor.handler_secrets) : name if contains(local.reserved_names, name) || startswith(name, "AWS_ENDPOINT_URL") || contains(keys(var.processor.handler_environment), name)])}."
  }

  # Two, since the ARNs of secrets that are made in the same apply are known too late to be read here.
  validation {
    condition     = var.reachable_services == null || length(var.processor.handler_secrets) == 0 || length(setintersection(coalesce(var.reachable_services, []), ["secretsmanager", "ssm"])) > 0
    error_message = "processor.handler_secrets needs a way to Secrets Manager (\"secretsmanager\") or Parameter Store (\"ssm\"): name it in network.interface_endpoints, or set network.egress = \"nat\" or \"public\"."
  }

  validation {
    condition     = var.reachable_services == null || alltrue([for arn in values(var.processor.handler_secrets) : contains(coalesce(var.reachable_services, []), try(split(":", arn)[2], ""))])
    error_message = "processor.handler_secrets needs a way to each of its services: name ${join(" and ", distinct([for arn in values(var.processor.handler_secrets) : "\"${try(split(":", arn)[2], arn)}\""]))} in network.interface_endpoints, or set network.egress = \"nat\" or \"public\"."
  }

  validation {
    condition     = alltrue([for arn in var.processor.handler_secret_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "processor.handler_secret_kms_key_arns takes ARNs of keys, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…; aliases are refused, since policies name keys."
  }

  validation {
    condition     = alltrue([for name in keys(var.processor.handler_secrets) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = "processor.handler_secrets takes names of letters, digits and \"_\", the first no digit. Not: ${join(", ", [for name in keys(var.processor.handler_secrets) : "\"${name}\"" if !can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])}."
  }
}

variable "reports" {
  description = "The root's variable reports."
  type = object({
    # How many duplicates of an upload are kept, recorded and reported one by one. The same holds for refused versions and orphans of
    # a key. More are counted and removed.
    kept_duplicates = optional(number, 10)

    # More queues that receive every report, beside the alarm's own: existing standard queues of this account and region, one for each
    # reader. If a queue is encrypted with your KMS key, name the key in queue_kms_key_arns.
    queue_arns = optional(list(string), [])

    # Your KMS keys that encrypt the queues of queue_arns. Acceptor and processor get permission to use them. The policy of each key
    # must allow IAM policies of its account to grant its use.
    queue_kms_key_arns = optional(list(string), [])
  })
  nullable = false

  validation {
    condition     = var.reports.kept_duplicates >= 1 && var.reports.kept_duplicates <= 1000 && floor(var.reports.kept_duplicates) == var.reports.kept_duplicates
    error_message = "reports.kept_duplicates takes a whole number from 1 to 1000."
  }

  validation {
    condition     = alltrue([for arn in var.reports.queue_arns : can(regex("^arn:[a-z-]+:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}$", arn))])
    error_message = "reports.queue_arns takes ARNs of standard queues (not of FIFO queues, whose names end with .fifo), such as \"arn:aws:sqs:eu-central-1:123456789012:reports-of-crm\"; got ${jsonencode(var.reports.queue_arns)}."
  }

  # The services send with their own region's endpoint, and the queue's URL is made from its ARN.
  validation {
    condition     = alltrue([for arn in var.reports.queue_arns : startswith(arn, var.own_queues)])
    error_message = "reports.queue_arns takes queues of the account and region of the installation, whose ARNs begin with \"${var.own_queues}\"; got ${jsonencode([for arn in var.reports.queue_arns : arn if !startswith(arn, var.own_queues)])}."
  }

  # Its own queue of reports gets each anyway, and a service would take a report in its queue for an event.
  validation {
    condition     = length(setintersection(var.reports.queue_arns, [for queue in local.own_queue_names : "${var.own_queues}${queue}"])) == 0
    error_message = "reports.queue_arns takes queues of other readers, not those of this installation: ${join(", ", local.own_queue_names)}."
  }

  validation {
    condition     = length(distinct(var.reports.queue_arns)) == length(var.reports.queue_arns)
    error_message = "reports.queue_arns names a queue twice: its reader would get each report twice."
  }

  validation {
    condition     = alltrue([for arn in var.reports.queue_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "reports.queue_kms_key_arns takes ARNs of keys, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…; not aliases, since policies name keys. Got ${jsonencode(var.reports.queue_kms_key_arns)}."
  }
}

variable "webhooks" {
  description = "The root's variable webhooks."
  type = object({
    # The endpoints and their secrets: a secret of Secrets Manager or Parameter Store, with the JSON that docs/webhooks.md describes. ECS
    # reads it when a task starts, so a new value counts from the next deployment. It needs its value before tasks start: for one from
    # the same apply, give the ARN of its aws_secretsmanager_secret_version.
    secret_arn = string

    # Your KMS key that encrypts the secret. ECS gets permission to use it. The key's policy must allow IAM policies of its account to
    # grant its use. Not needed for the AWS managed key.
    secret_kms_key_arn = optional(string)

    # Origins that can be http or have a private address, each exactly as in the endpoint's URL. By default none.
    allowed_origins = optional(list(string), [])

    # How long the downloadUrl of an accepted file works. By default the events have none. A URL ends with the credentials that signed it, which
    # on ECS live for at most six hours, so some work shorter.
    download_seconds = optional(number, 0)

    # More security groups of the tasks, for endpoints at other ports than 443: groups of the tasks' VPC, which is network.vpc, or the
    # output vpc_id.
    security_group_ids = optional(list(string), [])

    # CPU units of a task; 1024 are one vCPU.
    cpu = optional(number, 256)

    # Memory of a task in MiB. What goes with which cpu: Amazon ECS Developer Guide, "Fargate task CPU and memory".
    memory = optional(number, 512)

    # The least number of tasks.
    min_tasks = optional(number, 1)

    # The greatest number of tasks.
    max_tasks = optional(number, 10)

    # Events that a task sends at once. If there are several endpoints, one gets at most a quarter of them.
    concurrency = optional(number, 40)

    # Events for each task, waiting or in flight, before another one starts. Retries that wait do not count. By default half of
    # concurrency, at most 0.7 times it.
    messages = optional(number)

    # Whether tasks run on Fargate Spot, which AWS stops with two minutes' notice: modules/service/README.md. By default true with
    # profile = "small", otherwise false.
    spot = optional(bool, false)

    # With spot: how many tasks stay on Fargate on demand, and go on where Spot has no capacity.
    on_demand_tasks = optional(number, 0)
  })
  default = null

  validation {
    condition     = var.webhooks == null || try(var.webhooks.download_seconds >= 0 && var.webhooks.download_seconds <= 21600 && floor(var.webhooks.download_seconds) == var.webhooks.download_seconds, false)
    error_message = "webhooks.download_seconds takes a whole number from 0 (no URL) to 21600 (6 hours): a URL works no longer than the task's credentials that signed it."
  }

  validation {
    condition     = var.webhooks == null || try(var.webhooks.concurrency >= 1 && var.webhooks.concurrency <= 256 && floor(var.webhooks.concurrency) == var.webhooks.concurrency, false)
    error_message = "webhooks.concurrency takes a whole number from 1 to 256."
  }

  validation {
    condition     = var.webhooks == null || can(regex("^arn:aws[a-z-]*:(secretsmanager|ssm):", var.webhooks.secret_arn))
    error_message = "webhooks.secret_arn takes an ARN of Secrets Manager or Parameter Store."
  }

  validation {
    condition     = try(var.webhooks.secret_kms_key_arn, null) == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.webhooks.secret_kms_key_arn))
    error_message = "webhooks.secret_kms_key_arn takes the ARN of a key, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…; aliases are refused, since policies name keys."
  }

  validation {
    condition     = var.webhooks == null || alltrue([for origin in try(var.webhooks.allowed_origins, []) : can(regex("^https?://([a-z0-9.-]+|\\[[0-9a-f:.]+\\])(:[0-9]{1,5})?$", origin))])
    error_message = "webhooks.allowed_origins takes origins such as \"https://crm.internal.example.com:8443\": a scheme, a host and perhaps a port; no path and no \"*\"."
  }

  validation {
    condition     = try(var.webhooks.messages > 0 && var.webhooks.messages <= 0.7 * var.webhooks.concurrency, try(var.webhooks.messages, null) == null)
    error_message = "webhooks.messages takes a number above 0, up to 0.7 times webhooks.concurrency (${try(0.7 * var.webhooks.concurrency, 0)}): a full task must ask for another one before events wait."
  }
}

variable "tracing" {
  description = "The root's variable tracing."
  type = object({
    # Which part of the uploads has a trace, from 0 to 1. A client that sends a traceparent decides for its own upload.
    sample_ratio = optional(number, 0.05)

    # Where the collector sends spans: "otlp", the endpoint of X-Ray for OTLP, which needs Transaction Search in the account and region;
    # or "awsxray" without Transaction Search.
    exporter = optional(string, "otlp")

    # The image of the collector. With network.egress = "endpoints" it must be a copy in ECR in this region, as tasks reach no other
    # registry.
    collector_image = optional(string, "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0")
  })
  default = null

  validation {
    condition     = var.tracing == null || try(var.tracing.sample_ratio >= 0 && var.tracing.sample_ratio <= 1, false)
    error_message = "tracing.sample_ratio takes a number from 0 to 1."
  }

  validation {
    condition     = var.tracing == null || contains(["otlp", "awsxray"], try(var.tracing.exporter, ""))
    error_message = "tracing.exporter takes \"otlp\" or \"awsxray\"."
  }

  validation {
    condition     = var.tracing == null || can(regex("^[^\\s:@]+(:[0-9]+/[^\\s:@]+)?(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})$", var.tracing.collector_image))
    error_message = "tracing.collector_image takes a name with a tag or a digest."
  }

  # Null: tasks reach every registry.
  validation {
    condition     = var.tracing == null || var.reachable_services == null || can(regex("^[0-9]{12}\\.dkr\\.ecr\\.${split(":", var.own_queues)[3]}\\.", var.tracing.collector_image))
    error_message = "tracing.collector_image takes an image of ECR in this region with network.egress = \"endpoints\", because tasks reach no other registry: push a copy of public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0 there."
  }
}

variable "iam" {
  description = "The root's variable iam."
  type = object({
    # The path of every role, such as "/uploads/". You cannot change it while tasks run: every role is created again, running tasks lose their
    # permissions until new ones have replaced them, and a rollback finds no role. Deploy a second installation instead.
    path = optional(string, "/")

    # A managed policy that limits every role, as a permissions boundary. It must allow what the code of services and audit does (output
    # task_policies), and what starts, schedules and protects tasks, sends traces and replicates files: modules/service/roles.tf,
    # modules/audit/roles.tf, modules/storage/replication.tf.
    permissions_boundary_arn = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^/([A-Za-z0-9_.@=,+-]+/)*$", var.iam.path)) && length(var.iam.path) <= 512
    error_message = "iam.path takes \"/\", or a path of up to 512 letters, digits, \"/\" and \"_.@=,+-\" that begins and ends with a slash, such as \"/uploads/\". In policies, \"*\", \"?\" and \"$\" would stand for something else."
  }

  validation {
    condition     = var.iam.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.iam.permissions_boundary_arn))
    error_message = "iam.permissions_boundary_arn takes the ARN of a managed policy, such as arn:aws:iam::123456789012:policy/boundary."
  }
}

variable "name" {
  description = "The root's variable name."
  type        = string
  nullable    = false
}

variable "own_queues" {
  description = "What the ARNs of all queues of this account and region begin with."
  type        = string
  nullable    = false
}

variable "reachable_services" {
  description = "The services of AWS that tasks reach beyond what upload-once needs, as the end of their endpoints' names. Null if tasks reach all of them."
  type        = set(string)
  default     = null
}
