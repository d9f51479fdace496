resource "aws_s3_bucket_lifecycle_configuration" "this" {
  #checkov:skip=CKV_AWS_300:The first rule does it; the check sees no rule that stands beside a dynamic one.
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

  dynamic "rule" {
    for_each = var.settings.accepted_expire_days == null ? [] : [var.settings.accepted_expire_days]

    content {
      id     = "accepted"
      status = "Enabled"

      filter {
        prefix = "accepted/"
      }

      expiration {
        days = rule.value
      }

      noncurrent_version_expiration {
        noncurrent_days = var.settings.noncurrent_expire_days
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
