# Plans alone: no teardown removes a bucket of copies.
mock_provider "aws" {
  override_during = plan
  mock_resource "aws_s3_bucket" { defaults = { arn = "arn:aws:s3:::once-copy" } }
}

variables {
  bucket_name          = "once-copy"
  replication_role_arn = "arn:aws:iam::123456789012:role/once-eu-central-1-replication"
}

run "copies_are_private_versioned_and_written_by_one_role" {
  command = plan
  assert {
    condition = alltrue([
      aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled",
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
      !aws_s3_bucket.this.object_lock_enabled,
      length(aws_s3_bucket_object_lock_configuration.this) == 0,
    ])
    error_message = "The bucket has versions, is closed to the public, and locks nothing unasked."
  }
  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : alltrue([
        statement.Effect == "Deny",
        statement.Action == ["s3:PutObject", "s3:ReplicateObject", "s3:ReplicateDelete"],
        try(statement.Condition, null) == { ArnNotEquals = { "aws:PrincipalArn" = "arn:aws:iam::123456789012:role/once-eu-central-1-replication" } },
      ])
    ])
    error_message = "Only the replication writes."
  }
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      try(statement.Condition, null) == { Bool = { "aws:SecureTransport" = "false" } } || can(statement.Condition.ArnNotEquals)
    ])
    error_message = "Nothing is denied to the replication, or S3 copies nothing."
  }
  assert {
    condition     = output.bucket_arn == "arn:aws:s3:::once-copy"
    error_message = "The bucket is an output, for the installation that is copied."
  }
}

run "object_lock_keeps_each_copy" {
  command = plan
  variables {
    object_lock = { mode = "COMPLIANCE", days = 365 }
    expire_days = 400
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }
  assert {
    condition = alltrue([
      aws_s3_bucket.this.object_lock_enabled,
      one(one(aws_s3_bucket_object_lock_configuration.this[0].rule).default_retention).mode == "COMPLIANCE",
      one(one(aws_s3_bucket_object_lock_configuration.this[0].rule).default_retention).days == 365,
    ])
    error_message = "Each copy is locked when it comes."
  }
  assert {
    condition     = anytrue([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id == "copies" && try(one(rule.expiration).days, 0) == 400])
    error_message = "Copies expire where that is asked for."
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.kms_key_arn
    error_message = "The copies are encrypted with the given key."
  }
}

run "a_copy_does_not_expire_before_its_lock_ends" {
  command = plan
  variables {
    object_lock = { days = 30 }
    expire_days = 29
  }
  expect_failures = [var.expire_days]
}

run "object_lock_has_two_modes" {
  command = plan
  variables { object_lock = { mode = "FOREVER", days = 30 } }
  expect_failures = [var.object_lock]
}

run "object_lock_has_days" {
  command = plan
  variables { object_lock = { days = 0 } }
  expect_failures = [var.object_lock]
}

run "the_bucket_needs_a_name_of_s3" {
  command = plan
  variables { bucket_name = "Once.Copy" }
  expect_failures = [var.bucket_name]
}

run "the_bucket_has_no_name_that_s3_keeps" {
  command = plan
  variables { bucket_name = "sthree-copy" }
  expect_failures = [var.bucket_name]
}

run "the_writer_is_a_role" {
  command = plan
  variables { replication_role_arn = "once-replication" }
  expect_failures = [var.replication_role_arn]
}

run "the_key_is_a_keys_arn" {
  command = plan
  variables { kms_key_arn = "alias/once" }
  expect_failures = [var.kms_key_arn]
}

run "expire_days_are_whole" {
  command = plan
  variables { expire_days = 1.5 }
  expect_failures = [var.expire_days]
}
