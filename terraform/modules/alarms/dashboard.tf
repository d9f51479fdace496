locals {
  # The region's name stands in the provider under different attributes from one major version to the next; an ARN has it always.
  region = split(":", aws_sns_topic.this.arn)[3]

  # One widget for each entry. "metrics": of the code, for every service that writes them; "lines": of AWS, in the form of
  # CloudWatch API Reference, "Dashboard body structure and syntax".
  widgets = concat([
    { title = "Uploads", statistics = ["Sum"], metrics = ["UploadsIssued", "UploadsAccepted", "UploadsProcessed"], lines = [] },
    { title = "Kept apart", statistics = ["Sum"], metrics = ["DuplicateUploads", "IdenticalDuplicates", "OrphanObjects", "RevokedUploads", "StoredBeforeRevocation"], lines = [] },
    { title = "From stored to accepted, and to processed (ms)", statistics = ["p50", "p99"], metrics = ["AcceptTime", "LeadTime"], lines = [] },
    { title = "Processor: age of uploads that find no place (ms)", statistics = ["Maximum"], metrics = ["WaitingTime"], lines = [] },
    { title = "Bytes accepted", statistics = ["Sum"], metrics = ["BytesAccepted"], lines = [] },
    { title = "Failures", statistics = ["Sum"], metrics = ["MessagesRetried", "MessagesUndeleted", "WorkCutOff", "MessagesDeadLettered", "ProcessingFailed"], lines = [] },
    { title = "Issuer: time to respond (ms)", statistics = ["p50", "p99"], metrics = ["RequestTime"], lines = [] },
    { title = "Issuer: responses with 5xx", statistics = ["Sum"], metrics = ["ServerErrors"], lines = local.entry_lines },
    { title = "Issuer: rates that one task counted alone", statistics = ["Sum"], metrics = ["RatesCountedAlone"], lines = [] },
    { title = "Issuer: requests refused, by reason", statistics = ["Sum"], metrics = [], lines = local.refused_lines },
    { title = "Age of the oldest event (s)", statistics = ["Maximum"], metrics = [], lines = [for queue in local.working_queues : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue]] },
    { title = "Events waiting, in flight and dead", statistics = ["Maximum"], metrics = [], lines = concat(
      [for queue in local.working_queues : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue]],
      [for queue in local.working_queues : ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName", queue]],
      [for queue in local.dead_letter_queues : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue]],
    ) },
    { title = "Tasks: processor time and memory (%)", statistics = ["Average"], metrics = [], lines = concat(
      [for service in var.services : ["AWS/ECS", "CPUUtilization", "ClusterName", var.cluster.name, "ServiceName", service]],
      [for service in var.services : ["AWS/ECS", "MemoryUtilization", "ClusterName", var.cluster.name, "ServiceName", service]],
    ) },
    { title = "Tasks that failed", statistics = ["Sum"], metrics = [], lines = [for rule in aws_cloudwatch_event_rule.task_failures : ["AWS/Events", "Invocations", "RuleName", rule.name]] },
    ], !local.has_webhooks ? [] : [
    { title = "Webhooks", statistics = ["Sum"], metrics = ["WebhooksDelivered", "WebhookAttemptsFailed", "WebhooksUnsent", "WebhookEndpointsGone", "WebhookEventsLost"], lines = [] },
    { title = "Webhooks: from an event to its delivery (ms)", statistics = ["p50", "p99"], metrics = ["WebhookLeadTime"], lines = [] },
  ])

  working_queues     = [for queue in local.watched_queues : var.queues[queue].name]
  dead_letter_queues = [for queue in local.watched_queues : var.queues["${queue}_dead_letter"].name]

  entry_lines = concat(
    var.load_balancer == null ? [] : [["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", var.load_balancer.arn_suffix]],
    var.api == null ? [] : [["AWS/ApiGateway", "5xx", "ApiId", var.api.id]],
  )

  # By its own dimension, whose values are the code's error codes: found by a search. No other line would show it, since a
  # metric is known only with all of its dimensions.
  refused_lines = [
    for service in local.writers["RequestsRefused"] :
    [{ expression = "SEARCH('{${local.namespace},Environment,Reason,Service} MetricName=\"RequestsRefused\" Environment=\"${var.environment}\" Service=\"${service}\"', 'Sum', 300)" }]
  ]

  widget_width   = 12
  widget_height  = 6
  widgets_in_row = 2
}

resource "aws_cloudwatch_dashboard" "this" {
  # Dashboards belong to the account, whatever the region (CloudWatch API Reference, "PutDashboard").
  dashboard_name = "${var.name}-${local.region}"

  dashboard_body = jsonencode({
    widgets = concat(
      [{
        type       = "alarm"
        x          = 0
        y          = 0
        width      = local.widget_width * local.widgets_in_row
        height     = 3
        properties = { title = "Alarms", alarms = [for alarm in aws_cloudwatch_metric_alarm.this : alarm.arn] }
      }],
      [
        for position, widget in local.widgets : {
          type   = "metric"
          x      = (position % local.widgets_in_row) * local.widget_width
          y      = 3 + floor(position / local.widgets_in_row) * local.widget_height
          width  = local.widget_width
          height = local.widget_height
          properties = {
            title  = widget.title
            region = local.region
            period = 300
            stat   = widget.statistics[0]
            metrics = concat(
              widget.lines,
              [
                for line in setproduct(widget.metrics, widget.statistics) : [
                  for service in local.writers[line[0]] :
                  [local.namespace, line[0], "Environment", var.environment, "Service", service, { stat = line[1], label = "${line[0]} ${service} ${line[1]}" }]
                ]
              ]...
            )
          }
        }
      ],
    )
  })
}
