# ECS has no metric for tasks that end and are started again without Container Insights, and its event stream has each.
# Amazon ECS Developer Guide, "Amazon ECS task state change events"
# (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html), and "Amazon ECS stopped tasks error
# messages": scaling in and deployments stop tasks too, with the code ServiceSchedulerInitiated and another reason.
resource "aws_cloudwatch_event_rule" "task_failures" {
  for_each = var.services

  name        = "${var.name}-${each.key}-task-failures"
  description = "Tasks of ${each.key} that ended by themselves, did not start, or failed a health check."
  event_pattern = jsonencode({
    source        = ["aws.ecs"]
    "detail-type" = ["ECS Task State Change"]
    detail = {
      clusterArn = [var.cluster.arn]
      group      = ["service:${each.value}"]
      lastStatus = ["STOPPED"]
      "$or" = [
        { stopCode = ["EssentialContainerExited", "TaskFailedToStart"] },
        { stoppedReason = [{ prefix = "Task failed" }] },
      ]
    }
  })
  tags = var.tags
}

resource "aws_cloudwatch_log_group" "task_failures" {
  #checkov:skip=CKV_AWS_158:Reasons why tasks stopped name images and addresses, and nothing of any upload.
  #checkov:skip=CKV_AWS_338:How long they are kept is a variable (log_retention_days). They are not needed after a year.
  name              = "/aws/events/${var.name}-task-failures"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn
  tags              = var.tags
}

resource "aws_cloudwatch_event_target" "task_failures" {
  for_each = aws_cloudwatch_event_rule.task_failures

  rule = each.value.name
  arn  = aws_cloudwatch_log_group.task_failures.arn
}

# As Amazon EventBridge User Guide, "Using resource-based policies for Amazon EventBridge", "CloudWatch Logs permissions", has it, but for
# these groups of this account alone. It is for the groups of every installation in the region, since CloudWatch Logs takes ten such policies
# there (Amazon CloudWatch Logs User Guide, "CloudWatch Logs quotas").
resource "aws_cloudwatch_log_resource_policy" "task_failures" {
  count = var.settings.log_resource_policy ? 1 : 0

  policy_name = "${var.name}-task-failures"
  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "EventsOfTaskFailures"
      Effect    = "Allow"
      Principal = { Service = ["events.amazonaws.com", "delivery.logs.amazonaws.com"] }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:/aws/events/*-task-failures:*"
    }]
  })
}
