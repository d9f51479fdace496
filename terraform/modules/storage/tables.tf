locals {
  tables = {
    uploads = { partition_key = "FullFilename" }
    access  = { partition_key = "id" }
  }

  # Tables that are made here have what they are for as their key, and restored ones, which are imported, their names. A table of another name is
  # another table: what is in use changes, and no table is replaced.
  restored = merge([
    for table, names in var.settings.restored_tables : { for name in names : name => table }
  ]...)
  all_tables = merge(
    { for table in keys(local.tables) : table => { name = "${var.name}-${table}", partition_key = local.tables[table].partition_key } },
    { for name, table in local.restored : name => { name = name, partition_key = local.tables[table].partition_key } },
  )
  # The keys of those that the services use.
  keys_in_use = { for table, names in var.settings.restored_tables : table => concat([table], names)[length(names)] }
  # `terraform import` asks for all of them before the last one is in the state.
  tables_in_use = {
    for table, key in local.keys_in_use : table => {
      name = local.all_tables[key].name
      arn  = try(aws_dynamodb_table.this[key].arn, "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.id}:${local.account_id}:table/${local.all_tables[key].name}")
    }
  }

  table_replicas = try(var.settings.replica.region, null) == null ? [] : [var.settings.replica]
}

resource "aws_dynamodb_table" "this" {
  #checkov:skip=CKV_AWS_28:On by default (point_in_time_recovery); a variable, so that what may be thrown away costs nothing.
  #checkov:skip=CKV_AWS_119:A key of the user's is a variable (kms_key_arn); without one it is DynamoDB's own.
  for_each = local.all_tables

  name                        = each.value.name
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

  # Global tables copy by the stream (Amazon DynamoDB Developer Guide, "How DynamoDB global tables work").
  stream_enabled   = length(local.table_replicas) > 0
  stream_view_type = length(local.table_replicas) > 0 ? "NEW_AND_OLD_IMAGES" : null

  dynamic "replica" {
    for_each = local.table_replicas

    content {
      region_name            = replica.value.region
      kms_key_arn            = replica.value.kms_key_arn
      point_in_time_recovery = var.settings.point_in_time_recovery
      propagate_tags         = true
    }
  }

  dynamic "server_side_encryption" {
    for_each = var.settings.kms_key_arn == null ? [] : [var.settings.kms_key_arn]

    content {
      enabled     = true
      kms_key_arn = server_side_encryption.value
    }
  }
}

# Each is imported, by its name: docs/recovery.md. By its ARN, the provider would take the ARN for the table's id, and call the region of a replica
# with it, which refuses it (hashicorp/terraform-provider-aws, issues 39635 and 42792). A name that is no table here would begin an empty
# one, and the services would know no upload.
data "aws_dynamodb_table" "restored" {
  for_each = local.restored
  name     = each.key

  lifecycle {
    postcondition {
      condition     = self.hash_key == local.tables[each.value].partition_key && self.range_key == "item"
      error_message = "storage.restored_tables.${each.value}: ${each.key} has the keys ${self.hash_key} and ${coalesce(self.range_key, "none")}, and was not restored from this installation's table."
    }

    # A replica of a lost region has that region as its own replica: to leave it out here would be to delete the original.
    postcondition {
      condition     = length(setsubtract([for replica in self.replica : replica.region_name], [for replica in concat(local.table_replicas, [{ region = data.aws_region.current.id }]) : replica.region])) == 0
      error_message = "storage.restored_tables.${each.value}: ${each.key} has replicas in ${join(", ", [for replica in self.replica : replica.region_name])}, which the apply would delete. If it is itself the replica of a lost region, restore it to a table of its own: docs/recovery.md, \"The region is lost\". If its replica is to go, remove it first: aws dynamodb update-table --replica-updates."
    }
  }
}
