# Bucket, queues and tables on LocalStack: the module is the one that AWS gets, the values are for what may be thrown away.

provider "aws" {
  region = "eu-central-1"

  # LocalStack takes any, as those of its account 000000000000.
  access_key = "test"
  secret_key = "test"

  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true

  endpoints {
    dynamodb  = var.endpoint
    s3        = var.endpoint
    s3control = var.endpoint
    sqs       = var.endpoint
    sts       = var.endpoint
  }
}

module "storage" {
  source = "../modules/storage"

  # docker-compose.localstack.yml has the same names.
  name = "upload-once"
  settings = {
    bucket_name            = "upload-once"
    point_in_time_recovery = false
    visibility_seconds     = var.visibility_seconds
    max_receive_count      = var.max_receive_count == null ? null : { for queue in ["upload_events", "accepted_events", "webhooks"] : queue => var.max_receive_count }
    cors_allowed_origins   = var.cors_allowed_origins
  }
  webhooks            = true
  page_origins        = var.page_origins
  force_destroy       = true
  deletion_protection = false
}
