mock_provider "aws" {}

variables {
  dead_letters          = { retention_days = 14, longest_in_queue_seconds = { upload_events = 1, accepted_events = 1, webhooks = 1 } }
  settings              = {}
  handler_limit_seconds = 3600
  log_retention_days    = 30
  name                  = "once"
  environment           = "live"
  queues = {
    upload_events               = { name = "once-upload-events" }
    upload_events_dead_letter   = { name = "once-upload-events-dead-letter" }
    accepted_events             = { name = "once-accepted-events" }
    accepted_events_dead_letter = { name = "once-accepted-events-dead-letter" }
    upload_reports              = { name = "once-upload-reports" }
  }
  cluster = {
    name = "once"
    arn  = "arn:aws:ecs:eu-central-1:123456789012:cluster/once"
  }
  services = {
    url-issuer = "once-url-issuer"
    acceptor   = "once-acceptor"
    processor  = "once-processor"
  }
}

run "name_refuses_upper_case" {
  command = plan
  variables { name = "Once" }
  expect_failures = [var.name]
}

run "environment_refuses_a_space" {
  command = plan
  variables { environment = "live one" }
  expect_failures = [var.environment]
}

run "services_refuses_a_missing_one" {
  command = plan
  variables { services = { url-issuer = "a", acceptor = "b" } }
  expect_failures = [var.services]
}

run "services_refuses_one_too_many" {
  command = plan
  variables { services = { url-issuer = "a", acceptor = "b", processor = "c", other = "d" } }
  expect_failures = [var.services]
}

run "services_refuses_a_webhook_sender_without_its_queue" {
  command = plan
  variables { services = { url-issuer = "a", acceptor = "b", processor = "c", webhook-sender = "d" } }
  expect_failures = [var.services]
}

run "webhooks_age_seconds_refuses_the_age_of_what_waits_for_a_retry" {
  command = plan
  variables { settings = { webhooks_age_seconds = 900 } }
  expect_failures = [var.settings]
}

run "webhook_attempts_failed_refuses_zero" {
  command = plan
  variables { settings = { webhook_attempts_failed = 0 } }
  expect_failures = [var.settings]
}

run "emails_refuses_what_is_no_address" {
  command = plan
  variables { settings = { emails = ["on-call"] } }
  expect_failures = [var.settings]
}

run "sms_refuses_a_number_without_its_country" {
  command = plan
  variables { settings = { sms = ["015112345678"] } }
  expect_failures = [var.settings]
}

run "subscriptions_refuses_plain_http" {
  command = plan
  variables { settings = { subscriptions = [{ protocol = "http", endpoint = "http://alarms.example.com/" }] } }
  expect_failures = [var.settings]
}

run "subscriptions_refuses_a_stream_without_a_role" {
  command = plan
  variables {
    settings = {
      subscriptions = [{ protocol = "firehose", endpoint = "arn:aws:firehose:eu-central-1:123456789012:deliverystream/alarms" }]
    }
  }
  expect_failures = [var.settings]
}

run "kms_key_arn_refuses_the_key_that_aws_manages" {
  command = plan
  variables { settings = { kms_key_arn = "alias/aws/sns" } }
  expect_failures = [var.settings]
}

run "upload_events_age_seconds_refuses_less_than_a_minute" {
  command = plan
  variables { settings = { upload_events_age_seconds = 30 } }
  expect_failures = [var.settings]
}

run "accepted_events_age_seconds_refuses_more_than_sqs_keeps" {
  command = plan
  variables { settings = { accepted_events_age_seconds = 1209601 } }
  expect_failures = [var.settings]
}

run "accepted_events_age_seconds_refuses_an_alarm_on_every_long_handler" {
  command = plan
  variables {
    handler_limit_seconds = 7200
    settings              = { accepted_events_age_seconds = 3600 }
  }
  expect_failures = [var.settings]
}

run "issuer_errors_refuses_zero" {
  command = plan
  variables { settings = { issuer_errors = 0 } }
  expect_failures = [var.settings]
}

run "issuer_p99_milliseconds_refuses_zero" {
  command = plan
  variables { settings = { issuer_p99_milliseconds = 0 } }
  expect_failures = [var.settings]
}

run "task_failures_refuses_zero" {
  command = plan
  variables { settings = { task_failures = 0 } }
  expect_failures = [var.settings]
}

run "uploads_refused_refuses_zero" {
  command = plan
  variables { settings = { uploads_refused = 0 } }
  expect_failures = [var.settings]
}

run "dead_letters_left_days_refuses_all_that_sqs_keeps" {
  command = plan
  variables { settings = { dead_letters_left_days = 14 } }
  expect_failures = [var.settings]
}
