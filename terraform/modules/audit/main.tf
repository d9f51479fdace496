data "aws_region" "current" {}
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  # The memory that goes with a CPU, in MiB (Amazon ECS Developer Guide, "Troubleshoot Amazon ECS task definition invalid CPU or memory
  # errors"): RegisterTaskDefinition refuses all others.
  fargate_memory_mib = jsondecode(file("${path.module}/../service/fargate.json"))
  fargate_cpus       = [for cpu in sort([for cpu in keys(local.fargate_memory_mib) : format("%05d", cpu)]) : tonumber(cpu)]

  region    = data.aws_region.current.id
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition

  container = {
    name        = var.name
    image       = var.image
    essential   = true
    command     = ["audit", "--json", "--metrics", "--older-than", tostring(var.settings.older_than_minutes)]
    environment = [for key in sort(keys(var.environment)) : { name = key, value = var.environment[key] }]
    mountPoints = []
    volumesFrom = []

    portMappings   = []
    systemControls = []

    readonlyRootFilesystem = true
    linuxParameters = {
      initProcessEnabled = true
      capabilities       = { add = [], drop = ["ALL"] }
    }

    # The findings, and the metrics as a line of the embedded metric format. A line that is lost would raise an alarm, and by default ECS
    # drops what does not fit into its buffer (Amazon ECS API Reference, "LogConfiguration").
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.this.name
        "awslogs-region"        = local.region
        "awslogs-stream-prefix" = "task"
        "mode"                  = "blocking"
      }
    }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts every group; the audit names keys of objects, and no content.
  #checkov:skip=CKV_AWS_338:How long they are kept is a variable (log_retention_days). They are not needed after a year.
  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn
  tags              = var.tags
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.settings.cpu
  memory                   = var.settings.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions    = jsonencode([local.container])
  tags                     = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  # The schedule runs the family's latest revision: there is one at any time.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:The tasks that the schedule starts have it; checkov looks at services.
  name        = var.name
  description = "Tasks that accept no connections"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = var.name })
}

# AWS alone is called, over HTTPS; its addresses are not to be listed.
resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.this.id
  description       = "HTTPS to AWS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  tags              = var.tags
}

# A rate without a start date begins at once (EventBridge Scheduler User Guide, "Schedule types"), so the first audit runs with the first
# apply. The target names no revision: a deployment changes the task definition, and not the schedule, whose rate would begin again.
resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:It holds the names of a cluster, of subnets and of a task definition.
  name                = var.name
  description         = "Runs the audit of ${var.name}"
  schedule_expression = "rate(1 day)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.cluster.arn
    role_arn = aws_iam_role.schedule.arn

    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.this.arn_without_revision
      launch_type         = "FARGATE"
      task_count          = 1

      network_configuration {
        subnets          = var.subnet_ids
        security_groups  = [aws_security_group.this.id]
        assign_public_ip = var.public_address
      }
    }

    # Two audits do no harm. After an hour the next day's will do.
    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 10
    }
  }

  # A task that starts without its permissions fails.
  depends_on = [
    aws_iam_role_policy.task,
    aws_iam_role_policy.execution,
    aws_iam_role_policy.schedule,
    aws_vpc_security_group_egress_rule.https,
  ]
}
