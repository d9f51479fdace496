data "aws_caller_identity" "current" {}

locals {
  account_id  = data.aws_caller_identity.current.account_id
  bucket_name = coalesce(var.bucket_name, "${var.name}-${local.account_id}")

  # The prefixes are the code's: packages/uploads/src/upload-key.ts.
  pipelines = {
    upload_events   = { prefix = "uploads/", queue_name = "${var.name}-upload-events" }
    accepted_events = { prefix = "accepted/", queue_name = "${var.name}-accepted-events" }
  }
}
