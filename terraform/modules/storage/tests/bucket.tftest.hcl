mock_provider "aws" {
  mock_data "aws_region" { defaults = { id = "eu-central-1", name = "eu-central-1" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_resource "aws_s3_bucket" { defaults = { arn = "arn:aws:s3:::once-123456789012-eu-central-1" } }
  override_resource {
    target = aws_sqs_queue.events["upload_events"]
    values = { arn = "arn:aws:sqs:eu-central-1:123456789012:once-upload-events" }
  }
  override_resource {
    target = aws_sqs_queue.events["accepted_events"]
    values = { arn = "arn:aws:sqs:eu-central-1:123456789012:once-accepted-events" }
  }
  override_resource {
    target = aws_sqs_queue.dead_letter["upload_events"]
    values = { arn = "arn:aws:sqs:eu-central-1:123456789012:once-upload-events-dead-letter" }
  }
  override_resource {
    target = aws_sqs_queue.dead_letter["accepted_events"]
    values = { arn = "arn:aws:sqs:eu-central-1:123456789012:once-accepted-events-dead-letter" }
  }
}

variables {
  settings            = { allow_presigned_put = false }
  force_destroy       = false
  deletion_protection = true
  name                = "once"
  acceptor_role_arn   = "arn:aws:iam::123456789012:role/once-acceptor"
}

run "bucket_is_private_versioned_and_encrypted" {
  assert {
    condition     = aws_s3_bucket.this.bucket == "once-123456789012-eu-central-1"
    error_message = "Without a name of its own the bucket is called after the installation, the account and the region."
  }
  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "Without versions there is no telling one upload from another."
  }
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "All four locks against public access are on."
  }
  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "Access lists of objects have no effect."
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "Without a key of the user's the bucket encrypts with S3's own."
  }
  assert {
    condition     = aws_s3_bucket.this.force_destroy == false
    error_message = "A bucket with files in it is not destroyed."
  }
  assert {
    condition     = length(aws_s3_bucket_cors_configuration.this) == 0
    error_message = "No web page may send forms unless its origin is named."
  }
  assert {
    condition     = output.settings.kms_key_arn == null && output.bucket.name == "once-123456789012-eu-central-1" && output.bucket.arn == "arn:aws:s3:::once-123456789012-eu-central-1"
    error_message = "The outputs name the bucket, and no key where there is none."
  }
}

run "key_of_the_users_encrypts_bucket_and_tables" {
  variables { settings = { kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab" } }
  assert {
    condition = (
      one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"
      && one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.settings.kms_key_arn
      && one(aws_s3_bucket_server_side_encryption_configuration.this.rule).bucket_key_enabled
    )
    error_message = "The bucket encrypts what comes in, and the copies, with the given key, through a bucket key."
  }
  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : one(table.server_side_encryption).kms_key_arn == var.settings.kms_key_arn])
    error_message = "Both tables are encrypted with the given key."
  }
  assert {
    condition     = output.settings.kms_key_arn == var.settings.kms_key_arn
    error_message = "The key is an output, since the services need leave to use it."
  }
}

run "uploads_get_in_by_signature_v4_forms_alone" {
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement.Effect == "Deny" && statement.Principal == "*"
    ])
    error_message = "The policy only denies, to every principal. It allows nothing."
  }
  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      statement.Action == "s3:PutObject" && statement.Resource == "arn:aws:s3:::once-123456789012-eu-central-1/uploads/*"
      && try(statement.Condition, null) == { StringNotEquals = { "s3:authType" = ["POST"] } }
    ])
    error_message = "What is not a form does not get into uploads/."
  }
  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      statement.Action == "s3:PutObject" && statement.Resource == "arn:aws:s3:::once-123456789012-eu-central-1/uploads/*"
      && try(statement.Condition, null) == { StringEquals = { "s3:signatureversion" = "AWS" } }
    ])
    error_message = "What is not signed by version 4 does not get into uploads/."
  }
  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      statement.Action == "s3:PutObject" && statement.Resource == "arn:aws:s3:::once-123456789012-eu-central-1/uploads/*"
      && try(statement.Condition, null) == { NumericGreaterThan = { "s3:signatureAge" = "604800000" } }
    ])
    error_message = "A signature older than seven days (in milliseconds) does not open uploads/."
  }
  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      statement.Action == "s3:ReplicateObject" && statement.Resource == "arn:aws:s3:::once-123456789012-eu-central-1/uploads/*" && !can(statement.Condition)
    ])
    error_message = "Replication is no way into uploads/."
  }
  assert {
    condition     = !strcontains(aws_s3_bucket_policy.this.policy, "REST-QUERY-STRING")
    error_message = "Presigned PUTs are let in only where they are asked for."
  }
}

