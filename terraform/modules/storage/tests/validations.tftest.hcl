mock_provider "aws" {
  mock_data "aws_region" { defaults = { id = "eu-central-1", name = "eu-central-1" } }
}

variables {
  settings            = {}
  force_destroy       = false
  deletion_protection = true
  name                = "once"
}

run "name_refuses_upper_case" {
  command = plan
  variables { name = "Once" }
  expect_failures = [var.name]
}

run "name_refuses_trailing_dash" {
  command = plan
  variables { name = "once-" }
  expect_failures = [var.name]
}

run "name_refuses_too_long" {
  command = plan
  variables { name = "a23456789012345678901234567890123456" }
  expect_failures = [var.name]
}

run "bucket_name_refuses_dots" {
  command = plan
  variables { settings = { bucket_name = "files.example.com" } }
  expect_failures = [var.settings]
}

run "bucket_name_refuses_a_beginning_that_s3_keeps" {
  command = plan
  variables { settings = { bucket_name = "amzn-s3-demo-files" } }
  expect_failures = [var.settings]
}

run "bucket_name_refuses_an_end_that_s3_keeps" {
  command = plan
  variables { settings = { bucket_name = "files--x-s3" } }
  expect_failures = [var.settings]
}

run "kms_key_arn_refuses_an_alias" {
  command = plan
  variables { settings = { kms_key_arn = "alias/files" } }
  expect_failures = [var.settings]
}

run "acceptor_role_arn_refuses_a_user" {
  command = plan
  variables { acceptor_role_arn = "arn:aws:iam::123456789012:user/example" }
  expect_failures = [var.acceptor_role_arn]
}

run "signature_age_max_seconds_refuses_zero" {
  command = plan
  variables { signature_age_max_seconds = 0 }
  expect_failures = [var.signature_age_max_seconds]
}

run "signature_age_max_seconds_refuses_more_than_seven_days" {
  command = plan
  variables { signature_age_max_seconds = 604801 }
  expect_failures = [var.signature_age_max_seconds]
}

run "cors_allowed_origins_refuses_a_path" {
  command = plan
  variables { settings = { cors_allowed_origins = ["https://www.example.com/"] } }
  expect_failures = [var.settings]
}

run "message_retention_days_refuses_fourteen" {
  command = plan
  variables { settings = { message_retention_days = 14 } }
  expect_failures = [var.settings]
}

run "message_retention_days_refuses_zero" {
  command = plan
  variables { settings = { message_retention_days = 0 } }
  expect_failures = [var.settings]
}

run "message_retention_days_refuses_half_a_day" {
  command = plan
  variables { settings = { message_retention_days = 1.5 } }
  expect_failures = [var.settings]
}

run "max_receive_count_refuses_one" {
  command = plan
  variables { settings = { max_receive_count = { webhooks = 1 } } }
  expect_failures = [var.settings]
}

run "max_receive_count_refuses_more_than_the_days_bear" {
  command = plan
  variables {
    longest_work_seconds = { upload_events = 0, accepted_events = 5197, webhooks = 0 }
    settings             = { max_receive_count = { accepted_events = 8 }, message_retention_days = 1 }
  }
  expect_failures = [aws_sqs_queue.events]
}

run "max_receive_count_refuses_a_visibility_that_four_days_do_not_bear" {
  command = plan
  variables { settings = { visibility_seconds = 43200, message_retention_days = 4 } }
  expect_failures = [aws_sqs_queue.events]
}

run "max_receive_count_refuses_a_visibility_that_one_day_does_not_bear" {
  command = plan
  variables { settings = { visibility_seconds = 43200, message_retention_days = 1 } }
  expect_failures = [aws_sqs_queue.events]
}

run "max_receive_count_takes_a_long_visibility_with_few_receives" {
  command = plan
  variables {
    settings = { visibility_seconds = 43200, max_receive_count = { upload_events = 4, accepted_events = 4, webhooks = 4 }, message_retention_days = 4 }
  }
}

run "max_receive_count_takes_all_that_the_days_bear" {
  command = plan
  variables {
    longest_work_seconds = { upload_events = 0, accepted_events = 5196, webhooks = 0 }
    settings             = { max_receive_count = { accepted_events = 8 }, message_retention_days = 1 }
  }
  assert {
    condition     = aws_sqs_queue.events["accepted_events"].message_retention_seconds - (7 * (5196 + 60 + 900 + 15) + 43200) == 3
    error_message = "less than 7 seconds more than what 8 receives can take: one more second of work is too many"
  }
}

