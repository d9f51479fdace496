mock_provider "aws" {
  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws" } }
  mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:once-alarms" } }
  mock_resource "aws_cloudwatch_log_group" { defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/events/once-task-failures" } }
}

variables {
  settings              = {}
  handler_limit_seconds = 3600
  log_retention_days    = 30
  dead_letters          = { retention_days = 14, longest_in_queue_seconds = { upload_events = 130125, accepted_events = 352425, webhooks = 75225 } }
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

run "every_report_raises_an_alarm_whatever_becomes_of_the_logs" {
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["upload-reports"].namespace == "AWS/SQS"
      && aws_cloudwatch_metric_alarm.this["upload-reports"].metric_name == "NumberOfMessagesSent"
      && aws_cloudwatch_metric_alarm.this["upload-reports"].dimensions == tomap({ QueueName = "once-upload-reports" })
      && aws_cloudwatch_metric_alarm.this["upload-reports"].statistic == "Sum"
      && aws_cloudwatch_metric_alarm.this["upload-reports"].threshold == 1
      && aws_cloudwatch_metric_alarm.this["upload-reports"].evaluation_periods == 1
    )
    error_message = "One report is enough, and SQS counts it."
  }
  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.this : name => [alarm.metric_name, alarm.dimensions["Service"]]
      if alarm.namespace == "UploadOnce" && alarm.threshold == 1
      } == {
      url-issuer-rate-store-away   = ["RatesCountedLocally", "url-issuer"]
      acceptor-messages-undeleted  = ["MessagesUndeleted", "acceptor"]
      processor-messages-undeleted = ["MessagesUndeleted", "processor"]
      acceptor-work-cut-off        = ["WorkCutOff", "acceptor"]
      processor-work-cut-off       = ["WorkCutOff", "processor"]
    }
    error_message = "One rate that was counted alone is enough; no alarm about what is kept apart depends on a log line."
  }
  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.this : alarm.dimensions == tomap({ Environment = "live", Service = alarm.dimensions["Service"] })
      if alarm.namespace == "UploadOnce"
    ])
    error_message = "Metrics of the code have exactly the dimensions Environment and Service."
  }
}

run "a_message_that_sqs_does_not_delete_raises_an_alarm_of_its_service" {
  assert {
    condition = alltrue([
      for service in ["acceptor", "processor"] : (
        aws_cloudwatch_metric_alarm.this["${service}-messages-undeleted"].statistic == "Sum"
        && aws_cloudwatch_metric_alarm.this["${service}-messages-undeleted"].period == 300
        && aws_cloudwatch_metric_alarm.this["${service}-messages-undeleted"].evaluation_periods == 1
        && strcontains(aws_cloudwatch_metric_alarm.this["${service}-messages-undeleted"].alarm_description, "sqs:DeleteMessage")
      )
    ])
    error_message = "The service counts each message once, after several calls that failed: one is enough, and the alarm says what to look at."
  }
}

run "work_that_stops_cut_off_again_and_again_raises_an_alarm_of_its_service" {
  assert {
    condition = alltrue([
      for service in ["acceptor", "processor"] : (
        aws_cloudwatch_metric_alarm.this["${service}-work-cut-off"].statistic == "Sum"
        && aws_cloudwatch_metric_alarm.this["${service}-work-cut-off"].period == 300
        && aws_cloudwatch_metric_alarm.this["${service}-work-cut-off"].evaluation_periods == 1
        && strcontains(aws_cloudwatch_metric_alarm.this["${service}-work-cut-off"].alarm_description, "protect_after_seconds")
      )
    ])
    error_message = "The service counts a message from the third stop in a row on: one is enough, and the alarm says what to do."
  }
}

run "uploads_that_wait_as_copies_raise_an_alarm_by_their_own_age" {
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["processor-waiting-time"].metric_name == "WaitingTime"
      && aws_cloudwatch_metric_alarm.this["processor-waiting-time"].statistic == "Maximum"
      && aws_cloudwatch_metric_alarm.this["processor-waiting-time"].period == 300
      && aws_cloudwatch_metric_alarm.this["processor-waiting-time"].threshold == 1000 * aws_cloudwatch_metric_alarm.this["accepted-events-age"].threshold
    )
    error_message = "The metric is in milliseconds, and its alarm comes at the age from which on an accepted event is too old."
  }
}

