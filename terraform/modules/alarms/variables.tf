variable "name" {
  description = "The beginning of the names of topic, alarms, rules and dashboard."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,39}$", var.name)) && !endswith(var.name, "-")
    error_message = "name takes 2 to 40 lower-case letters, digits and \"-\", a letter first and no \"-\" last."
  }
}

variable "environment" {
  description = "The dimension Environment of the services' metrics: their ENVIRONMENT."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", var.environment))
    error_message = "environment takes 1 to 64 letters, digits, \".\", \"_\" or \"-\", the first a letter or digit, as the services' ENVIRONMENT does."
  }
}

variable "queues" {
  description = "The queues, as the output of the module storage."
  type = object({
    upload_events               = object({ name = string })
    upload_events_dead_letter   = object({ name = string })
    accepted_events             = object({ name = string })
    accepted_events_dead_letter = object({ name = string })
    upload_reports              = object({ name = string })
    webhooks                    = optional(object({ name = string }))
    webhooks_dead_letter        = optional(object({ name = string }))
  })
  nullable = false
}

variable "cluster" {
  description = "The ECS cluster of the services."
  type = object({
    name = string
    arn  = string
  })
  nullable = false
}

variable "services" {
  description = "The ECS service of each of url-issuer, acceptor, processor and, with webhooks, webhook-sender, by name."
  type        = map(string)
  nullable    = false

  validation {
    condition     = toset(keys(var.services)) == toset(concat(["url-issuer", "acceptor", "processor"], var.queues.webhooks == null ? [] : ["webhook-sender"]))
    error_message = "services takes exactly the keys url-issuer, acceptor, processor and, if queues has webhooks, webhook-sender, each with the name of its ECS service."
  }
}

variable "load_balancer" {
  description = "The load balancer of the issuer, by the end of its ARN (arn_suffix). Its own errors raise an alarm. Null if there is none."
  type        = object({ arn_suffix = string })
  default     = null
}

variable "api" {
  description = "The HTTP API of the issuer, by its id. Its errors raise an alarm, which rolls back deployments of the issuer if rolls_back is true: false where each replacement of a task causes some. Null if there is none."
  type        = object({ id = string, rolls_back = optional(bool, true) })
  default     = null
}

variable "audit" {
  description = "Whether an audit runs each day. Alarms go off if it finds something, or if it does not run."
  type        = bool
  default     = false
  nullable    = false
}

variable "request_metrics" {
  description = "The request metrics of the bucket's uploads/: its name, and the id of their filter. Null if there are none."
  type        = object({ bucket_name = string, filter_id = string })
  default     = null
}

variable "replication_failures" {
  description = "The queue of the files that S3 could not copy to another region, by name. Each message raises an alarm. Null if there is none."
  type        = object({ queue_name = string })
  default     = null
}

variable "dead_letters" {
  description = "How many days dead letters are kept, and for each queue the longest time of an event before it is one."
  type = object({
    retention_days           = number
    longest_in_queue_seconds = map(number)
  })
  nullable = false
}