run "max_receive_count_of_the_acceptor_counts_its_own_work" {
  command = plan
  variables {
    longest_work_seconds = { upload_events = 3600, accepted_events = 43200, webhooks = 3600 }
    settings             = { max_receive_count = { upload_events = 85 } }
  }
  assert {
    condition     = output.longest_in_queue_seconds.upload_events == 84 * (3600 + 975) + 43200 && output.longest_in_queue_seconds.accepted_events == 7 * (43200 + 975) + 43200
    error_message = "each queue by its own receives and its own work: with the processor's, 85 receives would need 43 days"
  }
}

run "max_receive_count_of_the_acceptor_is_bounded_too" {
  command = plan
  variables {
    longest_work_seconds = { upload_events = 3600, accepted_events = 43200, webhooks = 3600 }
    settings             = { max_receive_count = { upload_events = 87 } }
  }
  expect_failures = [aws_sqs_queue.events]
}

run "accepted_noncurrent_expire_days_refuses_less_than_the_queues_keep" {
  command = plan
  variables { settings = { accepted_noncurrent_expire_days = 18 } }
  expect_failures = [var.settings]
}

run "longest_work_seconds_refuses_less_than_nothing" {
  command = plan
  variables { longest_work_seconds = { upload_events = 0, accepted_events = 0, webhooks = -1 } }
  expect_failures = [var.longest_work_seconds]
}

run "visibility_seconds_refuses_one" {
  command = plan
  variables { settings = { visibility_seconds = 1 } }
  expect_failures = [var.settings]
}

run "visibility_seconds_refuses_more_than_twelve_hours" {
  command = plan
  variables { settings = { visibility_seconds = 43201 } }
  expect_failures = [var.settings]
}

run "unfinished_multipart_days_refuses_zero" {
  command = plan
  variables { settings = { unfinished_multipart_days = 0 } }
  expect_failures = [var.settings]
}

run "dead_letter_retention_days_refuses_less_than_the_queue_keeps" {
  command = plan
  variables { settings = { message_retention_days = 7, dead_letter_retention_days = 7 } }
  expect_failures = [var.settings]
}

run "dead_letter_retention_days_refuses_more_than_sqs_keeps" {
  command = plan
  variables { settings = { dead_letter_retention_days = 15 } }
  expect_failures = [var.settings]
}

run "record_retention_days_refuses_less_than_redrives_take" {
  command = plan
  variables { settings = { record_retention_days = 76 } }
  expect_failures = [var.settings]
}

run "record_retention_days_refuses_less_than_a_link_takes" {
  command = plan
  variables { settings = { record_retention_days = 44, message_retention_days = 5, dead_letter_retention_days = 5 } }
  expect_failures = [var.settings]
}

run "uploads_expire_days_refuses_less_than_a_link_lives" {
  command = plan
  variables {
    settings  = { uploads_expire_days = 29 }
    link_days = 30
  }
  expect_failures = [var.link_days]
}

run "uploads_expire_days_refuses_less_than_queues_keep" {
  command = plan
  variables { settings = { uploads_expire_days = 18 } }
  expect_failures = [var.settings]
}

run "uploads_expire_days_refuses_less_than_a_presigned_put_can_take" {
  command = plan
  variables {
    settings = { uploads_expire_days = 8, message_retention_days = 2, dead_letter_retention_days = 3, max_receive_count = { upload_events = 2, accepted_events = 2, webhooks = 2 } }
  }
  expect_failures = [var.settings]
}

run "without_protection_the_queues_alone_bound_uploads_expire_days" {
  command = plan
  variables {
    settings = { protect_uploads = false, uploads_expire_days = 8, message_retention_days = 2, dead_letter_retention_days = 3, max_receive_count = { upload_events = 2, accepted_events = 2, webhooks = 2 } }
  }
  assert {
    condition     = output.settings.uploads_expire_days == 8
    error_message = "A list of versions needs no such bound."
  }
}

run "noncurrent_expire_days_refuses_less_than_queues_keep" {
  command = plan
  variables { settings = { noncurrent_expire_days = 18 } }
  expect_failures = [var.settings]
}

run "accepted_expire_days_refuses_less_than_queues_keep" {
  command = plan
  variables { settings = { accepted_expire_days = 18 } }
  expect_failures = [var.settings]
}

run "the_least_days_are_allowed" {
  command = plan
  # 4 x (5 + 14) + 1, and 5 + 14.
  variables { settings = { record_retention_days = 77, uploads_expire_days = 19, noncurrent_expire_days = 19, accepted_expire_days = 19 } }
  assert {
    condition     = output.settings.record_retention_days == 77
    error_message = "The bounds themselves are within."
  }
}

run "the_default_record_retention_outlives_the_longest_retentions" {
  command = plan
  variables { settings = { message_retention_days = 13, dead_letter_retention_days = 14 } }
  assert {
    condition     = output.settings.record_retention_days == 113
    error_message = "113 days hold for whatever SQS allows."
  }
}

