resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:Every upload has its item in the table; who called S3 is recorded where trail_retention_days asks for it (modules/trail).
  #checkov:skip=CKV_AWS_144:A copy in another region is a variable (replica): it doubles the cost, and may break a rule on where the files lie.
  #checkov:skip=CKV_AWS_145:A key of the user's is a variable (kms_key_arn); without one it is S3's own, AES-256.
  bucket        = local.bucket_name
  force_destroy = var.force_destroy
  tags          = var.tags
}

# Amazon S3 User Guide, "Enabling versioning on buckets": after the first time, wait 15 minutes before the first write.
resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = var.settings.kms_key_arn == null ? null : true

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.settings.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.settings.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

locals {
  cors_allowed_origins = concat(var.settings.cors_allowed_origins, var.page_origins)
}

resource "aws_s3_bucket_cors_configuration" "this" {
  count  = length(local.cors_allowed_origins) == 0 ? 0 : 1
  bucket = aws_s3_bucket.this.id

  cors_rule {
    allowed_origins = local.cors_allowed_origins
    allowed_methods = var.settings.allow_presigned_put ? ["POST", "PUT"] : ["POST"]
    allowed_headers = ["*"]
    # The version that S3 stored, and the checksum that it made or compared (Amazon S3 API Reference, "PutObject", "Response Elements").
    expose_headers = [
      "ETag", "x-amz-version-id", "x-amz-checksum-type", "x-amz-checksum-crc32", "x-amz-checksum-crc32c",
      "x-amz-checksum-crc64nvme", "x-amz-checksum-sha1", "x-amz-checksum-sha256",
    ]
    max_age_seconds = 3600
  }
}

# For every way in: Post, Put, Copy and CompleteMultipartUpload are all that AWS has today, and one that it adds would
# be a way past the acceptor if they were listed here.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
resource "aws_s3_bucket_notification" "this" {
  bucket      = aws_s3_bucket.this.id
  eventbridge = var.settings.backed_up || var.settings.notifications.eventbridge

  dynamic "queue" {
    for_each = local.pipelines

    content {
      id            = queue.key
      queue_arn     = aws_sqs_queue.events[queue.key].arn
      events        = ["s3:ObjectCreated:*"]
      filter_prefix = queue.value.prefix
    }
  }

  dynamic "queue" {
    for_each = aws_sqs_queue.replication_failures

    content {
      id        = local.replication_failures_id
      queue_arn = queue.value.arn
      events    = ["s3:Replication:OperationFailedReplication"]
    }
  }

  dynamic "queue" {
    for_each = var.settings.notifications.queues

    content {
      id            = queue.value.id
      queue_arn     = queue.value.arn
      events        = queue.value.events
      filter_prefix = queue.value.prefix
      filter_suffix = queue.value.suffix
    }
  }

  dynamic "topic" {
    for_each = var.settings.notifications.topics

    content {
      id            = topic.value.id
      topic_arn     = topic.value.arn
      events        = topic.value.events
      filter_prefix = topic.value.prefix
      filter_suffix = topic.value.suffix
    }
  }

  dynamic "lambda_function" {
    for_each = var.settings.notifications.functions

    content {
      id                  = lambda_function.value.id
      lambda_function_arn = lambda_function.value.arn
      events              = lambda_function.value.events
      filter_prefix       = lambda_function.value.prefix
      filter_suffix       = lambda_function.value.suffix
    }
  }

  # S3 tries the queue with a message of its own before it takes the configuration.
  depends_on = [aws_sqs_queue_policy.events, aws_sqs_queue_policy.replication_failures]
}

# Amazon S3 User Guide, "Creating a metrics configuration that filters by prefix, object tag, or access point".
resource "aws_s3_bucket_metric" "uploads" {
  count = var.settings.request_metrics ? 1 : 0

  bucket = aws_s3_bucket.this.id
  name   = "uploads"

  filter {
    prefix = local.pipelines.upload_events.prefix
  }
}
