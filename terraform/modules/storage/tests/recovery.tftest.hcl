mock_provider "aws" {
  mock_data "aws_region" { defaults = { id = "eu-central-1", name = "eu-central-1" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_resource "aws_s3_bucket" { defaults = { arn = "arn:aws:s3:::once-123456789012-eu-central-1" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/once-eu-central-1-replication" } }
  mock_resource "aws_sqs_queue" { defaults = { arn = "arn:aws:sqs:eu-central-1:123456789012:once" } }
  override_data {
    target = data.aws_dynamodb_table.restored["once-uploads-2"]
    values = { hash_key = "FullFilename", range_key = "item" }
  }
  override_data {
    target = data.aws_dynamodb_table.restored["once-uploads-3"]
    values = { hash_key = "FullFilename", range_key = "item" }
  }
  override_data {
    target = data.aws_dynamodb_table.restored["a-replica"]
    values = { hash_key = "FullFilename", range_key = "item", replica = [{ region_name = "eu-west-1" }] }
  }
  override_data {
    target = data.aws_dynamodb_table.restored["of-another"]
    values = { hash_key = "id", range_key = "item" }
  }
}

variables {
  settings            = {}
  force_destroy       = false
  deletion_protection = true
  name                = "once"
  acceptor_role_arn   = "arn:aws:iam::123456789012:role/once-acceptor"
}

run "nothing_is_copied_or_restored_unasked" {
  assert {
    condition = (
      output.tables.uploads.name == "once-uploads" && output.tables.access.name == "once-access"
      && length(aws_dynamodb_table.this) == 2 && length(aws_s3_bucket_replication_configuration.this) == 0
      && !aws_s3_bucket_notification.this.eventbridge && output.replication_role_arn == null && output.replication_failures == null
      && length(aws_s3_bucket_notification.this.queue) == 2
      && alltrue([for table in aws_dynamodb_table.this : !table.stream_enabled && length(table.replica) == 0])
    )
    error_message = "Without the options there is one table of each kind, and no copy."
  }
}

run "a_restored_table_takes_the_place_and_no_table_is_replaced" {
  variables { settings = { restored_tables = { uploads = ["once-uploads-2", "once-uploads-3"] } } }
  assert {
    condition     = output.tables.uploads.name == "once-uploads-3" && output.tables.access.name == "once-access"
    error_message = "The services use the newest of the restored tables, and of the other kind the one that was made."
  }
  assert {
    condition = (
      aws_dynamodb_table.this["uploads"].name == "once-uploads" && aws_dynamodb_table.this["once-uploads-2"].name == "once-uploads-2"
      && alltrue([
        for table in [aws_dynamodb_table.this["once-uploads-2"], aws_dynamodb_table.this["once-uploads-3"]] :
        table.hash_key == "FullFilename" && table.range_key == "item" && table.deletion_protection_enabled && one(table.ttl).enabled
        && one(table.ttl).attribute_name == "deleteAt" && one(table.point_in_time_recovery).enabled
      ])
    )
    error_message = "Every earlier table stays as it is, and a restored one has the settings that a restore loses."
  }
}

run "a_table_with_other_keys_is_refused" {
  command = plan
  variables { settings = { restored_tables = { uploads = ["of-another"] } } }
  expect_failures = [data.aws_dynamodb_table.restored]
}

run "the_replica_of_a_lost_region_is_refused" {
  command = plan
  variables { settings = { restored_tables = { uploads = ["a-replica"] } } }
  expect_failures = [data.aws_dynamodb_table.restored]
}

run "a_restored_table_may_have_the_replica_that_is_asked_for" {
  command = plan
  variables {
    settings = {
      restored_tables = { uploads = ["a-replica"] }
      replica         = { bucket_arn = "arn:aws:s3:::once-copy", region = "eu-west-1" }
    }
  }
  assert {
    condition     = one(aws_dynamodb_table.this["a-replica"].replica).region_name == "eu-west-1"
    error_message = "It is made by the apply that took the table over, and found by the next plan."
  }
}

run "the_key_of_a_table_that_is_made_here_is_refused" {
  command = plan
  variables { settings = { restored_tables = { uploads = ["access"] } } }
  expect_failures = [var.settings]
}

run "the_name_of_a_table_that_is_made_here_is_refused" {
  command = plan
  variables { settings = { restored_tables = { uploads = ["once-uploads"] } } }
  expect_failures = [var.settings]
}

run "a_table_that_takes_two_places_is_refused" {
  command = plan
  variables { settings = { restored_tables = { uploads = ["once-2"], access = ["once-2"] } } }
  expect_failures = [var.settings]
}

run "accepted_files_and_tables_are_copied_to_another_region" {
  variables {
    settings = {
      kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
      replica = {
        bucket_arn  = "arn:aws:s3:::once-copy"
        region      = "eu-west-1"
        kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
      }
    }
  }
  assert {
    condition = (
      one(one(aws_s3_bucket_replication_configuration.this[0].rule).filter).prefix == "accepted/"
      && one(one(aws_s3_bucket_replication_configuration.this[0].rule).delete_marker_replication).status == "Disabled"
      && one(one(aws_s3_bucket_replication_configuration.this[0].rule).destination).bucket == "arn:aws:s3:::once-copy"
      && one(one(one(aws_s3_bucket_replication_configuration.this[0].rule).source_selection_criteria).sse_kms_encrypted_objects).status == "Enabled"
      && one(one(one(aws_s3_bucket_replication_configuration.this[0].rule).destination).encryption_configuration).replica_kms_key_id == var.settings.replica.kms_key_arn
      && output.replication_role_arn == "arn:aws:iam::123456789012:role/once-eu-central-1-replication"
    )
    error_message = "Accepted files are copied, encrypted ones too, with the key there, and no deletion is."
  }
  assert {
    condition = alltrue([
      for table in aws_dynamodb_table.this :
      table.stream_enabled && table.stream_view_type == "NEW_AND_OLD_IMAGES" && one(table.replica).region_name == "eu-west-1"
      && one(table.replica).point_in_time_recovery && one(table.replica).kms_key_arn == var.settings.replica.kms_key_arn
    ])
    error_message = "Each table has a replica there, which can be restored as well."
  }
  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.replication[0].policy).Statement : one(statement.Resource) => statement.Action if can(statement.Condition)
      } == {
      "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab" = ["kms:Decrypt", "kms:GenerateDataKey"]
      "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"    = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"]
    }
    error_message = "S3 reads with the key here, and with the key there it writes the copy and tries the bucket key of it."
  }
}

run "a_copy_without_a_region_copies_no_table" {
  variables { settings = { replica = { bucket_arn = "arn:aws:s3:::once-copy" } } }
  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : length(table.replica) == 0]) && length(aws_s3_bucket_replication_configuration.this) == 1
    error_message = "Only the files are copied."
  }
}

