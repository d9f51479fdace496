resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  # S3 API Reference, "LifecycleExpiration": the removal of delete markers can't stand in a rule that counts days.
  rule {
    id     = "leftovers"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = var.settings.unfinished_multipart_days
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  rule {
    id     = "uploads"
    status = "Enabled"

    filter {
      prefix = "uploads/"
    }

    expiration {
      days = var.settings.uploads_expire_days
    }

    noncurrent_version_expiration {
      noncurrent_days = var.settings.noncurrent_expire_days
    }
  }

  # A noncurrent version is one that a delete marker or a later version covers. The lifecycle never counts the days of a current one here
  # (Amazon S3 API Reference, "NoncurrentVersionExpiration").
  rule {
    id     = "accepted"
    status = "Enabled"

    filter {
      prefix = "accepted/"
    }

    dynamic "expiration" {
      for_each = var.settings.accepted_expire_days == null ? [] : [var.settings.accepted_expire_days]

      content {
        days = expiration.value
      }
    }

    noncurrent_version_expiration {
      noncurrent_days = var.settings.accepted_noncurrent_expire_days
    }
  }

  dynamic "rule" {
    for_each = var.settings.lifecycle_rules

    content {
      id     = rule.value.id
      status = "Enabled"

      filter {
        prefix = rule.value.prefix
      }

      dynamic "expiration" {
        for_each = rule.value.expire_days == null ? [] : [rule.value.expire_days]

        content {
          days = expiration.value
        }
      }

      dynamic "noncurrent_version_expiration" {
        for_each = rule.value.noncurrent_expire_days == null ? [] : [rule.value.noncurrent_expire_days]

        content {
          noncurrent_days = noncurrent_version_expiration.value
        }
      }

      dynamic "transition" {
        for_each = rule.value.transitions

        content {
          days          = transition.value.days
          storage_class = transition.value.storage_class
        }
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