run "every_alarm_tells_the_topic_at_once" {
  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.this :
      tolist(alarm.alarm_actions) == tolist(["arn:aws:sns:eu-central-1:123456789012:once-alarms"])
      && alarm.comparison_operator == "GreaterThanOrEqualToThreshold"
      && alarm.treat_missing_data == "notBreaching"
      && startswith(alarm.alarm_name, "once-")
      && alarm.alarm_description != ""
    ])
    error_message = "Every alarm publishes to the topic, from its threshold on, and stays quiet while there is nothing to count."
  }
  assert {
    condition     = toset([for name, alarm in aws_cloudwatch_metric_alarm.this : name if length(alarm.ok_actions) == 0]) == toset(["upload-reports", "acceptor-messages-undeleted", "processor-messages-undeleted", "acceptor-work-cut-off", "processor-work-cut-off"])
    error_message = "An alarm about a state notifies you of its end; an alarm about an event does not."
  }
  assert {
    condition     = length(output.alarm_names) == 18 && output.topic_arn == "arn:aws:sns:eu-central-1:123456789012:once-alarms"
    error_message = "The outputs name topic and alarms."
  }
}

run "queues_raise_alarms_on_dead_letters_and_age" {
  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.this : name => [alarm.metric_name, alarm.dimensions["QueueName"], alarm.statistic, alarm.threshold]
      if alarm.namespace == "AWS/SQS" && name != "upload-reports"
      } == {
      upload-events-dead-letter   = ["ApproximateNumberOfMessagesVisible", "once-upload-events-dead-letter", "Maximum", 1]
      accepted-events-dead-letter = ["ApproximateNumberOfMessagesVisible", "once-accepted-events-dead-letter", "Maximum", 1]
      upload-events-age           = ["ApproximateAgeOfOldestMessage", "once-upload-events", "Maximum", 900]
      accepted-events-age         = ["ApproximateAgeOfOldestMessage", "once-accepted-events", "Maximum", 7200]
    }
    error_message = "One dead letter is enough; each queue has an age from which on it is too old."
  }
}

run "webhooks_raise_alarms_where_there_are_some" {
  variables {
    audit = true
    queues = {
      upload_events               = { name = "once-upload-events" }
      upload_events_dead_letter   = { name = "once-upload-events-dead-letter" }
      accepted_events             = { name = "once-accepted-events" }
      accepted_events_dead_letter = { name = "once-accepted-events-dead-letter" }
      upload_reports              = { name = "once-upload-reports" }
      webhooks                    = { name = "once-webhooks" }
      webhooks_dead_letter        = { name = "once-webhooks-dead-letter" }
    }
    services = {
      url-issuer     = "once-url-issuer"
      acceptor       = "once-acceptor"
      processor      = "once-processor"
      webhook-sender = "once-webhook-sender"
    }
    settings = { webhooks_age_seconds = 1200, webhook_attempts_failed = 4 }
  }
  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.this : name => [alarm.metric_name, alarm.dimensions["QueueName"], alarm.statistic, alarm.threshold]
      if startswith(name, "webhooks-")
      } == {
      webhooks-dead-letter = ["ApproximateNumberOfMessagesVisible", "once-webhooks-dead-letter", "Maximum", 1]
      webhooks-age         = ["ApproximateAgeOfOldestMessage", "once-webhooks", "Maximum", 1200]
    }
    error_message = "One dead letter is enough; an event must not wait longer than for its retry."
  }
  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.this : name => [alarm.metric_name, alarm.statistic, alarm.threshold, alarm.period, alarm.evaluation_periods, length(alarm.ok_actions)]
      if startswith(alarm.metric_name, "Webhook")
      } == {
      webhook-sender-attempts-failed = ["WebhookAttemptsFailed", "Sum", 4, 1800, 2, 1]
      webhook-sender-endpoints-gone  = ["WebhookEndpointsGone", "Sum", 1, 300, 1, 0]
      processor-webhook-events-lost  = ["WebhookEventsLost", "Sum", 1, 300, 1, 0]
    }
    error_message = "One endpoint that is gone and one lost event are enough; attempts must fail for an hour."
  }
  assert {
    condition     = length(output.alarm_names) == 29
    error_message = "The alarms of every consumer are the sender's too."
  }
  assert {
    condition = alltrue(flatten([
      for metric, services in local.written_by : [
        for service in services :
        metric == "RequestsRefused" || anytrue([
          for line in flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : [for line in try(widget.properties.metrics, []) : jsonencode(line)]]) :
          startswith(line, trimsuffix(jsonencode(["UploadOnce", metric, "Environment", "live", "Service", service]), "]"))
        ])
      ]
    ]))
    error_message = "Each metric stands in a widget, for each service that writes it."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_metric_alarm.this["webhooks-dead-letter"].alarm_description, "webhook") && !strcontains(aws_cloudwatch_metric_alarm.this["upload-events-dead-letter"].alarm_description, "webhook")
    error_message = "Each says what failed."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_metric_alarm.this["accepted-events-dead-letter"].alarm_description, "it was processed and its webhook event could not be sent (`NotSentToEach` in the log)")
    error_message = "The message of a processed upload can be a dead letter too."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["webhook-sender-task-failures"].dimensions == tomap({ RuleName = "once-webhook-sender-task-failures" })
    error_message = "Its tasks are watched too."
  }
  assert {
    condition     = alltrue([for queue in ["once-webhooks", "once-webhooks-dead-letter"] : strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "\"${queue}\"")])
    error_message = "The dashboard shows both queues."
  }
}

