locals {
  # The free metric has a data point a minute of each task that runs: their number is that of the tasks (Amazon ECS Developer Guide, "Amazon
  # ECS service utilization metrics", "Service RUNNING task count"). A task counts from its first whole minute on.
  running_tasks = var.cluster.container_insights ? {
    namespace = "ECS/ContainerInsights"
    name      = "RunningTaskCount"
    stat      = "Average"
    } : {
    namespace = "AWS/ECS"
    name      = "CPUUtilization"
    stat      = "SampleCount"
  }

  # The load of a task, where AWS has no metric of it: an expression of metrics, by kind.
  load_expressions = {
    # Where no load balancer counts requests, the HTTP API does (API Gateway Developer Guide, "Monitor CloudWatch metrics for HTTP APIs in
    # API Gateway").
    # Without any request there is no data, and AWS then does not scale in. FILL would not be better: it takes the minute whose data is not there
    # yet for 0, and could hold back each scale-out.
    api-requests = {
      label      = "Requests a task"
      expression = "requests / running"
      metrics = {
        requests = { namespace = "AWS/ApiGateway", name = "Count", stat = "Sum", dimensions = { ApiId = var.autoscaling.api_id } }
      }
    }

    # Backlog a task (Application Auto Scaling User Guide, "Create a target tracking scaling policy … using metric math", with its example of
    # an SQS queue). Messages in flight count as well: a task whose slots are full of long work is not idle when nothing waits.
    backlog = {
      label      = "Messages a task, waiting or in flight"
      expression = "(waiting + inhand) / running"
      metrics = {
        for id, messages in { waiting = "Visible", inhand = "NotVisible" } :
        id => { namespace = "AWS/SQS", name = "ApproximateNumberOfMessages${messages}", stat = "Sum", dimensions = { QueueName = var.autoscaling.queue_name } }
      }
    }
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

# Beside the load: whichever asks for more tasks is followed, and a scale-in needs both. A backlog grows as long as the tasks have
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

# The target of a backlog is below the slots of a task: above them, full tasks and as many waiting messages would ask for no more. Half of
# them leave room for what comes until another task runs, and for how the number varies by chance.
resource "aws_appautoscaling_policy" "load" {
  name               = "${var.name}-${var.autoscaling.kind == "backlog" ? "backlog" : "requests"}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.autoscaling.kind == "backlog" ? var.tasks.messages : var.tasks.requests_per_minute
    disable_scale_in   = var.tasks.disable_scale_in
    scale_out_cooldown = 300
    scale_in_cooldown  = 300

    dynamic "predefined_metric_specification" {
      for_each = var.autoscaling.kind == "requests" ? [var.autoscaling] : []

      content {
        predefined_metric_type = "ALBRequestCountPerTarget"
        resource_label         = "${var.autoscaling.load_balancer_arn_suffix}/${var.autoscaling.target_group_arn_suffix}"
      }
    }

    dynamic "customized_metric_specification" {
      for_each = [for kind, load in local.load_expressions : load if kind == var.autoscaling.kind]
      iterator = load

      content {
        metrics {
          id          = "pertask"
          label       = load.value.label
          expression  = load.value.expression
          return_data = true
        }

        dynamic "metrics" {
          for_each = merge(load.value.metrics, {
            running = merge(local.running_tasks, { dimensions = { ClusterName = var.cluster.name, ServiceName = aws_ecs_service.this.name } })
          })

          content {
            id          = metrics.key
            return_data = false

            metric_stat {
              stat = metrics.value.stat

              metric {
                namespace   = metrics.value.namespace
                metric_name = metrics.value.name

                dynamic "dimensions" {
                  for_each = metrics.value.dimensions

                  content {
                    name  = dimensions.key
                    value = dimensions.value
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
