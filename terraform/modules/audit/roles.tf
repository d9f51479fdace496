locals {
  # Only this account's ECS takes the task's role on (Amazon ECS Developer Guide, "Amazon ECS task IAM role", on the confused deputy).
  task_trust_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:ecs:${local.region}:${local.account}:*" }
      }
    }]
  })

  # Without conditions on the source, as modules/service has it, and for its reason.
  execution_trust_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })

  # EventBridge Scheduler User Guide, "Confused deputy prevention in EventBridge Scheduler".
  schedule_trust_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })

  # [account, region, repository] of an image in ECR; null for an image from elsewhere, which takes no permission.
  ecr_image = "^([0-9]{12})\\.dkr\\.ecr\\.([a-z0-9-]+)\\.${replace(data.aws_partition.current.dns_suffix, ".", "\\.")}/([^:@]+)"
  ecr_parts = try(regex(local.ecr_image, var.image), null)

  pull_statements = local.ecr_parts == null ? [] : [
    {
      # Knows no resource (Service Authorization Reference, "Amazon Elastic Container Registry").
      Sid      = "SignInToRegistry"
      Effect   = "Allow"
      Action   = ["ecr:GetAuthorizationToken"]
      Resource = ["*"]
    },
    {
      Sid      = "PullImage"
      Effect   = "Allow"
      Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Resource = ["arn:${local.partition}:ecr:${local.ecr_parts[1]}:${local.ecr_parts[0]}:repository/${local.ecr_parts[2]}"]
    },
  ]

  execution_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.pull_statements, [{
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
    }])
  })

  # EventBridge Scheduler User Guide, "Setting up the execution role", for a target of Amazon ECS.
  schedule_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RunAudit"
        Effect    = "Allow"
        Action    = ["ecs:RunTask"]
        Resource  = [aws_ecs_task_definition.this.arn_without_revision, "${aws_ecs_task_definition.this.arn_without_revision}:*"]
        Condition = { ArnEquals = { "ecs:cluster" = var.cluster.arn } }
      },
      {
        Sid       = "GiveTaskItsRoles"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = [aws_iam_role.task.arn, aws_iam_role.execution.arn]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
    ]
  })
}

# Roles belong to the account and not to a region, so their names have the region.
resource "aws_iam_role" "task" {
  name                 = "${var.name}-${local.region}-task"
  description          = "What the code of ${var.name} may do"
  assume_role_policy   = local.task_trust_policy
  path                 = var.iam.path
  permissions_boundary = var.iam.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy" "task" {
  name   = "service"
  role   = aws_iam_role.task.id
  policy = var.task_policy_json
}

resource "aws_iam_role" "execution" {
  name                 = "${var.name}-${local.region}-execution"
  description          = "What ECS may do to start ${var.name}"
  assume_role_policy   = local.execution_trust_policy
  path                 = var.iam.path
  permissions_boundary = var.iam.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy" "execution" {
  name   = "start"
  role   = aws_iam_role.execution.id
  policy = local.execution_policy
}

resource "aws_iam_role" "schedule" {
  name                 = "${var.name}-${local.region}-schedule"
  description          = "What EventBridge Scheduler may do to run ${var.name}"
  assume_role_policy   = local.schedule_trust_policy
  path                 = var.iam.path
  permissions_boundary = var.iam.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy" "schedule" {
  name   = "run"
  role   = aws_iam_role.schedule.id
  policy = local.schedule_policy
}
