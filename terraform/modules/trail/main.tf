data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  # The bucket's policy names the trail, and the trail is made after it.
  trail_arn = "arn:${data.aws_partition.current.partition}:cloudtrail:${data.aws_region.current.id}:${local.account_id}:trail/${var.name}"
}

resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV_AWS_35:CloudTrail's log files are encrypted with S3's own key, AES-256: they name objects and callers, and hold no content.
  #checkov:skip=CKV_AWS_67:It records one bucket, whose data events all arise in the bucket's region.
  #checkov:skip=CKV_AWS_252:Nothing waits for the log files. The alarms say when to read them.
  #checkov:skip=CKV2_AWS_10:Log files in S3 are all that the runbook needs; CloudWatch Logs would cost several times as much.
  name                          = var.name
  s3_bucket_name                = aws_s3_bucket.this.id
  enable_log_file_validation    = true
  include_global_service_events = false
  tags                          = var.tags

  # AWS CloudTrail User Guide, "Filtering data events by using advanced event selectors": all objects of one bucket are those whose
  # ARN starts with the bucket's and a slash. No selector of management events: they are recorded by whatever else the account has.
  advanced_event_selector {
    name = "Objects"

    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }

    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }

    field_selector {
      field       = "resources.ARN"
      starts_with = ["${var.bucket_arn}/"]
    }
  }

  depends_on = [aws_s3_bucket_policy.this]
}