run "signature_age_is_the_longest_lifetime_of_a_form" {
  variables { signature_age_max_seconds = 90 }
  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      try(statement.Condition, null) == { NumericGreaterThan = { "s3:signatureAge" = "90000" } }
    ])
    error_message = "S3 counts the age of a signature in milliseconds."
  }
}

run "presigned_put_gets_in_only_if_none_match" {
  variables { settings = { allow_presigned_put = true, cors_allowed_origins = ["https://www.example.com"] } }
  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      try(statement.Condition, null) == { StringNotEquals = { "s3:authType" = ["POST", "REST-QUERY-STRING"] } }
    ])
    error_message = "Presigned requests get in beside forms, and nothing else does."
  }
  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      statement.Action == "s3:PutObject" && statement.Resource == "arn:aws:s3:::once-123456789012-eu-central-1/uploads/*"
      && try(statement.Condition, null) == {
        StringEquals = { "s3:authType" = "REST-QUERY-STRING" }
        Null         = { "s3:if-none-match" = "true" }
      }
    ])
    error_message = "A presigned PUT without If-None-Match is refused."
  }
  assert {
    condition     = toset(one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_methods) == toset(["POST", "PUT"])
    error_message = "A web page may PUT as well then."
  }
  assert {
    condition = alltrue([
      for header in ["ETag", "x-amz-version-id", "x-amz-checksum-type", "x-amz-checksum-crc64nvme", "x-amz-checksum-sha256"] :
      contains(one(aws_s3_bucket_cors_configuration.this[0].cors_rule).expose_headers, header)
    ])
    error_message = "A web page can't read which version S3 stored, or its checksum."
  }
}

run "uploads_of_presigned_puts_are_protected" {
  variables { settings = { allow_presigned_put = true } }
  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      try(toset(statement.Action), null) == toset(["s3:DeleteObject", "s3:ReplicateDelete"])
      && statement.Resource == "arn:aws:s3:::once-123456789012-eu-central-1/uploads/*" && statement.Principal == "*" && !can(statement.Condition)
    ])
    error_message = "No one covers an upload by a delete marker."
  }
  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      statement.Action == "s3:DeleteObjectVersion" && statement.Resource == "arn:aws:s3:::once-123456789012-eu-central-1/uploads/*"
      && try(statement.Condition, null) == { ArnNotEquals = { "aws:PrincipalArn" = "arn:aws:iam::123456789012:role/once-acceptor" } }
    ])
    error_message = "The acceptor alone removes uploads."
  }
  assert {
    condition     = output.uploads_protected
    error_message = "The acceptor learns it."
  }
}

run "uploads_are_not_protected_where_it_is_turned_off" {
  variables { settings = { allow_presigned_put = true, protect_uploads = false } }
  assert {
    condition     = !strcontains(aws_s3_bucket_policy.this.policy, "s3:Delete") && !output.uploads_protected
    error_message = "An operator removes files there by hand."
  }
}

run "without_an_acceptor_uploads_are_not_protected" {
  variables {
    settings          = { allow_presigned_put = true }
    acceptor_role_arn = null
  }
  assert {
    condition     = !strcontains(aws_s3_bucket_policy.this.policy, "s3:Delete") && !output.uploads_protected
    error_message = "The acceptor relies on no statement that is missing."
  }
}