run "old_dead_letters_are_told_of_each_day" {
  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.daily : name => one([for query in alarm.metric_query : query.expression if query.id == "expiring"]) } == {
      upload-events-dead-letter-expiring   = "IF(age >= 215475 AND HOUR(age) == 8, 1, 0)"
      accepted-events-dead-letter-expiring = "IF(age >= 86400 AND HOUR(age) == 8, 1, 0)"
    }
    error_message = "Ten days before the first can expire, and never within the first day; once a day."
  }
  assert {
    condition = alltrue([for name, alarm in aws_cloudwatch_metric_alarm.daily : alltrue(flatten([for query in alarm.metric_query : [
      for metric in query.metric : metric.metric_name == "ApproximateAgeOfOldestMessage" && metric.dimensions["QueueName"] == "once-${trimsuffix(name, "-expiring")}" && metric.stat == "Maximum"
    ]]))])
    error_message = "The oldest message of the dead-letter queue decides."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.daily : length(alarm.ok_actions) == 0 && tolist(alarm.alarm_actions) == tolist(["arn:aws:sns:eu-central-1:123456789012:once-alarms"])])
    error_message = "Its end is no news: it ends each day."
  }
  assert {
    condition     = alltrue([for queue in ["upload-events", "accepted-events"] : strcontains(aws_cloudwatch_metric_alarm.this["${queue}-dead-letter"].alarm_description, "The end of this alarm means only that the queue is empty: the messages were moved back, were deleted, or expired.")])
    error_message = "The mail of the end says what it does not mean."
  }
}

run "an_audit_raises_alarms_on_what_it_finds_and_on_its_absence" {
  variables { audit = true }
  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => [
      alarm.metric_name, alarm.dimensions["Service"], alarm.statistic, alarm.comparison_operator, alarm.threshold, alarm.period, alarm.evaluation_periods, alarm.treat_missing_data, length(alarm.ok_actions)
      ] if startswith(name, "audit-") } == {
      audit-findings = ["AuditFindings", "audit", "Maximum", "GreaterThanOrEqualToThreshold", 1, 300, 1, "ignore", 1]
      audit-missing  = ["AuditRan", "audit", "Sum", "LessThanThreshold", 1, 3600, 26, "breaching", 1]
    }
    error_message = "Findings stay until an audit finds nothing; 26 hours without an audit are too many."
  }
  # Amazon CloudWatch API Reference, "PutMetricAlarm", Period.
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.period * alarm.evaluation_periods <= (alarm.period < 3600 ? 86400 : 604800)])
    error_message = "CloudWatch takes no longer evaluation."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "\"AuditFindings\"")
    error_message = "The dashboard shows it."
  }
}

run "without_an_audit_nothing_is_said_of_it" {
  assert {
    condition     = !strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "Audit") && length([for name, alarm in aws_cloudwatch_metric_alarm.this : name if startswith(name, "audit-")]) == 0
    error_message = "No alarm on a metric that no program writes, and no empty widget."
  }
}

run "requests_that_s3_refuses_raise_an_alarm_where_they_are_counted" {
  variables {
    request_metrics = { bucket_name = "files", filter_id = "uploads" }
    settings        = { uploads_refused = 7 }
  }
  assert {
    condition     = [for alarm in [aws_cloudwatch_metric_alarm.this["uploads-refused"]] : [alarm.namespace, alarm.metric_name, alarm.dimensions, alarm.statistic, alarm.threshold]] == [["AWS/S3", "4xxErrors", tomap({ BucketName = "files", FilterId = "uploads" }), "Sum", 7]]
    error_message = "S3 counts 1 for each request that it refuses."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "[\"AWS/S3\",\"4xxErrors\",\"BucketName\",\"files\",\"FilterId\",\"uploads\"]")
    error_message = "The dashboard shows them."
  }
}