run "a_copy_of_encrypted_files_needs_a_key_there" {
  command = plan
  variables {
    settings = {
      kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
      replica     = { bucket_arn = "arn:aws:s3:::once-copy" }
    }
  }
  expect_failures = [var.settings]
}

run "a_copy_is_a_buckets_arn" {
  command = plan
  variables { settings = { replica = { bucket_arn = "once-copy" } } }
  expect_failures = [var.settings]
}

run "s3_may_copy_by_a_role_of_this_region_whatever_it_names_as_the_source" {
  variables { settings = { replica = { bucket_arn = "arn:aws:s3:::once-copy" } } }
  assert {
    condition     = aws_iam_role.replication[0].name == "once-eu-central-1-replication"
    error_message = "Roles have no region of their own, and another installation of this name can be in another region."
  }
  assert {
    condition     = jsondecode(aws_iam_role.replication[0].assume_role_policy).Statement == [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = "s3.amazonaws.com" } }]
    error_message = "As in the Amazon S3 User Guide: a condition that S3 does not meet would stop every copy."
  }
}

run "a_copy_that_failed_is_named_in_a_queue" {
  variables { settings = { replica = { bucket_arn = "arn:aws:s3:::once-copy" } } }
  assert {
    condition     = one(one(one(aws_s3_bucket_replication_configuration.this[0].rule).destination).metrics).status == "Enabled"
    error_message = "Without the metrics S3 sends no event of a failed copy."
  }
  assert {
    condition = (
      output.replication_failures.queue_name == "once-replication-failures"
      && one([for queue in aws_s3_bucket_notification.this.queue : queue if queue.id == "replication_failures"]).events == toset(["s3:Replication:OperationFailedReplication"])
      && one([for statement in jsondecode(aws_sqs_queue_policy.replication_failures[0].policy).Statement : statement if statement.Effect == "Allow"]).Condition.ArnEquals["aws:SourceArn"] == aws_s3_bucket.this.arn
    )
    error_message = "S3 may send to the queue, for this bucket alone, and does."
  }
}

run "another_receiver_of_failed_copies_is_refused" {
  command = plan
  variables {
    settings = {
      replica       = { bucket_arn = "arn:aws:s3:::once-copy" }
      notifications = { topics = [{ id = "copies", arn = "arn:aws:sns:eu-central-1:123456789012:copies", events = ["s3:Replication:*"] }] }
    }
  }
  expect_failures = [var.settings]
}

run "a_copy_can_be_in_the_european_sovereign_cloud" {
  command = plan
  variables { settings = { replica = { bucket_arn = "arn:aws-eusc:s3:::once-copy", region = "eusc-de-east-1" } } }
  assert {
    condition     = one(aws_dynamodb_table.this["uploads"].replica).region_name == "eusc-de-east-1"
    error_message = "A region's name begins with two letters or more."
  }
}

run "a_copy_in_the_same_region_is_refused" {
  command = plan
  variables { settings = { replica = { bucket_arn = "arn:aws:s3:::once-copy", region = "eu-central-1" } } }
  expect_failures = [var.settings]
}

run "a_copys_region_is_a_region" {
  command = plan
  variables { settings = { replica = { bucket_arn = "arn:aws:s3:::once-copy", region = "Ireland" } } }
  expect_failures = [var.settings]
}

run "only_roles_put_files_back" {
  command = plan
  variables { settings = { restore_role_arns = ["arn:aws:iam::123456789012:user/ada"] } }
  expect_failures = [var.settings]
}

run "a_bucket_that_is_backed_up_sends_its_events_to_eventbridge_too" {
  variables { settings = { backed_up = true } }
  assert {
    condition     = aws_s3_bucket_notification.this.eventbridge && length(aws_s3_bucket_notification.this.queue) == 2
    error_message = "AWS Backup gets what it needs, and the services what they need."
  }
}

run "every_queue_has_the_given_key" {
  variables { settings = { queue_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab" } }
  assert {
    condition = alltrue([
      for queue in concat(values(aws_sqs_queue.events), values(aws_sqs_queue.dead_letter), [aws_sqs_queue.upload_reports]) :
      queue.kms_master_key_id == var.settings.queue_kms_key_arn
    ])
    error_message = "Queues, dead-letter queues and the report queue are encrypted with the given key."
  }
}

run "the_queues_key_is_a_keys_arn" {
  command = plan
  variables { settings = { queue_kms_key_arn = "alias/queues" } }
  expect_failures = [var.settings]
}
