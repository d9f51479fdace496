# It creates nothing and calls nothing.

variables {
  url_issuer = {}
  acceptor   = {}
  processor  = {}
  reports    = {}
  own_queues = "arn:aws:sqs:eu-central-1:123456789012:"
  name       = "uploads"
}

run "a_password_of_the_store_is_refused_in_the_open" {
  command = plan
  variables { url_issuer = { rate_limit_store = { url = "rediss://user:hidden@rates.example.com", security_group_id = "sg-rates" } } }
  expect_failures = [var.url_issuer]
}

run "a_store_of_rates_has_one_address" {
  command = plan
  variables { url_issuer = { rate_limit_store = { security_group_id = "sg-rates" } } }
  expect_failures = [var.url_issuer]
}

run "a_redirect_leads_to_an_origin" {
  command = plan
  variables { url_issuer = { success_redirect_origins = ["https://www.example.com/thanks"] } }
  expect_failures = [var.url_issuer]
}

run "states_are_asked_for_in_whole_numbers" {
  command = plan
  variables { url_issuer = { status_rate_per_second = 0 } }
  expect_failures = [var.url_issuer]
}

run "links_live_thirty_days" {
  command = plan
  variables { url_issuer = { link_lifetime_max_seconds = 2592001 } }
  expect_failures = [var.url_issuer]
}

run "a_link_lives_a_second" {
  command = plan
  variables { url_issuer = { link_lifetime_seconds = 0 } }
  expect_failures = [var.url_issuer]
}

run "a_link_leads_to_origins" {
  command = plan
  variables { url_issuer = { link_return_origins = ["https://www.example.com/thanks"] } }
  expect_failures = [var.url_issuer]
}

run "a_link_allows_requests" {
  command = plan
  variables { url_issuer = { link_rate_per_minute = 0 } }
  expect_failures = [var.url_issuer]
}

run "an_address_has_a_whole_number_of_requests" {
  command = plan
  variables { url_issuer = { link_address_rate_per_minute = 1.5 } }
  expect_failures = [var.url_issuer]
}

run "bad_keys_are_counted_in_whole_numbers" {
  command = plan
  variables { url_issuer = { bad_keys_per_minute = 1.5 } }
  expect_failures = [var.url_issuer]
}

run "refuses_a_form_that_outlives_its_credentials" {
  command = plan
  variables { url_issuer = { form_lifetime_seconds = 21601 } }
  expect_failures = [var.url_issuer]
}

run "refuses_a_longest_lifetime_beyond_its_credentials" {
  command = plan
  variables { url_issuer = { form_lifetime_max_seconds = 21601 } }
  expect_failures = [var.url_issuer]
}

run "a_form_takes_no_more_than_s3_does" {
  command = plan
  variables { url_issuer = { form_max_bytes = 5368709121 } }
  expect_failures = [var.url_issuer]
}

run "a_page_of_an_origin_calls_the_url_issuer" {
  command = plan
  variables { url_issuer = { cors_allowed_origins = ["https://www.example.com/page"] } }
  expect_failures = [var.url_issuer]
}

run "a_task_has_256_events_in_flight_at_most" {
  command = plan
  variables { processor = { concurrency = 257, messages = 100 } }
  expect_failures = [var.processor]
}

run "a_handler_has_eleven_hours_at_most" {
  command = plan
  variables { processor = { handler_limit_seconds = 39601 } }
  expect_failures = [var.processor]
}

run "a_handler_has_ten_minutes_to_stop_at_most" {
  command = plan
  variables { processor = { handler_grace_seconds = 601 } }
  expect_failures = [var.processor]
}

run "handlers_have_a_thread" {
  command = plan
  variables { processor = { handler_threads = 0 } }
  expect_failures = [var.processor]
}

run "a_thread_has_32_mib_at_least" {
  command = plan
  variables { processor = { handler_heap_mib = 31 } }
  expect_failures = [var.processor]
}

run "refuses_a_task_too_small_for_its_handlers" {
  command = plan
  variables { processor = { handler_heap_mib = 193 } }
  expect_failures = [var.processor]
}

