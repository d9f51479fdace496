locals {
  # The region's name stands in the provider under different attributes from one major version to the next; an ARN has it always.
  region = split(":", aws_sns_topic.this.arn)[3]

  # Made by `make docs` from scripts/dashboards/panels.ts, as Grafana's dashboard is. One widget for each entry. "metrics": of the code,
  # for every service that writes them; "split": of the code, a line for each value of their own dimension; "aws": AWS's own, below.
  panels = [for panel in jsondecode(file("${path.module}/panels.json")) : panel if local.has_webhooks || !panel.isOfWebhooks]

  # In the form of CloudWatch API Reference, "Dashboard body structure and syntax".
  aws_lines = {
    entry-errors = concat(
      var.load_balancer == null ? [] : [["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", var.load_balancer.arn_suffix]],
      var.api == null ? [] : [["AWS/ApiGateway", "5xx", "ApiId", var.api.id]],
    )
    uploads-refused = var.request_metrics == null ? [] : [
      for metric in ["4xxErrors", "5xxErrors"] : ["AWS/S3", metric, "BucketName", var.request_metrics.bucket_name, "FilterId", var.request_metrics.filter_id]
    ]
    queue-age = [for queue in local.working_queues : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue]]
    queue-depth = concat(
      [for queue in local.working_queues : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue]],
      [for queue in local.working_queues : ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName", queue]],
      [for queue in local.dead_letter_queues : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue]],
    )
    task-load = concat(
      [for service in var.services : ["AWS/ECS", "CPUUtilization", "ClusterName", var.cluster.name, "ServiceName", service]],
      [for service in var.services : ["AWS/ECS", "MemoryUtilization", "ClusterName", var.cluster.name, "ServiceName", service]],
    )
    task-failures = [for rule in aws_cloudwatch_event_rule.task_failures : ["AWS/Events", "Invocations", "RuleName", rule.name]]
  }

  # CloudWatch takes no widget without a line: the audit and the bucket's request metrics can be off.
  widgets = [for widget in local.all_widgets : widget if length(widget.lines) + length(flatten([for metric in widget.metrics : local.writers[metric]])) > 0]

  all_widgets = [
    for panel in local.panels : {
      title      = panel.title
      statistics = panel.statistics
      metrics    = panel.metrics
      lines = concat(
        concat([], [for metric in panel.split : local.split_lines[metric]]...),
        concat([], [for name in panel.aws : local.aws_lines[name]]...),
      )
    }
  ]

  working_queues     = [for queue in local.watched_queues : var.queues[queue].name]
  dead_letter_queues = [for queue in local.watched_queues : var.queues["${queue}_dead_letter"].name]

  # By their own dimension, whose values are the code's error codes: found by a search. No other line would show them, since a
  # metric is known only with all of its dimensions.
  split_lines = {
    RequestsRefused = [
      for service in local.writers["RequestsRefused"] :
      [{ expression = "SEARCH('{${local.namespace},Environment,Reason,Service} MetricName=\"RequestsRefused\" Environment=\"${var.environment}\" Service=\"${service}\"', 'Sum', 300)" }]
    ]
  }

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
        properties = { title = "Alarms", alarms = [for alarm in merge(aws_cloudwatch_metric_alarm.this, aws_cloudwatch_metric_alarm.daily) : alarm.arn] }
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
