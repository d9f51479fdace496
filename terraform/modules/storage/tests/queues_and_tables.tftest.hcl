mock_provider "aws" {
  mock_data "aws_region" { defaults = { id = "eu-central-1", name = "eu-central-1" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_resource "aws_s3_bucket" { defaults = { arn = "arn:aws:s3:::once-123456789012-eu-central-1" } }
  override_resource {
    target = aws_sqs_queue.events["upload_events"]
    values = {
      id  = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-upload-events"
      url = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-upload-events"
      arn = "arn:aws:sqs:eu-central-1:123456789012:once-upload-events"
    }
  }
  override_resource {
    target = aws_sqs_queue.events["accepted_events"]
    values = {
      id  = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-accepted-events"
      url = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-accepted-events"
      arn = "arn:aws:sqs:eu-central-1:123456789012:once-accepted-events"
    }
  }
  override_resource {
    target = aws_sqs_queue.dead_letter["upload_events"]
    values = {
      id  = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-upload-events-dead-letter"
      url = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-upload-events-dead-letter"
      arn = "arn:aws:sqs:eu-central-1:123456789012:once-upload-events-dead-letter"
    }
  }
  override_resource {
    target = aws_sqs_queue.dead_letter["accepted_events"]
    values = {
      id  = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-accepted-events-dead-letter"
      url = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-accepted-events-dead-letter"
      arn = "arn:aws:sqs:eu-central-1:123456789012:once-accepted-events-dead-letter"
    }
  }
  override_resource {
    target = aws_sqs_queue.upload_reports
    values = {
      id  = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-upload-reports"
      url = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-upload-reports"
      arn = "arn:aws:sqs:eu-central-1:123456789012:once-upload-reports"
    }
  }
}

variables {
  settings            = {}
  force_destroy       = false
  deletion_protection = true
  name                = "once"
}

run "queues_encrypt_and_keep_long_enough" {
  assert {
    condition = alltrue([
      for queue in concat(values(aws_sqs_queue.events), values(aws_sqs_queue.dead_letter), [aws_sqs_queue.upload_reports]) : queue.sqs_managed_sse_enabled
    ])
    error_message = "Every queue encrypts with the key of SQS."
  }
  assert {
    condition = alltrue([
      for queue in aws_sqs_queue.events :
      queue.message_retention_seconds == 5 * 86400 && queue.visibility_timeout_seconds == 60 && queue.receive_wait_time_seconds == 20
    ])
    error_message = "A queue keeps its events for five days, hides them for a minute, and is polled long."
  }
  assert {
    condition     = alltrue([for queue in concat(values(aws_sqs_queue.dead_letter), [aws_sqs_queue.upload_reports]) : queue.message_retention_seconds == 14 * 86400])
    error_message = "A dead-letter queue keeps its events for fourteen days, the queue of reports its reports."
  }
  assert {
    condition = output.queues == {
      upload_events = {
        name = "once-upload-events"
        url  = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-upload-events"
        arn  = "arn:aws:sqs:eu-central-1:123456789012:once-upload-events"
      }
      upload_events_dead_letter = {
        name = "once-upload-events-dead-letter"
        url  = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-upload-events-dead-letter"
        arn  = "arn:aws:sqs:eu-central-1:123456789012:once-upload-events-dead-letter"
      }
      accepted_events = {
        name = "once-accepted-events"
        url  = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-accepted-events"
        arn  = "arn:aws:sqs:eu-central-1:123456789012:once-accepted-events"
      }
      accepted_events_dead_letter = {
        name = "once-accepted-events-dead-letter"
        url  = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-accepted-events-dead-letter"
        arn  = "arn:aws:sqs:eu-central-1:123456789012:once-accepted-events-dead-letter"
      }
      upload_reports = {
        name = "once-upload-reports"
        url  = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-upload-reports"
        arn  = "arn:aws:sqs:eu-central-1:123456789012:once-upload-reports"
      }
    }
    error_message = "The outputs name all five queues."
  }
}

run "webhooks_have_a_queue_of_their_own_where_they_are_asked_for" {
  variables {
    webhooks = true
    settings = { message_retention_days = 6, dead_letter_retention_days = 13, max_receive_count = { webhooks = 9 }, visibility_seconds = 90 }
  }
  override_resource {
    target = aws_sqs_queue.events["webhooks"]
    values = {
      id  = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-webhooks"
      url = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-webhooks"
      arn = "arn:aws:sqs:eu-central-1:123456789012:once-webhooks"
    }
  }
  override_resource {
    target = aws_sqs_queue.dead_letter["webhooks"]
    values = {
      id  = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-webhooks-dead-letter"
      url = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-webhooks-dead-letter"
      arn = "arn:aws:sqs:eu-central-1:123456789012:once-webhooks-dead-letter"
    }
  }
  assert {
    condition = [output.queues.webhooks, output.queues.webhooks_dead_letter] == [
      {
        name = "once-webhooks"
        url  = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-webhooks"
        arn  = "arn:aws:sqs:eu-central-1:123456789012:once-webhooks"
      },
      {
        name = "once-webhooks-dead-letter"
        url  = "https://sqs.eu-central-1.amazonaws.com/123456789012/once-webhooks-dead-letter"
        arn  = "arn:aws:sqs:eu-central-1:123456789012:once-webhooks-dead-letter"
      },
    ]
    error_message = "The outputs name both."
  }
  assert {
    condition = (
      aws_sqs_queue.events["webhooks"].message_retention_seconds == 6 * 86400
      && aws_sqs_queue.events["webhooks"].visibility_timeout_seconds == 90
      && aws_sqs_queue.events["webhooks"].sqs_managed_sse_enabled
      && aws_sqs_queue.dead_letter["webhooks"].message_retention_seconds == 13 * 86400
      && aws_sqs_queue.dead_letter["webhooks"].sqs_managed_sse_enabled
    )
    error_message = "They keep, hide and encrypt as the other queues do."
  }
  assert {
    condition = jsondecode(aws_sqs_queue_redrive_policy.events["webhooks"].redrive_policy) == {
      deadLetterTargetArn = "arn:aws:sqs:eu-central-1:123456789012:once-webhooks-dead-letter"
      maxReceiveCount     = 9
      } && jsondecode(aws_sqs_queue_redrive_allow_policy.dead_letter["webhooks"].redrive_allow_policy) == {
      redrivePermission = "byQueue"
      sourceQueueArns   = ["arn:aws:sqs:eu-central-1:123456789012:once-webhooks"]
    }
    error_message = "What fails goes to the dead-letter queue of the webhooks, which takes from no other queue."
  }
  assert {
    condition = alltrue([
      for policy in [aws_sqs_queue_policy.events["webhooks"], aws_sqs_queue_policy.dead_letter["webhooks"]] :
      [for statement in jsondecode(policy.policy).Statement : statement.Sid] == ["OnlyTls"]
    ])
    error_message = "S3 cannot send to it, and nothing reaches it without TLS."
  }
  assert {
    condition     = toset([for queue in aws_s3_bucket_notification.this.queue : queue.filter_prefix]) == toset(["uploads/", "accepted/"])
    error_message = "S3 notifies the queues of the files alone."
  }
}

run "each_queue_redrives_to_its_own_dead_letter_queue" {
  assert {
    condition = { for name, redrive in aws_sqs_queue_redrive_policy.events : name => [redrive.queue_url, jsondecode(redrive.redrive_policy)] } == {
      upload_events = [
        "https://sqs.eu-central-1.amazonaws.com/123456789012/once-upload-events",
        { deadLetterTargetArn = "arn:aws:sqs:eu-central-1:123456789012:once-upload-events-dead-letter", maxReceiveCount = 20 },
      ]
      accepted_events = [
        "https://sqs.eu-central-1.amazonaws.com/123456789012/once-accepted-events",
        { deadLetterTargetArn = "arn:aws:sqs:eu-central-1:123456789012:once-accepted-events-dead-letter", maxReceiveCount = 8 },
      ]
    }
    error_message = "After 20 or eight receives an event goes to the dead-letter queue of its own queue."
  }
  assert {
    condition = { for name, allow in aws_sqs_queue_redrive_allow_policy.dead_letter : name => [allow.queue_url, jsondecode(allow.redrive_allow_policy)] } == {
      upload_events = [
        "https://sqs.eu-central-1.amazonaws.com/123456789012/once-upload-events-dead-letter",
        { redrivePermission = "byQueue", sourceQueueArns = ["arn:aws:sqs:eu-central-1:123456789012:once-upload-events"] },
      ]
      accepted_events = [
        "https://sqs.eu-central-1.amazonaws.com/123456789012/once-accepted-events-dead-letter",
        { redrivePermission = "byQueue", sourceQueueArns = ["arn:aws:sqs:eu-central-1:123456789012:once-accepted-events"] },
      ]
    }
    error_message = "A dead-letter queue takes from its own queue alone."
  }
}

run "only_the_bucket_sends_events_and_only_over_tls" {
  assert {
    condition = alltrue([
      for name, policy in aws_sqs_queue_policy.events :
      [for statement in jsondecode(policy.policy).Statement : statement if statement.Effect == "Allow"] == [{
        Sid       = "EventsOfTheBucket"
        Effect    = "Allow"
        Principal = { Service = "s3.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.events[name].arn
        Condition = {
          ArnEquals    = { "aws:SourceArn" = "arn:aws:s3:::once-123456789012-eu-central-1" }
          StringEquals = { "aws:SourceAccount" = "123456789012" }
        }
      }]
    ])
    error_message = "The policy allows only S3 to send, for this bucket of this account."
  }
  assert {
    condition = alltrue([
      for policy in concat(values(aws_sqs_queue_policy.events), values(aws_sqs_queue_policy.dead_letter), [aws_sqs_queue_policy.upload_reports]) :
      anytrue([
        for statement in jsondecode(policy.policy).Statement :
        statement.Effect == "Deny" && statement.Principal == "*" && statement.Action == "sqs:*" && statement.Condition == { Bool = { "aws:SecureTransport" = "false" } }
      ])
    ])
    error_message = "All five queues are reachable only over TLS."
  }
  assert {
    condition     = alltrue([for policy in concat(values(aws_sqs_queue_policy.dead_letter), [aws_sqs_queue_policy.upload_reports]) : !strcontains(policy.policy, "\"Allow\"")])
    error_message = "No policy allows another principal to send to a dead-letter queue or to the report queue."
  }
}

run "tables_are_what_the_services_expect_and_protected" {
  assert {
    condition = { for name, table in aws_dynamodb_table.this : name => [table.name, table.hash_key, table.range_key, table.billing_mode] } == {
      uploads = ["once-uploads", "FullFilename", "item", "PAY_PER_REQUEST"]
      access  = ["once-access", "id", "item", "PAY_PER_REQUEST"]
    }
    error_message = "Two tables on demand, with the keys that the code writes."
  }
  assert {
    condition = alltrue([
      for table in aws_dynamodb_table.this : alltrue([for attribute in table.attribute : attribute.type == "S"])
    ])
    error_message = "All keys are strings."
  }
  assert {
    condition = alltrue([
      for table in aws_dynamodb_table.this :
      one(table.ttl).attribute_name == "deleteAt" && one(table.ttl).enabled && one(table.point_in_time_recovery).enabled && table.deletion_protection_enabled
    ])
    error_message = "Items go by deleteAt; tables can be restored, and are not deleted by mistake."
  }
  assert {
    condition     = output.settings.record_retention_days == 113
    error_message = "The services are given the same number of days that was validated here."
  }
}

run "stand_ins_need_neither_protection_nor_recovery" {
  variables {
    deletion_protection = false
    force_destroy       = true
    settings            = { point_in_time_recovery = false }
  }
  assert {
    condition = alltrue([
      for table in aws_dynamodb_table.this : !table.deletion_protection_enabled && !one(table.point_in_time_recovery).enabled
    ]) && aws_s3_bucket.this.force_destroy
    error_message = "Both are switched off by their variables."
  }
}

run "every_number_is_followed" {
  variables {
    settings = {
      bucket_name                     = "your-files"
      uploads_expire_days             = 45
      noncurrent_expire_days          = 46
      accepted_expire_days            = 47
      accepted_noncurrent_expire_days = 48
      unfinished_multipart_days       = 3
      message_retention_days          = 6
      dead_letter_retention_days      = 13
      record_retention_days           = 120
      max_receive_count               = { upload_events = 21, accepted_events = 9 }
      visibility_seconds              = 90
    }
  }
  assert {
    condition     = aws_s3_bucket.this.bucket == "your-files"
    error_message = "The bucket has the given name."
  }
  assert {
    condition = { for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id => [
      try(rule.expiration[0].days, 0), try(rule.noncurrent_version_expiration[0].noncurrent_days, 0), try(rule.abort_incomplete_multipart_upload[0].days_after_initiation, 0)
    ] } == { leftovers = [0, 0, 3], uploads = [45, 46, 0], accepted = [47, 48, 0] }
    error_message = "Each rule of the lifecycle counts its own days."
  }
  assert {
    condition = alltrue([
      for queue in aws_sqs_queue.events : queue.message_retention_seconds == 6 * 86400 && queue.visibility_timeout_seconds == 90
    ]) && alltrue([for queue in aws_sqs_queue.dead_letter : queue.message_retention_seconds == 13 * 86400])
    error_message = "Both pipelines keep events, dead letters and received messages as long as they are told."
  }
  assert {
    condition     = { for name, queue in aws_sqs_queue_redrive_policy.events : name => jsondecode(queue.redrive_policy).maxReceiveCount } == { upload_events = 21, accepted_events = 9 }
    error_message = "Each queue delivers as often as was asked for it."
  }
  assert {
    condition     = output.settings.record_retention_days == 120
    error_message = "The services are given the same number of days."
  }
}