run "refuses_a_task_too_small_for_its_handlers_and_the_collector" {
  command = plan
  variables {
    processor = { handler_heap_mib = 192 }
    tracing   = {}
  }
  expect_failures = [var.processor]
}

run "a_full_task_asks_for_another_one" {
  command = plan
  variables {
    acceptor  = { concurrency = 10 }
    processor = { concurrency = 16, protect_after_seconds = 100 }
    webhooks  = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks" }
  }
  assert {
    condition     = [output.acceptor.messages, output.processor.messages, output.webhooks.messages] == [5, 8, 20]
    error_message = "half of its concurrency"
  }
  assert {
    condition     = [output.acceptor.min_tasks, output.processor.min_tasks, output.webhooks.min_tasks] == [1, 2, 1]
    error_message = "and two tasks where long work closes one of them"
  }
}

run "one_event_at_a_time_is_scaled_too" {
  command = plan
  variables { acceptor = { concurrency = 1 } }
  assert {
    condition     = output.acceptor.messages == 0.5
    error_message = "less than one event a task"
  }
}

run "takes_a_lower_target" {
  command = plan
  variables { processor = { concurrency = 10, messages = 7, min_tasks = 3, protect_after_seconds = 100 } }
  assert {
    condition     = output.processor.messages == 7 && output.processor.min_tasks == 3
    error_message = "as it was set"
  }
}

run "refuses_a_target_that_full_tasks_do_not_reach" {
  command = plan
  variables {
    acceptor  = { messages = 28.1 }
    processor = { messages = 0 }
    webhooks  = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks", messages = 29 }
  }
  expect_failures = [var.acceptor, var.processor, var.webhooks]
}

run "refuses_protection_that_no_handler_lives_to_see" {
  command = plan
  variables { processor = { min_tasks = 2, protect_after_seconds = 200, handler_limit_seconds = 200 } }
  expect_failures = [var.processor]
}

run "refuses_to_send_the_processor_s_sdk_elsewhere" {
  command = plan
  variables { processor = { handler_environment = { AWS_ENDPOINT_URL_SECRETS_MANAGER = "https://example.com" } } }
  expect_failures = [var.processor]
}

run "refuses_a_secret_in_the_processor_s_place" {
  command = plan
  variables { processor = { handler_secrets = { AWS_SECRET_ACCESS_KEY = "arn:aws:ssm:eu-central-1:123456789012:parameter/key" } } }
  expect_failures = [var.processor]
}

run "refuses_the_concurrency_by_the_back_door" {
  command = plan
  variables { processor = { handler_environment = { CONCURRENCY = "64" } } }
  expect_failures = [var.processor]
}

run "refuses_a_secret_and_a_variable_of_one_name" {
  command = plan
  variables {
    processor = {
      handler_environment = { TOKEN = "plain" }
      handler_secrets     = { TOKEN = "arn:aws:ssm:eu-central-1:123456789012:parameter/token" }
    }
  }
  expect_failures = [var.processor]
}