run "only_the_acceptor_writes_accepted" {
  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      try(toset(statement.Action), null) == toset(["s3:PutObject", "s3:ReplicateObject"])
      && statement.Resource == "arn:aws:s3:::once-123456789012-eu-central-1/accepted/*"
      && try(statement.Condition, null) == { ArnNotEquals = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/once-acceptor"] } }
    ])
    error_message = "Every other principal is denied to write under accepted/."
  }
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      statement.Sid == "OnlyTls" || statement.Resource != "arn:aws:s3:::once-123456789012-eu-central-1/accepted/*" || statement.Sid == "AcceptedOnlyByAcceptor"
    ])
    error_message = "What is asked of forms is not asked of the acceptor's copy."
  }
}

run "without_an_acceptor_nothing_is_said_of_accepted" {
  variables { acceptor_role_arn = null }
  assert {
    condition     = !strcontains(aws_s3_bucket_policy.this.policy, "accepted/")
    error_message = "Stand-ins of S3 that know no roles get no statement that names one."
  }
}

run "plain_http_is_refused" {
  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      statement.Action == "s3:*"
      && try(toset(statement.Resource), null) == toset(["arn:aws:s3:::once-123456789012-eu-central-1", "arn:aws:s3:::once-123456789012-eu-central-1/*"])
      && try(statement.Condition, null) == { Bool = { "aws:SecureTransport" = "false" } }
    ])
    error_message = "The bucket and its objects are reachable only over TLS."
  }
}

run "every_way_in_tells_the_queue_of_its_prefix" {
  assert {
    condition = {
      for queue in aws_s3_bucket_notification.this.queue : queue.filter_prefix => [queue.queue_arn, one(queue.events)]
      } == {
      "uploads/"  = ["arn:aws:sqs:eu-central-1:123456789012:once-upload-events", "s3:ObjectCreated:*"]
      "accepted/" = ["arn:aws:sqs:eu-central-1:123456789012:once-accepted-events", "s3:ObjectCreated:*"]
    }
    error_message = "S3 sends each creation under uploads/ to the acceptor's queue, and each one under accepted/ to the processor's."
  }
}

run "lifecycle_removes_what_was_left" {
  assert {
    condition = {
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id => {
        current    = try(rule.expiration[0].days, 0)
        noncurrent = try(rule.noncurrent_version_expiration[0].noncurrent_days, 0)
        markers    = try(rule.expiration[0].expired_object_delete_marker, false)
        parts      = try(rule.abort_incomplete_multipart_upload[0].days_after_initiation, 0)
        status     = rule.status
      }
      } == {
      leftovers = { current = 0, noncurrent = 0, markers = true, parts = 2, status = "Enabled" }
      uploads   = { current = 30, noncurrent = 30, markers = false, parts = 0, status = "Enabled" }
      accepted  = { current = 0, noncurrent = 30, markers = false, parts = 0, status = "Enabled" }
    }
    error_message = "Versions and noncurrent versions of uploads go, everywhere delete markers and parts of unfinished uploads; of accepted files only what was covered, and no current one."
  }
  assert {
    condition = alltrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.filter[0].prefix == "${rule.id}/" if rule.id != "leftovers"
    ])
    error_message = "Current files are removed under uploads/ alone."
  }
}

run "lifecycle_of_accepted_where_it_is_asked_for" {
  variables { settings = { accepted_expire_days = 365 } }
  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      [rule.filter[0].prefix, rule.status, rule.expiration[0].days, rule.noncurrent_version_expiration[0].noncurrent_days] if rule.id == "accepted"
    ] == [["accepted/", "Enabled", 365, 30]]
    error_message = "Accepted files, and what a delete marker has covered, go after their days."
  }
}

run "named_origins_may_send_forms" {
  variables { settings = { allow_presigned_put = false, cors_allowed_origins = ["https://www.example.com", "http://localhost:3000"] } }
  assert {
    condition = (
      toset(one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_origins) == toset(["https://www.example.com", "http://localhost:3000"])
      && toset(one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_methods) == toset(["POST"])
    )
    error_message = "The named origins may POST, and nothing else."
  }
}