run "refuses_a_previous_key_by_its_alias" {
  command = plan
  variables { settings = { previous_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:alias/files"] } }
  expect_failures = [var.settings]
}

run "lifecycle_rules_refuse_an_id_of_upload_once" {
  command = plan
  variables { settings = { lifecycle_rules = [{ id = "uploads", prefix = "exports/", expire_days = 1 }] } }
  expect_failures = [var.settings]
}

run "lifecycle_rules_refuse_two_of_one_id" {
  command = plan
  variables {
    settings = { lifecycle_rules = [{ id = "a", prefix = "exports/", expire_days = 1 }, { id = "a", prefix = "imports/", expire_days = 1 }] }
  }
  expect_failures = [var.settings]
}

run "lifecycle_rules_refuse_uploads" {
  command = plan
  variables { settings = { lifecycle_rules = [{ id = "a", prefix = "uploads/invoice-", expire_days = 1000 }] } }
  expect_failures = [var.settings]
}

run "lifecycle_rules_refuse_everything" {
  command = plan
  variables { settings = { lifecycle_rules = [{ id = "a", prefix = "", expire_days = 1000 }] } }
  expect_failures = [var.settings]
}

run "lifecycle_rules_refuse_to_expire_accepted_before_its_event" {
  command = plan
  variables { settings = { lifecycle_rules = [{ id = "a", prefix = "accepted/invoice-", expire_days = 18 }] } }
  expect_failures = [var.settings]
}

run "lifecycle_rules_refuse_to_archive_accepted_before_its_event" {
  command = plan
  variables { settings = { lifecycle_rules = [{ id = "a", prefix = "acc", transitions = [{ days = 18, storage_class = "DEEP_ARCHIVE" }] }] } }
  expect_failures = [var.settings]
}

run "lifecycle_rules_refuse_infrequent_access_in_the_first_30_days" {
  command = plan
  variables { settings = { lifecycle_rules = [{ id = "a", prefix = "exports/", transitions = [{ days = 29, storage_class = "STANDARD_IA" }] }] } }
  expect_failures = [var.settings]
}

run "lifecycle_rules_refuse_an_expiry_with_a_transition" {
  command = plan
  variables {
    settings = { lifecycle_rules = [{ id = "a", prefix = "exports/", expire_days = 30, transitions = [{ days = 30, storage_class = "GLACIER_IR" }] }] }
  }
  expect_failures = [var.settings]
}

run "lifecycle_rules_refuse_a_class_before_an_earlier_one" {
  command = plan
  variables {
    settings = { lifecycle_rules = [{ id = "a", prefix = "exports/", transitions = [{ days = 60, storage_class = "GLACIER_IR" }, { days = 50, storage_class = "DEEP_ARCHIVE" }] }] }
  }
  expect_failures = [var.settings]
}

run "lifecycle_rules_refuse_fewer_than_30_days_of_infrequent_access" {
  command = plan
  variables {
    settings = { lifecycle_rules = [{ id = "a", prefix = "exports/", transitions = [{ days = 30, storage_class = "STANDARD_IA" }, { days = 59, storage_class = "GLACIER" }] }] }
  }
  expect_failures = [var.settings]
}

run "lifecycle_rules_refuse_one_class_twice" {
  command = plan
  variables {
    settings = { lifecycle_rules = [{ id = "a", prefix = "exports/", transitions = [{ days = 10, storage_class = "GLACIER" }, { days = 20, storage_class = "GLACIER" }] }] }
  }
  expect_failures = [var.settings]
}

run "lifecycle_rules_take_what_s3_takes" {
  command = plan
  variables {
    settings = { lifecycle_rules = [
      { id = "all", prefix = "exports/", expire_days = 401, noncurrent_expire_days = 1, transitions = [{ days = 400, storage_class = "DEEP_ARCHIVE" }, { days = 30, storage_class = "STANDARD_IA" }, { days = 60, storage_class = "GLACIER_IR" }] },
      { id = "at-once", prefix = "imports/", transitions = [{ days = 0, storage_class = "GLACIER_IR" }] },
    ] }
  }
  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this.rule) == 5
    error_message = "Classes in their order, days apart, and an end after them."
  }
}

run "lifecycle_rules_refuse_nothing_to_do" {
  command = plan
  variables { settings = { lifecycle_rules = [{ id = "a", prefix = "exports/" }] } }
  expect_failures = [var.settings]
}

run "notifications_refuse_an_id_of_upload_once" {
  command = plan
  variables {
    settings = { notifications = { queues = [{ id = "upload_events", arn = "arn:aws:sqs:eu-central-1:123456789012:q", events = ["s3:ObjectTagging:*"] }] } }
  }
  expect_failures = [var.settings]
}

run "notifications_refuse_no_event" {
  command = plan
  variables { settings = { notifications = { queues = [{ id = "a", arn = "arn:aws:sqs:eu-central-1:123456789012:q", events = [] }] } } }
  expect_failures = [var.settings]
}

