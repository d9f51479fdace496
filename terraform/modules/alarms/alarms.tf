locals {
  # On metrics of the code, one alarm for each service that writes the metric.
  code_alarms = {
    server-errors = {
      metric      = "ServerErrors"
      statistic   = "Sum"
      threshold   = var.settings.issuer_errors
      periods     = 1
      reports_end = true
      description = "The issuer responds with 5xx: see its logs. Usually DynamoDB does not respond."
    }
    rate-store-away = {
      metric      = "RatesCountedLocally"
      statistic   = "Sum"
      threshold   = 1
      periods     = 1
      reports_end = true
      description = "The store in which all tasks count rates does not respond. Each task counts alone and allows the whole rate. Requests are served."
    }
    request-time = {
      metric      = "RequestTime"
      statistic   = "p99"
      threshold   = var.settings.issuer_p99_milliseconds
      periods     = 3
      reports_end = true
      description = "The issuer is slow: see the latency of the table and the CPU of its tasks."
    }
    # Counted once for each message, so it does not show when the last one is deleted.
    messages-undeleted = {
      metric      = "MessagesUndeleted"
      statistic   = "Sum"
      threshold   = 1
      periods     = 1
      reports_end = false
      description = "SQS did not delete handled messages in several tries. The service tries again for 12 hours. After that they can become dead letters although nothing failed. Its log has the reason: sqs:DeleteMessage is denied, SQS cannot be reached, or SQS has an outage."
    }
    # Each copy of such a message begins a new age in its queue, so accepted-events-age never shows it. It is counted with each
    # copy, every minute at most.
    waiting-time = {
      metric      = "WaitingTime"
      statistic   = "Maximum"
      threshold   = 1000 * local.oldest_message_seconds["accepted_events"]
      periods     = 1
      reports_end = true
      description = "Uploads that may have ended a process wait too long: each process runs one of them at a time. The log names them (message waits). See processor-task-failures for what ends the processes. Shorten the handler's work or HANDLER_LIMIT_SECONDS."
    }
    work-cut-off = {
      metric      = "WorkCutOff"
      statistic   = "Sum"
      threshold   = 1
      periods     = 1
      reports_end = false
      description = "At least three stops in a row interrupted the work on a message. It takes longer than DRAIN_LIMIT_SECONDS, so its upload neither fails nor finishes. Set protect_after_seconds, shorten the work, or deploy less often."
    }
    # Of one event the fourth attempt comes half an hour after the third: its endpoint fails in two half-hours in a row.
    attempts-failed = {
      metric      = "WebhookAttemptsFailed"
      statistic   = "Sum"
      threshold   = var.settings.webhook_attempts_failed
      period      = 1800
      periods     = 2
      reports_end = true
      description = "Attempts to send webhooks have been failing for an hour: the webhook-sender's log has the endpoint's host and the reason. Each event is tried for three days, then it becomes a dead letter."
    }
    endpoints-gone = {
      metric      = "WebhookEndpointsGone"
      statistic   = "Sum"
      threshold   = 1
      periods     = 1
      reports_end = false
      description = "An endpoint of webhooks responded with 410 Gone: the task sends it nothing more, and its events become dead letters. Correct the endpoint or the secret, start new tasks, then run `upload-once redrive --yes`."
    }
    # Kept until the next audit says how many it found: its end means that an audit found nothing.
    findings = {
      metric      = "AuditFindings"
      statistic   = "Maximum"
      threshold   = 1
      periods     = 1
      reports_end = true
      missing     = "ignore"
      description = "The daily audit named uploads that did not finish: its log has them. Run `upload-once redrive` and correct the cause, then `upload-once audit --repair`. The end of this alarm means that a later audit found nothing. More findings raise no second alarm."
    }
    # An audit writes one data point a day. The hours without one are missing data, and count. CloudWatch looks at a few more hours than these
    # for data (Amazon CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data"), so it can come some hours later. More
    # than a day is possible with periods of an hour (Amazon CloudWatch API Reference, "PutMetricAlarm", Period). The first audit begins when
    # its schedule is made, so a new installation has this alarm for some minutes.
    missing = {
      metric      = "AuditRan"
      statistic   = "Sum"
      threshold   = 1
      comparison  = "LessThanThreshold"
      period      = 3600
      periods     = 26
      reports_end = true
      missing     = "breaching"
      description = "No audit came to its end for 26 hours: its log group says how far it came, and EventBridge Scheduler whether it began. After the first deployment this ends when the first audit has ended, within minutes. Until audits run again, run `upload-once audit` by hand."
    }
    webhook-events-lost = {
      metric      = "WebhookEventsLost"
      statistic   = "Sum"
      threshold   = 1
      periods     = 1
      reports_end = false
      description = "Uploads failed, and SQS did not confirm the event upload.failed: these failures may have no webhook. The processor's log names the uploads."
    }
  }

  alarms_of_the_code = merge([
    for alarm_name, alarm in local.code_alarms : {
      for service in local.writers[alarm.metric] : "${service}-${alarm_name}" => merge(alarm, {
        namespace  = local.namespace
        period     = try(alarm.period, 300)
        dimensions = { Environment = var.environment, Service = service }
      })
    }
  ]...)

  # Reports of kept versions. SQS itself counts the reports, so the alarm depends on no log line. A report is an event and no
  # state: the first one in five minutes raises the alarm, a period without one ends it, and the end is not notified.
  # SQS reports metrics of an inactive queue up to 15 minutes after its next use, with the time of that use (Amazon SQS
  # Developer Guide, "Available CloudWatch metrics for Amazon SQS"): the period is long enough for CloudWatch to still evaluate
  # such a late data point (Amazon CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data").
  alarm_of_the_reports = {
    upload-reports = {
      namespace   = "AWS/SQS"
      metric      = "NumberOfMessagesSent"
      statistic   = "Sum"
      period      = 300
      threshold   = 1
      periods     = 1
      reports_end = false
      dimensions  = { QueueName = var.queues.upload_reports.name }
      description = "Files came that were not accepted. See the type of each report in the queue: duplicate (a form was used again), refused (its upload was revoked; with storedBeforeRevocation, inform the client, which has a success), orphan (no upload was issued: find out who signs forms or writes to the bucket)."
    }
  }

  dead_letter_causes = {
    upload_events   = "An upload failed and is in the dead-letter queue."
    accepted_events = local.has_webhooks ? "An upload failed, or it was processed and its webhook event could not be sent (`NotSentToEach` in the log), and is in the dead-letter queue. Never delete its message: a redrive sends what was not sent." : "An upload failed and is in the dead-letter queue."
    webhooks        = "A webhook was not delivered and is in the dead-letter queue."
  }

  # Amazon SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS".
  alarms_of_the_queues = merge(
    {
      for queue in local.watched_queues : "${replace(queue, "_", "-")}-dead-letter" => {
        namespace   = "AWS/SQS"
        metric      = "ApproximateNumberOfMessagesVisible"
        statistic   = "Maximum"
        period      = 60
        threshold   = 1
        periods     = 1
        reports_end = true
        dimensions  = { QueueName = var.queues["${queue}_dead_letter"].name }
        description = "${local.dead_letter_causes[queue]} `upload-once redrive` shows it, and the ${queue == "webhooks" ? "webhook-sender's log has" : "service's logs have"} the reason. Correct the cause, then run `upload-once redrive --yes` before the queue's retention ends. The end of this alarm means only that the queue is empty: the messages were moved back, were deleted, or expired. `upload-once audit` names ${queue == "webhooks" ? "no webhook: look when the alarm began" : "the uploads that did not finish"}."
      }
    },
    {
      for queue in local.watched_queues : "${replace(queue, "_", "-")}-age" => {
        namespace   = "AWS/SQS"
        metric      = "ApproximateAgeOfOldestMessage"
        statistic   = "Maximum"
        period      = 60
        threshold   = local.oldest_message_seconds[queue]
        periods     = 1
        reports_end = true
        dimensions  = { QueueName = var.queues[queue].name }
        description = queue == "webhooks" ? "Webhooks wait too long: are the tasks of the webhook-sender running, and are there enough?" : "Uploads wait too long: are the tasks of the service running, are there enough, and does the handler finish?"
      }
    },
  )

  # What S3 refused under uploads/, where its request metrics are on. No service sees these requests (Amazon S3 User Guide, "Amazon S3
  # CloudWatch request metrics").
  alarms_of_the_bucket = merge(
    var.request_metrics == null ? {} : {
      uploads-refused = {
        namespace   = "AWS/S3"
        metric      = "4xxErrors"
        statistic   = "Sum"
        period      = 300
        threshold   = var.settings.uploads_refused
        periods     = 1
        reports_end = true
        dimensions  = { BucketName = var.request_metrics.bucket_name, FilterId = var.request_metrics.filter_id }
        description = "S3 refuses many requests under uploads/: late or changed forms, a wrong clock, a page without CORS permission, or a bucket policy. Clients see the error, and no service does. CloudTrail (trail_retention_days) shows each request."
      }
    },
    var.replication_failures == null ? {} : {
      replication-failures = {
        namespace   = "AWS/SQS"
        metric      = "NumberOfMessagesSent"
        statistic   = "Sum"
        period      = 300
        threshold   = 1
        periods     = 1
        reports_end = false
        dimensions  = { QueueName = var.replication_failures.queue_name }
        description = "S3 could not copy accepted files to the other region, and does not try again: the queue ${var.replication_failures.queue_name} names each, with the reason. Correct it, then copy them with S3 Batch Replication. A message with s3:TestEvent is no failure: S3 sends one whenever the receivers of the events change."
      }
    },
  )

  # What never reached the issuer. Elastic Load Balancing, "CloudWatch metrics for your Application Load Balancer"; API
  # Gateway Developer Guide, "Monitor CloudWatch metrics for HTTP APIs in API Gateway".
  alarms_of_the_entry = merge(
    var.load_balancer == null ? {} : {
      load-balancer-errors = {
        namespace   = "AWS/ApplicationELB"
        metric      = "HTTPCode_ELB_5XX_Count"
        statistic   = "Sum"
        period      = 300
        threshold   = var.settings.issuer_errors
        periods     = 1
        reports_end = true
        dimensions  = { LoadBalancer = var.load_balancer.arn_suffix }
        description = "The load balancer itself responds with 5xx: no task of the issuer is healthy, or tasks break connections."
      }
    },
    var.api == null ? {} : {
      api-errors = {
        namespace   = "AWS/ApiGateway"
        metric      = "5xx"
        statistic   = "Sum"
        period      = 300
        threshold   = var.settings.issuer_errors
        periods     = 1
        reports_end = true
        dimensions  = { ApiId = var.api.id }
        description = "Clients get 5xx from the HTTP API: the issuer fails or cannot be reached."
      }
    },
  )

  # Amazon EventBridge User Guide, "Monitoring Amazon EventBridge".
  alarms_of_the_tasks = {
    for service, rule in aws_cloudwatch_event_rule.task_failures : "${service}-task-failures" => {
      namespace   = "AWS/Events"
      metric      = "Invocations"
      statistic   = "Sum"
      period      = 300
      threshold   = var.settings.task_failures
      periods     = 1
      reports_end = true
      dimensions  = { RuleName = rule.name }
      description = "Tasks of ${service} end by themselves or fail their health checks, and ECS starts new ones. The log group ${aws_cloudwatch_log_group.task_failures.name} has the reason."
    }
  }

  alarms = merge(local.alarms_of_the_code, local.alarm_of_the_reports, local.alarms_of_the_queues, local.alarms_of_the_bucket, local.alarms_of_the_entry, local.alarms_of_the_tasks)
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  period              = each.value.period
  evaluation_periods  = each.value.periods
  threshold           = each.value.threshold
  comparison_operator = try(each.value.comparison, "GreaterThanOrEqualToThreshold")
  # Nearly all of these metrics are only there when there is something to count.
  treat_missing_data = try(each.value.missing, "notBreaching")
  alarm_actions      = [aws_sns_topic.this.arn]
  ok_actions         = each.value.reports_end ? [aws_sns_topic.this.arn] : []
  tags               = var.tags
}
