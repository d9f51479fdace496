data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  # Buckets have one namespace, over all accounts and regions.
  bucket_name = coalesce(var.settings.bucket_name, "${var.name}-${local.account_id}-${data.aws_region.current.id}")

  # The prefixes are the code's: packages/uploads/src/domain/upload-key.ts.
  pipelines = {
    upload_events   = { prefix = "uploads/", queue_name = "${var.name}-upload-events" }
    accepted_events = { prefix = "accepted/", queue_name = "${var.name}-accepted-events" }
  }

  # Both domains, as in the root's policies.tf.
  via_s3 = distinct([for domain in ["amazonaws.com", data.aws_partition.current.dns_suffix] : "s3.*.${domain}"])

  replication_failures_id = "replication_failures"

  own_rule_ids = ["leftovers", "uploads", "accepted"]
  # Classes that a file must be restored from before it can be read (Amazon S3 User Guide, "Understanding archive storage classes"): the
  # processor cannot.
  archive_classes = ["GLACIER", "DEEP_ARCHIVE"]
  # In the order in which an object can go through them (Amazon S3 User Guide, "Transitioning objects using Amazon S3 Lifecycle").
  storage_classes    = ["STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]
  infrequent_classes = ["STANDARD_IA", "ONEZONE_IA"]

  # Each with a dead-letter queue. S3 sends nothing to that of the webhooks: the services do, by their own permissions.
  queue_names = merge(
    { for name, pipeline in local.pipelines : name => pipeline.queue_name },
    var.webhooks ? { webhooks = "${var.name}-webhooks" } : {},
  )

  # All but the last receive of an event take up to the longest work and this time: longestTimeInQueueSeconds in
  # packages/queue/src/longest-time-in-queue.ts, which says what each number is.
  receive_overhead_seconds = var.settings.visibility_seconds + max(900, var.settings.visibility_seconds) + 15

  # The longest time from an event's first receive until its queue moves it to the dead-letter queue.
  longest_in_queue_seconds = { for queue, count in var.settings.max_receive_count : queue =>
    (count - 1) * (var.longest_work_seconds[queue] + local.receive_overhead_seconds) + 43200
  }
}