variable "settings" {
  description = "The root's variable alarms."
  type = object({
    # E-mail addresses that receive every alarm. Each first gets a mail with a link to confirm.
    emails = optional(list(string), [])

    # Telephone numbers that receive every alarm.
    sms = optional(list(string), [])

    # Other receivers of every alarm: an HTTPS address, a queue, a function, a stream, an app. Only firehose needs role_arn.
    subscriptions = optional(list(object({
      protocol = string
      endpoint = string
      role_arn = optional(string)
    })), [])

    # Your KMS key for the topic. Its policy must allow cloudwatch.amazonaws.com to use kms:Decrypt and kms:GenerateDataKey*. By
    # default none, because no alarm arrives with the AWS managed key (alias/aws/sns).
    kms_key_arn = optional(string)

    # Whether an alarm that a deployment can cause rolls it back: 5xx responses, dead letters, failed tasks.
    roll_back_deployments = optional(bool, true)

    # The number of 5xx responses in five minutes that raises an alarm.
    issuer_errors = optional(number, 5)

    # The time of the slowest of a hundred responses that raises an alarm if it lasts.
    issuer_p99_milliseconds = optional(number, 2000)

    # The number of failed tasks of one service in five minutes that raises an alarm. By default one alone does not end a deployment: a first
    # task can fail because its new role is not known everywhere yet.
    task_failures = optional(number, 2)

    # The age of the acceptor's oldest event, in seconds, that raises an alarm.
    upload_events_age_seconds = optional(number, 900)

    # The age of the processor's oldest event, in seconds, that raises an alarm. By default twice processor.handler_limit_seconds, and
    # at least 7200.
    accepted_events_age_seconds = optional(number)

    # The age of the webhook-sender's oldest event, in seconds, that raises an alarm. An event that waits for a retry is up to 900 seconds old.
    webhooks_age_seconds = optional(number, 1800)

    # The number of requests under uploads/ in five minutes that S3 refuses (4xx) that raises an alarm, with storage.request_metrics.
    uploads_refused = optional(number, 50)

    # How many days before a dead letter expires a mail comes each day. It comes in the dead letter's second day at the earliest.
    dead_letters_left_days = optional(number, 10)

    # Whether this installation makes the resource policy of CloudWatch Logs by which ECS's events reach the log groups of task failures. It
    # is for all installations of the account in the region, and CloudWatch Logs takes ten such policies there: with several
    # installations, set false in all but one. If that one is destroyed, set true in another.
    log_resource_policy = optional(bool, true)

    # The number of failed attempts to send a webhook that raises an alarm, if it is reached in each of two half-hours in a row.
    webhook_attempts_failed = optional(number, 1)
  })
  nullable = false

  validation {
    condition     = alltrue([for email in var.settings.emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "alarms.emails takes addresses such as \"on-call@example.com\"."
  }

  validation {
    condition     = alltrue([for number in var.settings.sms : can(regex("^\\+[1-9][0-9]{6,14}$", number))])
    error_message = "alarms.sms takes numbers with + and the country's code, digits alone, such as \"+4915112345678\"."
  }

  validation {
    condition     = alltrue([for subscription in var.settings.subscriptions : contains(["email", "email-json", "sms", "https", "sqs", "lambda", "firehose", "application"], subscription.protocol)])
    error_message = "alarms.subscriptions take the protocol email, email-json, sms, https, sqs, lambda, firehose or application. Plain http is refused, because others on the network could read and forge alarms."
  }

  validation {
    condition     = alltrue([for subscription in var.settings.subscriptions : (subscription.protocol == "firehose") == (subscription.role_arn != null)])
    error_message = "alarms.subscriptions take a role_arn only with the protocol firehose."
  }

  # CloudWatch may not use alias/aws/sns, and its policy can't be changed: AWS re:Post, "How do I use an encrypted SNS topic
  # with CloudWatch alarms" (https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns).
  validation {
    condition     = var.settings.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.settings.kms_key_arn))
    error_message = "alarms.kms_key_arn takes the ARN of your own key, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…; CloudWatch cannot publish with the AWS managed key of SNS."
  }

  validation {
    condition     = alltrue([for name in local.counts : var.settings[name] >= 1])
    error_message = "alarms.${join(", ", [for name in local.counts : name if var.settings[name] < 1])} takes a number from 1."
  }

  validation {
    condition     = var.settings.upload_events_age_seconds >= 60 && var.settings.upload_events_age_seconds <= 1209600
    error_message = "alarms.upload_events_age_seconds takes 60 to 1209600 (14 days, all that SQS keeps)."
  }

  validation {
    condition     = try(var.settings.accepted_events_age_seconds >= 60 && var.settings.accepted_events_age_seconds <= 1209600, true)
    error_message = "alarms.accepted_events_age_seconds takes 60 to 1209600 (14 days, all that SQS keeps)."
  }

  validation {
    condition     = try(var.settings.accepted_events_age_seconds >= var.handler_limit_seconds, true)
    error_message = "alarms.accepted_events_age_seconds takes a number from processor.handler_limit_seconds (${var.handler_limit_seconds}): an event in flight counts, and would raise the alarm while its handler works."
  }

  validation {
    condition     = var.settings.webhooks_age_seconds >= 960 && var.settings.webhooks_age_seconds <= 1209600
    error_message = "alarms.webhooks_age_seconds takes 960 to 1209600 (14 days, all that SQS keeps): an event that waits for a retry is up to 900 seconds old."
  }

  validation {
    condition     = var.settings.dead_letters_left_days >= 1 && var.settings.dead_letters_left_days <= 13
    error_message = "alarms.dead_letters_left_days takes 1 to 13: SQS keeps a message for 14 days at most."
  }
}

variable "handler_limit_seconds" {
  description = "The processor's HANDLER_LIMIT_SECONDS: an event in flight counts in the age of its queue's oldest event."
  type        = number
  nullable    = false
}

variable "log_retention_days" {
  description = "How long the reasons of failed tasks are kept."
  type        = number
  nullable    = false
}

variable "log_kms_key_arn" {
  description = "Your KMS key for the log group. By default CloudWatch's own."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that can have tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
