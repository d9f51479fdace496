# Amazon S3 User Guide, "Setting up permissions for live replication" and "Replicating encrypted objects". The trust policy is the page's,
# without a condition on the source: the page does not say that S3 names one, and a copy that S3 may not begin is missed only on the day it
# is needed. The account's own principals alone can hand the role to S3 (iam:PassRole).
resource "aws_iam_role" "replication" {
  count = var.settings.replica == null ? 0 : 1

  name                 = "${var.name}-${data.aws_region.current.id}-replication"
  path                 = var.iam.path
  permissions_boundary = var.iam.permissions_boundary_arn
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "replication" {
  count = var.settings.replica == null ? 0 : 1

  name = "replication"
  role = aws_iam_role.replication[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "KnowTheRule"
          Effect   = "Allow"
          Action   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
          Resource = [aws_s3_bucket.this.arn]
        },
        {
          Sid    = "ReadAccepted"
          Effect = "Allow"
          # The last two for a copy with Object Lock (Amazon S3 User Guide, "Object Lock considerations", "Using Object Lock with S3 Replication").
          Action   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging", "s3:GetObjectRetention", "s3:GetObjectLegalHold"]
          Resource = [local.accepted_arn]
        },
        {
          Sid      = "WriteTheCopy"
          Effect   = "Allow"
          Action   = ["s3:ReplicateObject", "s3:ReplicateTags"]
          Resource = ["${var.settings.replica.bucket_arn}/accepted/*"]
        },
      ],
      # The pages of the Amazon S3 User Guide differ, so these are those of all of them: "Replicating encrypted objects", "Amazon S3 Bucket Keys and
      # replication" in it (Decrypt with the key of the copy), and "Troubleshooting replication" (GenerateDataKey with both keys).
      var.settings.kms_key_arn == null ? [] : [
        {
          Sid       = "DecryptAccepted"
          Effect    = "Allow"
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = concat([var.settings.kms_key_arn], var.settings.previous_kms_key_arns)
          Condition = { StringLike = { "kms:ViaService" = local.via_s3 } }
        },
        {
          Sid       = "EncryptTheCopy"
          Effect    = "Allow"
          Action    = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = [var.settings.replica.kms_key_arn]
          Condition = { StringLike = { "kms:ViaService" = local.via_s3 } }
        },
      ],
    )
  })
}

# Only accepted/: what lies under uploads/ is on its way, and its copy could be taken for an upload. No delete marker is copied, and S3 never
# copies the deletion of a version. The copies keep their version ids.
resource "aws_s3_bucket_replication_configuration" "this" {
  count = var.settings.replica == null ? 0 : 1

  bucket = aws_s3_bucket.this.id
  role   = aws_iam_role.replication[0].arn

  rule {
    id     = "accepted"
    status = "Enabled"

    filter {
      prefix = "accepted/"
    }

    delete_marker_replication {
      status = "Disabled"
    }

    dynamic "source_selection_criteria" {
      for_each = var.settings.kms_key_arn == null ? [] : [true]

      content {
        sse_kms_encrypted_objects {
          status = "Enabled"
        }
      }
    }

    destination {
      bucket = var.settings.replica.bucket_arn

      # Without these S3 sends no event of a copy that failed (Amazon S3 User Guide, "Receiving replication failure events with Amazon S3
      # Event Notifications").
      metrics {
        status = "Enabled"
      }

      dynamic "encryption_configuration" {
        for_each = var.settings.kms_key_arn == null ? [] : [var.settings.replica.kms_key_arn]

        content {
          replica_kms_key_id = encryption_configuration.value
        }
      }
    }
  }

  # S3 takes no rule for a bucket without versions; and the role is tried at the first copy.
  depends_on = [aws_s3_bucket_versioning.this, aws_iam_role_policy.replication]
}

# What S3 could not copy, by name and with the reason: an alarm counts the messages, and an operator reads them. S3 does not repeat such a copy.
resource "aws_sqs_queue" "replication_failures" {
  count = var.settings.replica == null ? 0 : 1

  name                      = "${var.name}-replication-failures"
  message_retention_seconds = 14 * 86400
  sqs_managed_sse_enabled   = var.settings.queue_kms_key_arn == null ? true : null
  kms_master_key_id         = var.settings.queue_kms_key_arn
  tags                      = var.tags
}

resource "aws_sqs_queue_policy" "replication_failures" {
  count = var.settings.replica == null ? 0 : 1

  queue_url = aws_sqs_queue.replication_failures[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "EventsOfTheBucket"
        Effect    = "Allow"
        Principal = { Service = "s3.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.replication_failures[0].arn
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
        Resource  = aws_sqs_queue.replication_failures[0].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