run "notifications_refuse_new_objects_under_accepted" {
  command = plan
  variables {
    settings = { notifications = { topics = [{ id = "a", arn = "arn:aws:sns:eu-central-1:123456789012:t", events = ["s3:ObjectTagging:*", "s3:ObjectCreated:Copy"], prefix = "accepted/invoice-" }] } }
  }
  expect_failures = [var.settings]
}

run "notifications_refuse_new_objects_everywhere" {
  command = plan
  variables {
    settings = { notifications = { functions = [{ id = "a", arn = "arn:aws:lambda:eu-central-1:123456789012:function:f", events = ["s3:ObjectCreated:*"] }] } }
  }
  expect_failures = [var.settings]
}

run "policy_json_refuses_what_is_no_policy" {
  command = plan
  variables { settings = { policy_json = "{}" } }
  expect_failures = [var.settings]
}

run "cors_allowed_origins_refuse_two_wildcards" {
  command = plan
  variables { settings = { cors_allowed_origins = ["https://*.*.example.com"] } }
  expect_failures = [var.settings]
}

run "notifications_refuse_a_misspelt_event" {
  command = plan
  variables {
    settings = { notifications = { queues = [{ id = "a", arn = "arn:aws:sqs:eu-central-1:123456789012:q", events = ["s3:ObjectTagging*"] }] } }
  }
  expect_failures = [var.settings]
}

run "notifications_refuse_two_receivers_of_one_event" {
  command = plan
  variables {
    settings = { notifications = { queues = [{ id = "a", arn = "arn:aws:sqs:eu-central-1:123456789012:q", events = ["s3:ObjectTagging:Put"], prefix = "accepted/" }], topics = [{ id = "b", arn = "arn:aws:sns:eu-central-1:123456789012:t", events = ["s3:ObjectTagging:*"], prefix = "accepted/a", suffix = ".pdf" }] } }
  }
  expect_failures = [var.settings]
}

run "notifications_take_receivers_that_no_object_has_both_of" {
  command = plan
  variables {
    settings = {
      notifications = {
        queues = [
          { id = "a", arn = "arn:aws:sqs:eu-central-1:123456789012:q", events = ["s3:ObjectTagging:*"], prefix = "accepted/" },
          { id = "b", arn = "arn:aws:sqs:eu-central-1:123456789012:q", events = ["s3:ObjectTagging:*"], prefix = "uploads/", suffix = ".csv" },
        ]
        topics = [
          { id = "c", arn = "arn:aws:sns:eu-central-1:123456789012:t", events = ["s3:ObjectTagging:Put"], prefix = "uploads/", suffix = ".pdf" },
          { id = "d", arn = "arn:aws:sns:eu-central-1:123456789012:t", events = ["s3:LifecycleTransition"] },
        ]
      }
    }
  }
  assert {
    condition     = length(aws_s3_bucket_notification.this.queue) == 4 && length(aws_s3_bucket_notification.this.topic) == 2
    error_message = "other prefixes, other suffixes, other events"
  }
}

run "notifications_refuse_an_event_of_one_receiver_twice" {
  command = plan
  variables {
    settings = { notifications = { queues = [{ id = "removals", arn = "arn:aws:sqs:eu-central-1:123456789012:removals", events = ["s3:ObjectRemoved:Delete", "s3:ObjectRemoved:*"] }] } }
  }
  expect_failures = [var.settings]
}

run "policy_json_refuses_more_than_s3_takes" {
  command = plan
  variables {
    settings = { policy_json = jsonencode({ Statement = [{ Sid = format("%020480d", 0) }] }) }
  }
  expect_failures = [var.settings]
}

run "policy_json_refuses_more_than_the_own_statements_leave" {
  command = plan
  override_resource {
    target          = aws_s3_bucket.this
    override_during = plan
    values          = { arn = "arn:aws:s3:::once-123456789012-eu-central-1" }
  }
  variables {
    settings = { policy_json = jsonencode({ Statement = [{ Sid = format("%019500d", 0) }] }) }
  }
  expect_failures = [aws_s3_bucket_policy.this]
}

run "the_bucket_s_policy_is_counted_in_bytes" {
  command = plan
  override_resource {
    target          = aws_s3_bucket.this
    override_during = plan
    values          = { arn = "arn:aws:s3:::once-123456789012-eu-central-1" }
  }
  variables { settings = { policy_json = jsonencode({ Statement = [{ Sid = "Größen" }] }) } }
  assert {
    condition     = local.bucket_policy_bytes == length(local.bucket_policy) + 2
    error_message = "two letters have two bytes: ${local.bucket_policy_bytes}, ${length(local.bucket_policy)}"
  }
}