run "a_copy_that_failed_raises_an_alarm_where_there_are_copies" {
  variables { replication_failures = { queue_name = "once-replication-failures" } }
  assert {
    condition     = [for alarm in [aws_cloudwatch_metric_alarm.this["replication-failures"]] : [alarm.namespace, alarm.metric_name, alarm.dimensions, alarm.statistic, alarm.threshold]] == [["AWS/SQS", "NumberOfMessagesSent", tomap({ QueueName = "once-replication-failures" }), "Sum", 1]]
    error_message = "S3 sends a message for each file."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_metric_alarm.this["replication-failures"].alarm_description, "s3:TestEvent is no failure")
    error_message = "S3 sends one message of its own to each queue when the receivers change."
  }
}

run "without_copies_nothing_is_said_of_them" {
  assert {
    condition     = !contains(keys(aws_cloudwatch_metric_alarm.this), "replication-failures")
    error_message = "An alarm on a queue that is not there costs money."
  }
}

run "what_a_new_version_breaks_rolls_back_its_deployment" {
  variables {
    load_balancer = { arn_suffix = "app/once/50dc6c495c0c9188" }
    api           = { id = "a1b2c3d4" }
  }
  assert {
    condition = output.deployment_alarms == {
      url-issuer = { names = ["once-url-issuer-server-errors", "once-url-issuer-task-failures", "once-api-errors", "once-load-balancer-errors"], roll_back = true }
      acceptor   = { names = ["once-upload-events-dead-letter", "once-acceptor-task-failures"], roll_back = true }
      processor  = { names = ["once-accepted-events-dead-letter", "once-processor-task-failures"], roll_back = true }
    }
    error_message = "5xx responses, dead letters and failed tasks; not what clients, receivers or a backlog cause."
  }
}

run "what_each_deployment_causes_without_a_load_balancer_rolls_nothing_back" {
  variables { api = { id = "a1b2c3d4", rolls_back = false } }
  assert {
    condition     = output.deployment_alarms["url-issuer"].names == ["once-url-issuer-server-errors", "once-url-issuer-task-failures"]
    error_message = "API Gateway answers 503 for a task that has stopped, at each deployment."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["api-errors"].metric_name == "5xx"
    error_message = "The alarm is there all the same."
  }
}

run "one_failed_task_alone_ends_no_deployment" {
  assert {
    condition     = alltrue([for service in keys(var.services) : aws_cloudwatch_metric_alarm.this["${service}-task-failures"].threshold == 2])
    error_message = "A first task can fail because its new role is not known everywhere yet."
  }
}

run "alarms_roll_nothing_back_where_that_is_asked_for" {
  variables { settings = { roll_back_deployments = false } }
  assert {
    condition     = alltrue([for alarms in output.deployment_alarms : !alarms.roll_back && length(alarms.names) > 0])
    error_message = "The names stay, and do nothing."
  }
}

run "issuer_raises_alarms_on_errors_and_slow_responses" {
  variables {
    load_balancer = { arn_suffix = "app/once/50dc6c495c0c9188" }
    api           = { id = "a1b2c3d4" }
    settings      = { issuer_errors = 7, issuer_p99_milliseconds = 1500 }
  }
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["url-issuer-server-errors"].metric_name == "ServerErrors"
      && aws_cloudwatch_metric_alarm.this["url-issuer-server-errors"].statistic == "Sum"
      && aws_cloudwatch_metric_alarm.this["url-issuer-server-errors"].threshold == 7
    )
    error_message = "The issuer's own 5xx are counted."
  }
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["url-issuer-request-time"].metric_name == "RequestTime"
      && aws_cloudwatch_metric_alarm.this["url-issuer-request-time"].extended_statistic == "p99"
      && aws_cloudwatch_metric_alarm.this["url-issuer-request-time"].statistic == null
      && aws_cloudwatch_metric_alarm.this["url-issuer-request-time"].threshold == 1500
      && aws_cloudwatch_metric_alarm.this["url-issuer-request-time"].evaluation_periods == 3
    )
    error_message = "The alarm uses the 99th percentile of the response times, over several periods."
  }
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["url-issuer-rate-store-away"].metric_name == "RatesCountedLocally"
      && aws_cloudwatch_metric_alarm.this["url-issuer-rate-store-away"].threshold == 1
      && length(aws_cloudwatch_metric_alarm.this["url-issuer-rate-store-away"].ok_actions) == 1
    )
    error_message = "An unreachable rate store raises an alarm, which notifies you of its end."
  }
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["load-balancer-errors"].metric_name == "HTTPCode_ELB_5XX_Count"
      && aws_cloudwatch_metric_alarm.this["load-balancer-errors"].dimensions == tomap({ LoadBalancer = "app/once/50dc6c495c0c9188" })
      && aws_cloudwatch_metric_alarm.this["load-balancer-errors"].threshold == 7
    )
    error_message = "The load balancer's own 5xx responses, without an issuer, are counted."
  }
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["api-errors"].metric_name == "5xx"
      && aws_cloudwatch_metric_alarm.this["api-errors"].namespace == "AWS/ApiGateway"
      && aws_cloudwatch_metric_alarm.this["api-errors"].dimensions == tomap({ ApiId = "a1b2c3d4" })
      && aws_cloudwatch_metric_alarm.this["api-errors"].threshold == 7
    )
    error_message = "The HTTP API's own 5xx responses, without an issuer, are counted."
  }
}

