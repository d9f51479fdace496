# A bucket for the copies of accepted/ alone. Object Lock is here and not on the installation's bucket, because a default retention is a bucket's,
# not a prefix's: there it would keep every upload, duplicate and leftover under uploads/ from being removed.
resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:Only one role can write here; who called S3 is for a trail of the account.
  #checkov:skip=CKV_AWS_144:It is the copy in another region.
  #checkov:skip=CKV_AWS_145:A key of the user's is a variable (kms_key_arn); without one it is S3's own, AES-256.
  #checkov:skip=CKV2_AWS_62:Nothing is to happen when a copy comes.
  bucket = var.bucket_name
  # Of a bucket that is made with a lock; later the configuration below switches it on (Amazon S3 User Guide, "Configuring S3 Object Lock").
  object_lock_enabled = var.object_lock != null
  tags                = var.tags

  # To replace it would be to lose the copies: S3 keeps a bucket that has files, and the plan would remove its policy and versions before.
  lifecycle {
    ignore_changes  = [object_lock_enabled]
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

# Amazon S3 User Guide, "What does Amazon S3 replicate?": a copy gets the retention of its bucket when it comes.
resource "aws_s3_bucket_object_lock_configuration" "this" {
  count = var.object_lock == null ? 0 : 1

  bucket = aws_s3_bucket.this.id

  rule {
    default_retention {
      mode = var.object_lock.mode
      days = var.object_lock.days
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = var.kms_key_arn == null ? null : true

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
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

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  #checkov:skip=CKV_AWS_300:The first rule does it; checkov does not see it beside a rule that can be absent.
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "leftovers"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }

  dynamic "rule" {
    for_each = var.expire_days == null ? [] : [var.expire_days]

    content {
      id     = "copies"
      status = "Enabled"

      filter {}

      expiration {
        days = rule.value
      }

      noncurrent_version_expiration {
        noncurrent_days = 1
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      # To the role of the replication, nothing is denied here: S3 copies no file where a bucket's policy denies it s3:ReplicateObject,
      # s3:ReplicateDelete or s3:ReplicateTags (Amazon S3 User Guide, "Troubleshooting replication"). Its own policy lets it copy no deletion.
      {
        Sid       = "OnlyCopies"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["s3:PutObject", "s3:ReplicateObject", "s3:ReplicateDelete"]
        Resource  = "${aws_s3_bucket.this.arn}/*"
        Condition = { ArnNotEquals = { "aws:PrincipalArn" = var.replication_role_arn } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.this, aws_s3_bucket_ownership_controls.this]
}
