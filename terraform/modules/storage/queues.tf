# Redrive, redrive-allow and access policy are resources of their own: so the queues of events and dead letters are made side by side, and the
# provider's wait for each (some 25 seconds) is paid twice, not four times.

resource "aws_sqs_queue" "events" {
  for_each = local.queue_names

  name                       = each.value
  message_retention_seconds  = var.settings.message_retention_days * 86400
  visibility_timeout_seconds = var.settings.visibility_seconds
  receive_wait_time_seconds  = 20
  sqs_managed_sse_enabled    = var.settings.queue_kms_key_arn == null ? true : null
  kms_master_key_id          = var.settings.queue_kms_key_arn
  tags                       = var.tags

  # SQS deletes an event whose retention is over, and sends it to no dead-letter queue.
  lifecycle {
    precondition {
      condition     = local.longest_in_queue_seconds[each.key] <= var.settings.message_retention_days * 86400
      error_message = "storage.message_retention_days (${var.settings.message_retention_days}) is too short: an event of ${each.key} that fails each time can be in its queue for ${local.longest_in_queue_seconds[each.key]} seconds, and would expire before it reached the dead-letter queue. Set storage.message_retention_days to at least ${ceil(local.longest_in_queue_seconds[each.key] / 86400)} (13 is the most), or lower storage.max_receive_count.${each.key} (${var.settings.max_receive_count[each.key]}), storage.visibility_seconds (${var.settings.visibility_seconds}) or the longest work on an event (${var.longest_work_seconds[each.key]} seconds). The whole installation calculates the longest work of accepted_events from processor.handler_limit_seconds, processor.handler_grace_seconds, processor.handler_threads and processor.concurrency. Each receive but the last takes up to the longest work, storage.visibility_seconds, a wait of 900 seconds or storage.visibility_seconds, whichever is longer, and 15 seconds for reads of the queue's settings; the last takes up to 12 hours."
    }
  }
}

resource "aws_sqs_queue" "dead_letter" {
  for_each = local.queue_names

  name                      = "${each.value}-dead-letter"
  message_retention_seconds = var.settings.dead_letter_retention_days * 86400
  sqs_managed_sse_enabled   = var.settings.queue_kms_key_arn == null ? true : null
  kms_master_key_id         = var.settings.queue_kms_key_arn
  tags                      = var.tags
}

# The queue of reports. The alarm counts the messages that are sent to it, and an operator reads them. No service deletes
# messages from it, so it keeps them as long as SQS can.
resource "aws_sqs_queue" "upload_reports" {
  name                      = "${var.name}-upload-reports"
  message_retention_seconds = 14 * 86400
  sqs_managed_sse_enabled   = var.settings.queue_kms_key_arn == null ? true : null
  kms_master_key_id         = var.settings.queue_kms_key_arn
  tags                      = var.tags
}

resource "aws_sqs_queue_policy" "upload_reports" {
  queue_url = aws_sqs_queue.upload_reports.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = aws_sqs_queue.upload_reports.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_sqs_queue_redrive_policy" "events" {
  for_each = local.queue_names

  queue_url = aws_sqs_queue.events[each.key].id
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letter[each.key].arn
    maxReceiveCount     = var.settings.max_receive_count[each.key]
  })
}

resource "aws_sqs_queue_redrive_allow_policy" "dead_letter" {
  for_each = local.queue_names

  queue_url = aws_sqs_queue.dead_letter[each.key].id
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.events[each.key].arn]
  })
}

# Amazon S3 User Guide, "Granting permissions to publish event notification messages to a destination"
# (https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html). The policy names
# the account and the bucket's ARN, because the ARN has no account in it: any account can create a bucket of a deleted name.
resource "aws_sqs_queue_policy" "events" {
  for_each = local.queue_names

  queue_url = aws_sqs_queue.events[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for statement in [
        {
          Sid       = "EventsOfTheBucket"
          Effect    = "Allow"
          Principal = { Service = "s3.amazonaws.com" }
          Action    = "sqs:SendMessage"
          Resource  = aws_sqs_queue.events[each.key].arn
          Condition = {
            ArnEquals    = { "aws:SourceArn" = aws_s3_bucket.this.arn }
            StringEquals = { "aws:SourceAccount" = local.account_id }
          }
        },
        {
          Sid       = "OnlyTls"
          Effect    = "Deny"
          Principal = "*"
          Action    = "sqs:*"
          Resource  = aws_sqs_queue.events[each.key].arn
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
      ] : statement if statement.Effect == "Deny" || contains(keys(local.pipelines), each.key)
    ]
  })
}

resource "aws_sqs_queue_policy" "dead_letter" {
  for_each = local.queue_names

  queue_url = aws_sqs_queue.dead_letter[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = aws_sqs_queue.dead_letter[each.key].arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}