run "refuses_a_handler_that_takes_the_processor_s_variables" {
  command = plan
  variables { processor = { handler_environment = { QUEUE_URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/other" } } }
  expect_failures = [var.processor]
}

run "refuses_a_name_part_with_a_variable_of_s3" {
  command = plan
  variables { url_issuer = { upload_name_part = "$${filename}" } }
  expect_failures = [var.url_issuer]
}

run "refuses_secrets_that_sealed_tasks_cannot_reach" {
  command = plan
  variables {
    reachable_services = []
    processor          = { handler_secrets = { TOKEN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:token" } }
  }
  expect_failures = [var.processor]
}

run "refuses_secrets_whose_service_sealed_tasks_cannot_reach" {
  command = plan
  variables {
    reachable_services = ["ssm"]
    processor          = { handler_secrets = { TOKEN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:token" } }
  }
  expect_failures = [var.processor]
}

run "refuses_variables_that_no_shell_knows" {
  command = plan
  variables { processor = { handler_environment = { "A B" = "1" } } }
  expect_failures = [var.processor]
}

run "refuses_a_store_s_secret_that_sealed_tasks_cannot_reach" {
  command = plan
  variables {
    reachable_services = []
    url_issuer = {
      rate_limit_store = { url_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rates", security_group_id = "sg-rates" }
    }
  }
  expect_failures = [var.url_issuer]
}

run "refuses_a_queue_for_reports_in_another_account" {
  command = plan
  variables {
    reports = {
      queue_arns = ["arn:aws:sqs:eu-central-1:123456789012:reports-of-crm", "arn:aws:sqs:eu-central-1:210987654321:reports-of-erp"]
    }
  }
  expect_failures = [var.reports]
}

run "refuses_a_queue_for_reports_in_another_region" {
  command = plan
  variables { reports = { queue_arns = ["arn:aws:sqs:eu-west-1:123456789012:reports-of-crm"] } }
  expect_failures = [var.reports]
}

run "refuses_the_report_queue_that_is_there_anyway" {
  command = plan
  variables { reports = { queue_arns = ["arn:aws:sqs:eu-central-1:123456789012:uploads-upload-reports"] } }
  expect_failures = [var.reports]
}

run "refuses_a_queue_of_events_for_reports" {
  command = plan
  variables { reports = { queue_arns = ["arn:aws:sqs:eu-central-1:123456789012:uploads-accepted-events"] } }
  expect_failures = [var.reports]
}

run "takes_a_queue_of_another_installation_for_reports" {
  command = plan
  variables { reports = { queue_arns = ["arn:aws:sqs:eu-central-1:123456789012:reports-of-uploads"] } }
  assert {
    condition     = output.reports.queue_arns == tolist(["arn:aws:sqs:eu-central-1:123456789012:reports-of-uploads"])
    error_message = "a queue of another reader"
  }
}

run "refuses_a_fifo_queue_for_reports" {
  command = plan
  variables { reports = { queue_arns = ["arn:aws:sqs:eu-central-1:123456789012:reports-of-crm.fifo"] } }
  expect_failures = [var.reports]
}

run "refuses_a_key_of_a_reports_queue_by_its_alias" {
  command = plan
  variables { reports = { queue_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:alias/reports"] } }
  expect_failures = [var.reports]
}

run "refuses_fewer_connections_than_the_url_issuer_takes" {
  command = plan
  variables { url_issuer = { max_connections = 9 } }
  expect_failures = [var.url_issuer]
}

run "a_page_has_a_short_name" {
  command = plan
  variables { url_issuer = { link_page_name = join("", [for i in range(81) : "x"]) } }
  expect_failures = [var.url_issuer]
}

run "a_logo_is_a_data_url" {
  command = plan
  variables { url_issuer = { link_page_logo = "https://www.example.com/logo.png" } }
  expect_failures = [var.url_issuer]
}

run "a_logo_is_small" {
  command = plan
  variables {
    url_issuer = { link_page_logo = "data:image/png;base64,${join("", [for i in range(1000) : join("", [for j in range(11) : "AAAA"])])}" }
  }
  expect_failures = [var.url_issuer]
}

run "a_color_has_six_digits" {
  command = plan
  variables { url_issuer = { link_page_color = "blue" } }
  expect_failures = [var.url_issuer]
}

run "a_privacy_note_is_by_https" {
  command = plan
  variables { url_issuer = { link_page_privacy_url = "http://www.example.com/privacy" } }
  expect_failures = [var.url_issuer]
}

run "the_endpoints_of_webhooks_are_in_a_secret" {
  command = plan
  variables { webhooks = { secret_arn = "https://crm.example.com/uploads" } }
  expect_failures = [var.webhooks]
}

run "refuses_a_key_of_the_webhooks_secret_by_its_alias" {
  command = plan
  variables {
    webhooks = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks", secret_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:alias/secrets" }
  }
  expect_failures = [var.webhooks]
}

run "an_allowed_origin_has_no_path" {
  command = plan
  variables {
    webhooks = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks", allowed_origins = ["https://crm.example.com/uploads"] }
  }
  expect_failures = [var.webhooks]
}

run "no_star_allows_every_origin" {
  command = plan
  variables {
    webhooks = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks", allowed_origins = ["http://*.example.com"] }
  }
  expect_failures = [var.webhooks]
}

run "refuses_a_download_url_that_outlives_its_credentials" {
  command = plan
  variables { webhooks = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks", download_seconds = 21601 } }
  expect_failures = [var.webhooks]
}

run "a_download_url_lives_whole_seconds" {
  command = plan
  variables { webhooks = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks", download_seconds = 0.5 } }
  expect_failures = [var.webhooks]
}

run "refuses_more_webhooks_at_once_than_the_service_takes" {
  command = plan
  variables { webhooks = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks", concurrency = 257 } }
  expect_failures = [var.webhooks]
}

run "takes_every_setting_of_webhooks" {
  command = plan
  variables {
    webhooks = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks", secret_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1", allowed_origins = ["http://crm.internal:8080", "https://[fd00::1]"], download_seconds = 21600, concurrency = 256 }
  }
  assert {
    condition     = output.webhooks.download_seconds == 21600 && output.webhooks.min_tasks == 1 && length(output.webhooks.security_group_ids) == 0
    error_message = "the others have their defaults"
  }
  assert {
    condition     = setsubtract(output.own_queue_names, ["uploads-upload-events", "uploads-upload-events-dead-letter", "uploads-accepted-events", "uploads-accepted-events-dead-letter", "uploads-upload-reports"]) == toset(["uploads-webhooks", "uploads-webhooks-dead-letter"])
    error_message = "two more queues that no reader of reports can have"
  }
}

run "refuses_the_queue_of_webhooks_for_reports" {
  command = plan
  variables {
    webhooks = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks" }
    reports  = { queue_arns = ["arn:aws:sqs:eu-central-1:123456789012:uploads-webhooks"] }
  }
  expect_failures = [var.reports]
}

run "without_webhooks_there_are_no_settings_of_them" {
  command = plan
  assert {
    condition     = output.webhooks == null && length(output.own_queue_names) == 5
    error_message = "nothing, rather than defaults"
  }
}

run "traces_of_a_part_between_none_and_all" {
  command = plan
  variables { tracing = { sample_ratio = 5 } }
  expect_failures = [var.tracing]
}

run "traces_go_one_of_two_ways" {
  command = plan
  variables { tracing = { exporter = "zipkin" } }
  expect_failures = [var.tracing]
}

run "a_collector_that_tasks_can_t_pull" {
  command = plan
  variables {
    tracing            = {}
    reachable_services = []
  }
  expect_failures = [var.tracing]
}

run "refuses_a_path_of_roles_without_a_slash" {
  command = plan
  variables { iam = { path = "uploads" } }
  expect_failures = [var.iam]
}

run "refuses_a_boundary_that_is_no_policy" {
  command = plan
  variables { iam = { permissions_boundary_arn = "boundary" } }
  expect_failures = [var.iam]
}

run "a_key_of_the_handler_s_secrets_is_no_alias" {
  command = plan
  variables { processor = { handler_secret_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:alias/secrets"] } }
  expect_failures = [var.processor]
}

run "a_key_of_the_store_s_secret_is_no_alias" {
  command = plan
  variables {
    url_issuer = { rate_limit_store = { url_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rates", url_secret_kms_key_arn = "alias/secrets", security_group_id = "sg-rates" } }
  }
  expect_failures = [var.url_issuer]
}

run "a_path_is_no_pattern_in_a_policy" {
  command = plan
  variables { iam = { path = "/team-*/" } }
  expect_failures = [var.iam]
}

run "sealed_tasks_reach_no_collector_of_another_region" {
  command = plan
  variables {
    reachable_services = []
    processor          = { memory = 2048, cpu = 1024 }
    tracing            = { collector_image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mirror/collector:v1" }
  }
  expect_failures = [var.tracing]
}

run "sealed_tasks_reach_a_collector_of_their_region" {
  command = plan
  variables {
    reachable_services = []
    processor          = { memory = 2048, cpu = 1024 }
    tracing            = { collector_image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mirror/collector:v1" }
  }
  assert {
    condition     = output.tracing.collector_image == var.tracing.collector_image
    error_message = "ECR in this region has an endpoint"
  }
}