run "the_pages_of_links_may_send_files" {
  variables {
    settings     = { cors_allowed_origins = ["https://www.example.com"] }
    page_origins = ["https://uploads.example.com"]
    link_days    = 30
  }
  assert {
    condition     = toset(one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_origins) == toset(["https://www.example.com", "https://uploads.example.com"])
    error_message = "The named origins and the pages of links."
  }
}

run "requests_are_counted_where_that_is_asked_for" {
  variables { settings = { request_metrics = true } }
  assert {
    condition     = one(aws_s3_bucket_metric.uploads).name == "uploads" && one(one(aws_s3_bucket_metric.uploads).filter).prefix == "uploads/" && output.request_metrics.filter_id == "uploads"
    error_message = "Those under uploads/, and the alarms know by which filter."
  }
}

run "by_default_requests_are_not_counted" {
  assert {
    condition     = length(aws_s3_bucket_metric.uploads) == 0 && output.request_metrics == null
    error_message = "They cost money."
  }
}

run "a_user_s_rules_receivers_and_statements_stand_beside_these" {
  variables {
    settings = {
      accepted_expire_days = 100
      lifecycle_rules = [
        { id = "archive", prefix = "accepted/invoice-", transitions = [{ days = 30, storage_class = "GLACIER" }, { days = 1, storage_class = "GLACIER_IR" }] },
        { id = "exports", prefix = "exports/", expire_days = 1, noncurrent_expire_days = 1 },
      ]
      notifications = {
        eventbridge = true
        queues      = [{ id = "tags", arn = "arn:aws:sqs:eu-central-1:123456789012:tags", events = ["s3:ObjectTagging:*"], prefix = "accepted/" }]
        topics      = [{ id = "removed", arn = "arn:aws:sns:eu-central-1:123456789012:removed", events = ["s3:LifecycleExpiration:*"] }]
        functions   = [{ id = "exported", arn = "arn:aws:lambda:eu-central-1:123456789012:function:exported", events = ["s3:ObjectCreated:*"], prefix = "exports/", suffix = ".csv" }]
      }
      policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Sid\":\"ReadersOfAnotherAccount\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::210987654321:root\"},\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::once-123456789012-eu-central-1/*\"}}"
    }
  }
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id] == concat(["leftovers", "uploads", "accepted"], ["archive", "exports"])
    error_message = "all rules, in one list"
  }
  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.this.rule[4].filter).prefix == "exports/" && one(aws_s3_bucket_lifecycle_configuration.this.rule[4].expiration).days == 1 && length(aws_s3_bucket_lifecycle_configuration.this.rule[3].transition) == 2
    error_message = "a rule does what it says"
  }
  assert {
    condition     = aws_s3_bucket_notification.this.eventbridge && toset(aws_s3_bucket_notification.this.queue[*].id) == toset(["upload_events", "accepted_events", "tags"]) && one(aws_s3_bucket_notification.this.topic).id == "removed" && one(aws_s3_bucket_notification.this.lambda_function).filter_suffix == ".csv"
    error_message = "all receivers, in one list"
  }
  assert {
    condition     = length([for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement if statement.Sid == "ReadersOfAnotherAccount"]) == 1 && length(jsondecode(aws_s3_bucket_policy.this.policy).Statement) == length(local.own_statements) + 1
    error_message = "all statements, in one policy"
  }
  assert {
    condition     = alltrue([for statement in local.own_statements : statement.Effect == "Deny"])
    error_message = "upload-once's own statements are denials, which win over what a user's allow"
  }
}

run "refuses_a_sid_of_upload_once_in_a_user_s_policy" {
  command = plan
  variables { settings = { policy_json = "{\"Statement\":[{\"Sid\":\"AcceptedOnlyByAcceptor\",\"Effect\":\"Allow\"}]}" } }
  expect_failures = [aws_s3_bucket_policy.this]
}
