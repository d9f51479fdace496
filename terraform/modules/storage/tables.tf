locals {
  tables = {
    uploads = { partition_key = "FullFilename" }
    access  = { partition_key = "id" }
  }
}

resource "aws_dynamodb_table" "this" {
  #checkov:skip=CKV_AWS_28:On by default (point_in_time_recovery); a variable, so that what may be thrown away costs nothing.
  #checkov:skip=CKV_AWS_119:A key of the user's is a variable (kms_key_arn); without one it is DynamoDB's own.
  for_each = local.tables

  name                        = "${var.name}-${each.key}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = each.value.partition_key
  range_key                   = "item"
  deletion_protection_enabled = var.deletion_protection
  tags                        = var.tags

  attribute {
    name = each.value.partition_key
    type = "S"
  }

  attribute {
    name = "item"
    type = "S"
  }

  ttl {
    attribute_name = "deleteAt"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = var.settings.point_in_time_recovery
  }

  dynamic "server_side_encryption" {
    for_each = var.settings.kms_key_arn == null ? [] : [var.settings.kms_key_arn]

    content {
      enabled     = true
      kms_key_arn = server_side_encryption.value
    }
  }
}
