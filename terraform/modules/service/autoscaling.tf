locals {
  # The free metric has a data point a minute of each task that runs: their number is that of the tasks (Amazon ECS Developer Guide, "Amazon
  # ECS service utilization metrics", "Service RUNNING task count"). A task counts from its first whole minute on.
  running_tasks = var.cluster.container_insights ? {
    namespace   = "ECS/ContainerInsights"
    metric_name = "RunningTaskCount"
    stat        = "Average"
    } : {
    namespace   = "AWS/ECS"
    metric_name = "CPUUtilization"
    stat        = "SampleCount"
  }
}

# Cooldowns of five minutes: what a new task changes shows after its start and the metrics' delay, some three minutes. A shorter one adds
# tasks for the same load again. More load is not held up, because a cooldown lets a larger scale-out through.
resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster.name}/${aws_ecs_service.this.name}"
  min_capacity       = var.tasks.min_tasks
  max_capacity       = var.tasks.max_tasks
  tags               = var.tags
}

resource "aws_appautoscaling_policy" "requests" {
  count = var.autoscaling.kind == "requests" ? 1 : 0

  name               = "${var.name}-requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.tasks.requests_per_minute
    disable_scale_in   = var.tasks.disable_scale_in
    scale_out_cooldown = 300
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${var.autoscaling.load_balancer_arn_suffix}/${var.autoscaling.target_group_arn_suffix}"
    }
  }
}

# Where no load balancer counts requests, the HTTP API does (API Gateway Developer Guide, "Monitor CloudWatch metrics for HTTP APIs in API
# Gateway").
# Without any request there is no data, and AWS then does not scale in. FILL would not be better: it takes the minute whose data is not there yet
# for 0, and could hold back each scale-out.
resource "aws_appautoscaling_policy" "api_requests" {
  count = var.autoscaling.kind == "api-requests" ? 1 : 0

  name               = "${var.name}-requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.tasks.requests_per_minute
    disable_scale_in   = var.tasks.disable_scale_in
    scale_out_cooldown = 300
    scale_in_cooldown  = 300

    customized_metric_specification {
      metrics {
        id          = "pertask"
        label       = "Requests a task"
        expression  = "requests / running"
        return_data = true
      }

      metrics {
        id          = "requests"
        return_data = false

        metric_stat {
          stat = "Sum"

          metric {
            namespace   = "AWS/ApiGateway"
            metric_name = "Count"

            dimensions {
              name  = "ApiId"
              value = var.autoscaling.api_id
            }
          }
        }
      }

      metrics {
        id          = "running"
        return_data = false

        metric_stat {
          stat = local.running_tasks.stat

          metric {
            namespace   = local.running_tasks.namespace
            metric_name = local.running_tasks.metric_name

            dimensions {
              name  = "ClusterName"
              value = var.cluster.name
            }

            dimensions {
              name  = "ServiceName"
              value = aws_ecs_service.this.name
            }
          }
        }
      }
    }
  }
}

# Beside the requests or the backlog: whichever asks for more tasks is followed, and a scale-in needs both. A backlog grows as long as the tasks have
# too little CPU, and is gone as soon as they have enough: it alone would add tasks and take them away again, every twenty minutes
# (terraform/tests/scaling.test.ts).
resource "aws_appautoscaling_policy" "cpu" {
  name               = "${var.name}-cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 60
    disable_scale_in   = var.tasks.disable_scale_in
    scale_out_cooldown = 300
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

# Backlog a task (Application Auto Scaling User Guide, "Create a target tracking scaling policy … using metric math", with
# its example of an SQS queue). Messages in flight count as well: a task whose slots are full of long work is not idle when
# nothing waits. The target is below the slots of a task: above them, full tasks and as many waiting messages would ask for no more. Half of
# them leave room for what comes until another task runs, and for how the number varies by chance.
resource "aws_appautoscaling_policy" "backlog" {
  count = var.autoscaling.kind == "backlog" ? 1 : 0

  name               = "${var.name}-backlog"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.tasks.messages
    disable_scale_in   = var.tasks.disable_scale_in
    scale_out_cooldown = 300
    scale_in_cooldown  = 300

    customized_metric_specification {
      metrics {
        id          = "backlog"
        label       = "Messages a task, waiting or in flight"
        expression  = "(waiting + inhand) / running"
        return_data = true
      }

      metrics {
        id          = "waiting"
        return_data = false

        metric_stat {
          stat = "Sum"

          metric {
            namespace   = "AWS/SQS"
            metric_name = "ApproximateNumberOfMessagesVisible"

            dimensions {
              name  = "QueueName"
              value = var.autoscaling.queue_name
            }
          }
        }
      }

      metrics {
        id          = "inhand"
        return_data = false

        metric_stat {
          stat = "Sum"

          metric {
            namespace   = "AWS/SQS"
            metric_name = "ApproximateNumberOfMessagesNotVisible"

            dimensions {
              name  = "QueueName"
              value = var.autoscaling.queue_name
            }
          }
        }
      }

      metrics {
        id          = "running"
        return_data = false

        metric_stat {
          stat = local.running_tasks.stat

          metric {
            namespace   = local.running_tasks.namespace
            metric_name = local.running_tasks.metric_name

            dimensions {
              name  = "ClusterName"
              value = var.cluster.name
            }

            dimensions {
              name  = "ServiceName"
              value = aws_ecs_service.this.name
            }
          }
        }
      }
    }
  }
}
