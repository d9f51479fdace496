mock_provider "aws" {
  mock_data "aws_region" { defaults = { id = "eu-central-1" } }
  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws" } }
  override_resource {
    target = aws_s3_bucket.this
    values = { arn = "arn:aws:s3:::uo-trail-123456789012-eu-central-1", id = "uo-trail-123456789012-eu-central-1" }
  }
}

variables {
  force_destroy  = false
  name           = "uo-trail"
  bucket_arn     = "arn:aws:s3:::uploads"
  retention_days = 30
}

run "every_call_for_an_object_of_the_bucket_is_recorded_and_nothing_else" {
  assert {
    condition = toset([
      for selector in one(aws_cloudtrail.this.advanced_event_selector).field_selector :
      "${selector.field} ${join(",", coalesce(selector.equals, [for prefix in coalesce(selector.starts_with, []) : "${prefix}…"]))}"
    ]) == toset(["eventCategory Data", "resources.type AWS::S3::Object", "resources.ARN arn:aws:s3:::uploads/…"])
    error_message = "Data events of the bucket's objects are recorded, reads and writes."
  }
  assert {
    condition     = length(aws_cloudtrail.this.event_selector) == 0 && aws_cloudtrail.this.enable_logging != false
    error_message = "It records, and no other events."
  }
  assert {
    condition     = aws_cloudtrail.this.s3_bucket_name == output.bucket_name && aws_cloudtrail.this.enable_log_file_validation
    error_message = "Log files go to the trail's own bucket, with digests that show a change."
  }
}

run "only_cloudtrail_writes_and_only_for_this_trail" {
  assert {
    condition = aws_s3_bucket_policy.this.policy == jsonencode({ Version = "2012-10-17", Statement = [
      {
        Sid       = "CloudTrailLooksWhoseBucketItIs"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = "arn:aws:s3:::uo-trail-123456789012-eu-central-1"
        Condition = { StringEquals = { "aws:SourceArn" = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/uo-trail" } }
      },
      {
        Sid       = "CloudTrailWrites"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "arn:aws:s3:::uo-trail-123456789012-eu-central-1/AWSLogs/123456789012/*"
        Condition = {
          StringEquals = {
            "aws:SourceArn" = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/uo-trail"
            "s3:x-amz-acl"  = "bucket-owner-full-control"
          }
        }
      },
      {
        Sid       = "OnlyTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = ["arn:aws:s3:::uo-trail-123456789012-eu-central-1", "arn:aws:s3:::uo-trail-123456789012-eu-central-1/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ] })
    error_message = "CloudTrail may write for this trail only, and no principal may connect without TLS."
  }
  assert {
    condition     = aws_s3_bucket.this.bucket == "uo-trail-123456789012-eu-central-1" && aws_s3_bucket.this.force_destroy == false
    error_message = "The bucket's name is the trail's, with account and region; log files are not removed by mistake."
  }
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "Nothing of it can become public."
  }
}

run "log_files_go_after_their_days" {
  assert {
    condition     = one(one(aws_s3_bucket_lifecycle_configuration.this.rule).expiration).days == 30
    error_message = "A log file is removed after retention_days."
  }
}

run "retention_days_refuses_zero" {
  command = plan
  variables { retention_days = 0 }
  expect_failures = [var.retention_days]
}

run "name_refuses_a_capital" {
  command = plan
  variables { name = "Trail" }
  expect_failures = [var.name]
}
