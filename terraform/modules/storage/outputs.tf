output "settings" {
  description = "The settings, with their defaults."
  value       = var.settings
}

output "bucket" {
  description = "The bucket of uploads/ and accepted/."
  value = {
    name = aws_s3_bucket.this.bucket
    arn  = aws_s3_bucket.this.arn
  }
}

output "request_metrics" {
  description = "Where CloudWatch has the requests under uploads/: the bucket's name and the id of their filter. Null without request_metrics."
  value       = one([for metric in aws_s3_bucket_metric.uploads : { bucket_name = metric.bucket, filter_id = metric.name }])
}

output "uploads_protected" {
  description = "Whether the bucket's policy keeps everyone but the acceptor from removing or covering uploads. The acceptor's UPLOADS_PROTECTED."
  value       = local.are_uploads_protected

  # The acceptor relies on the policy from its first event on.
  depends_on = [aws_s3_bucket_policy.this]
}

output "queues" {
  description = "The queues of the acceptor (upload_events), the processor (accepted_events) and, with webhooks, the webhook-sender (webhooks), the dead-letter queue of each, and the report queue (upload_reports)."
  value = merge(
    { for name, queue in aws_sqs_queue.events : name => { name = queue.name, url = queue.url, arn = queue.arn } },
    { for name, queue in aws_sqs_queue.dead_letter : "${name}_dead_letter" => { name = queue.name, url = queue.url, arn = queue.arn } },
    { upload_reports = {
      name = aws_sqs_queue.upload_reports.name
      url  = aws_sqs_queue.upload_reports.url
      arn  = aws_sqs_queue.upload_reports.arn
    } },
  )

  # A consumer does not start on a queue without a redrive policy (packages/queue/src): it exits with an error.
  depends_on = [
    aws_sqs_queue_redrive_policy.events,
    aws_sqs_queue_redrive_allow_policy.dead_letter,
    aws_sqs_queue_policy.events,
    aws_sqs_queue_policy.dead_letter,
    aws_sqs_queue_policy.upload_reports,
  ]
}

output "longest_in_queue_seconds" {
  description = "For each queue: the longest time from an event's first receive until it is in the dead-letter queue."
  value       = local.longest_in_queue_seconds
}

output "tables" {
  description = "The tables of uploads and of API keys that the services use."
  value       = local.tables_in_use

  # The names alone are known before the tables are there.
  depends_on = [aws_dynamodb_table.this]
}

output "replication_role_arn" {
  description = "The role by which S3 replicates accepted/, for the policy of the bucket there; null without a replica."
  value       = one(aws_iam_role.replication[*].arn)
}

output "replication_failures" {
  description = "The queue of the files that S3 could not copy, by name (queue_name); null without a replica."
  value       = one([for queue in aws_sqs_queue.replication_failures : { queue_name = queue.name }])
}
