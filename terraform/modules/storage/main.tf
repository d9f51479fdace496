data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  # Buckets have one namespace, over all accounts and regions.
  bucket_name = coalesce(var.bucket_name, "${var.name}-${local.account_id}-${data.aws_region.current.id}")

  # The prefixes are the code's: packages/uploads/src/upload-key.ts.
  pipelines = {
    upload_events   = { prefix = "uploads/", queue_name = "${var.name}-upload-events" }
    accepted_events = { prefix = "accepted/", queue_name = "${var.name}-accepted-events" }
  }
}
