data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  # Of the AWS Management Console: AWS General Reference, "AWS Management Console endpoints".
  console_domain = lookup({ aws-cn = "console.amazonaws.cn", aws-us-gov = "console.amazonaws-us-gov.com" }, local.partition, "console.aws.amazon.com")

  # Settings that are numbers of something, from 1.
  counts = ["issuer_errors", "issuer_p99_milliseconds", "task_failures", "uploads_refused", "webhook_attempts_failed"]

  # An event in flight counts as waiting: longer than a handler may take, and its second attempt.
  oldest_message_seconds = {
    upload_events   = var.settings.upload_events_age_seconds
    accepted_events = coalesce(var.settings.accepted_events_age_seconds, max(7200, 2 * var.handler_limit_seconds))
    webhooks        = var.settings.webhooks_age_seconds
  }

  has_webhooks = var.queues.webhooks != null
  # Each with a dead-letter queue.
  watched_queues = concat(["upload_events", "accepted_events"], local.has_webhooks ? ["webhooks"] : [])

  # Made by `make docs` from packages/runtime/src/metrics.ts: each metric with the services that write it. An alarm or a widget on a
  # name that does not stand there does not plan.
  namespace  = "UploadOnce"
  written_by = jsondecode(file("${path.module}/metrics.json"))

  # The writers that there are: without webhooks no service writes a metric of them, and the audit can be off.
  writers = {
    for metric, services in local.written_by : metric => [
      for service in services : service if contains(concat(keys(var.services), var.audit ? ["audit"] : []), service) && (local.has_webhooks || !startswith(metric, "Webhook"))
    ]
  }
}