run "tasks_that_fail_raise_an_alarm_of_their_service" {
  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.this : name => [alarm.metric_name, alarm.dimensions["RuleName"], alarm.threshold]
      if alarm.namespace == "AWS/Events"
      } == {
      url-issuer-task-failures = ["Invocations", "once-url-issuer-task-failures", 2]
      acceptor-task-failures   = ["Invocations", "once-acceptor-task-failures", 2]
      processor-task-failures  = ["Invocations", "once-processor-task-failures", 2]
    }
    error_message = "Each service has an alarm on its rule."
  }
  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.task_failures["acceptor"].event_pattern) == {
      source        = ["aws.ecs"]
      "detail-type" = ["ECS Task State Change"]
      detail = {
        clusterArn = ["arn:aws:ecs:eu-central-1:123456789012:cluster/once"]
        group      = ["service:once-acceptor"]
        lastStatus = ["STOPPED"]
        "$or" = [
          { stopCode = ["EssentialContainerExited", "TaskFailedToStart"] },
          { stoppedReason = [{ prefix = "Task failed" }] },
        ]
      }
    }
    error_message = "A rule sees the tasks of its service that ended by themselves, and no others."
  }
  assert {
    condition = alltrue([
      for target in aws_cloudwatch_event_target.task_failures :
      target.arn == "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/events/once-task-failures"
    ]) && length(aws_cloudwatch_event_target.task_failures) == 3
    error_message = "Why a task failed is written to the log group."
  }
  assert {
    condition = one(jsondecode(aws_cloudwatch_log_resource_policy.task_failures[0].policy_document).Statement) == {
      Sid       = "EventsOfTaskFailures"
      Effect    = "Allow"
      Principal = { Service = ["events.amazonaws.com", "delivery.logs.amazonaws.com"] }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/events/*-task-failures:*"
    }
    error_message = "EventBridge may write to such groups of every installation, and to no other."
  }
}

run "the_group_of_task_failures_has_the_name_that_the_shared_policy_is_for" {
  variables { settings = { log_resource_policy = false } }
  assert {
    condition     = length(aws_cloudwatch_log_resource_policy.task_failures) == 0 && can(regex("^/aws/events/.+-task-failures$", aws_cloudwatch_log_group.task_failures.name))
    error_message = "another installation makes the policy"
  }
}

run "topic_takes_alarms_of_this_account_alone" {
  assert {
    condition = [for statement in jsondecode(aws_sns_topic_policy.this.policy).Statement : statement if statement.Effect == "Allow"] == [{
      Sid       = "AlarmsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = "arn:aws:sns:eu-central-1:123456789012:once-alarms"
      Condition = {
        ArnLike      = { "aws:SourceArn" = "arn:aws:cloudwatch:*:123456789012:alarm:*" }
        StringEquals = { "aws:SourceAccount" = "123456789012" }
      }
    }]
    error_message = "CloudWatch may publish, for alarms of this account."
  }
  assert {
    condition = anytrue([
      for statement in jsondecode(aws_sns_topic_policy.this.policy).Statement :
      statement.Effect == "Deny" && statement.Principal == "*" && statement.Action == "sns:Publish" && try(statement.Condition, null) == { Bool = { "aws:SecureTransport" = "false" } }
    ])
    error_message = "Nothing is published over plain HTTP."
  }
  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == null
    error_message = "By default the topic has no key: with the one that AWS manages no alarm would arrive."
  }
  assert {
    condition     = length(aws_sns_topic_subscription.email) == 0 && length(aws_sns_topic_subscription.sms) == 0 && length(aws_sns_topic_subscription.other) == 0
    error_message = "Only the named subscribers are notified."
  }
}

run "notifies_each_subscriber" {
  variables {
    settings = {
      kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
      emails      = ["on-call@example.com"]
      sms         = ["+4915112345678"]
      subscriptions = [
        { protocol = "https", endpoint = "https://alarms.example.com/" },
        { protocol = "firehose", endpoint = "arn:aws:firehose:eu-central-1:123456789012:deliverystream/alarms", role_arn = "arn:aws:iam::123456789012:role/alarms" },
      ]
    }
  }
  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == var.settings.kms_key_arn
    error_message = "A key of the user's encrypts the topic."
  }
  assert {
    condition = [
      for subscription in concat(values(aws_sns_topic_subscription.email), values(aws_sns_topic_subscription.sms), aws_sns_topic_subscription.other) :
      [subscription.topic_arn, subscription.protocol, subscription.endpoint, subscription.subscription_role_arn == null ? "" : subscription.subscription_role_arn]
      ] == [
      ["arn:aws:sns:eu-central-1:123456789012:once-alarms", "email", "on-call@example.com", ""],
      ["arn:aws:sns:eu-central-1:123456789012:once-alarms", "sms", "+4915112345678", ""],
      ["arn:aws:sns:eu-central-1:123456789012:once-alarms", "https", "https://alarms.example.com/", ""],
      ["arn:aws:sns:eu-central-1:123456789012:once-alarms", "firehose", "arn:aws:firehose:eu-central-1:123456789012:deliverystream/alarms", "arn:aws:iam::123456789012:role/alarms"],
    ]
    error_message = "Mail, telephone and any other are subscribed to the topic."
  }
}

run "dashboard_shows_every_metric_of_the_code" {
  variables { load_balancer = { arn_suffix = "app/once/50dc6c495c0c9188" } }
  assert {
    condition = alltrue(flatten([
      for metric, services in local.writers : [
        for service in services :
        metric == "RequestsRefused" || anytrue([
          for line in flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : [for line in try(widget.properties.metrics, []) : jsonencode(line)]]) :
          startswith(line, trimsuffix(jsonencode(["UploadOnce", metric, "Environment", "live", "Service", service]), "]"))
        ])
      ]
    ]))
    error_message = "Each metric stands in a widget, for each service that writes it."
  }
  assert {
    condition     = !strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "ebhook")
    error_message = "Without webhooks no widget is about them."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "SEARCH('{UploadOnce,Environment,Reason,Service} MetricName=\\\"RequestsRefused\\\" Environment=\\\"live\\\" Service=\\\"url-issuer\\\"', 'Sum', 300)")
    error_message = "Refused requests are found by reason."
  }
  assert {
    condition = alltrue([
      for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets :
      widget.type == "alarm" ? length(widget.properties.alarms) == 19 : length(widget.properties.metrics) > 0 && widget.properties.region == "eu-central-1"
    ])
    error_message = "No widget is empty; one shows all alarms."
  }
  assert {
    condition = length(distinct([
      for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : "${widget.x},${widget.y}"
    ])) == length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets)
    error_message = "No widget covers another."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "app/once/50dc6c495c0c9188")
    error_message = "The load balancer's own errors are shown where there is one."
  }
  assert {
    condition     = output.dashboard_url == "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/once-eu-central-1"
    error_message = "The output leads to the dashboard."
  }
}

run "an_event_in_flight_is_not_late" {
  variables { handler_limit_seconds = 7200 }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["accepted-events-age"].threshold == 14400
    error_message = "Twice as long as a handler may take."
  }
}

run "ages_and_failures_that_raise_an_alarm_can_be_given" {
  variables {
    handler_limit_seconds = 600
    settings              = { upload_events_age_seconds = 300, accepted_events_age_seconds = 600, task_failures = 3 }
  }
  assert {
    condition = { for name in ["upload-events-age", "accepted-events-age", "processor-task-failures"] : name => aws_cloudwatch_metric_alarm.this[name].threshold } == {
      upload-events-age       = 300
      accepted-events-age     = 600
      processor-task-failures = 3
    }
    error_message = "What is given is taken."
  }
}
