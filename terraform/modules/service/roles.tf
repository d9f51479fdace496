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

  # The page on the execution role gives its trust policy without conditions on the source, and does not say that ECS names one there. If it
  # names none, a condition would keep each task from starting.
  execution_trust_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })

  # [account, region, repository] of an image in ECR; an image from elsewhere takes no permission.
  ecr_image = "^([0-9]{12})\\.dkr\\.ecr\\.([a-z0-9-]+)\\.${replace(data.aws_partition.current.dns_suffix, ".", "\\.")}/([^:@]+)"
  ecr_parts = [
    for image in compact([var.image, try(var.collector.image, null)]) : regex(local.ecr_image, image) if can(regex(local.ecr_image, image))
  ]

  pull_statements = length(local.ecr_parts) == 0 ? [] : [
    {
      # Knows no resource (Service Authorization Reference, "Amazon Elastic Container Registry").
      Sid      = "SignInToRegistry"
      Effect   = "Allow"
      Action   = ["ecr:GetAuthorizationToken"]
      Resource = ["*"]
    },
    {
      Sid    = "PullImage"
      Effect = "Allow"
      Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Resource = [
        for parts in local.ecr_parts : "arn:${local.partition}:ecr:${parts[1]}:${parts[0]}:repository/${parts[2]}"
      ]
    },
  ]

  log_statements = [{
    Sid      = "WriteLogs"
    Effect   = "Allow"
    Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }]

  secret_statements = length(var.secrets) == 0 ? [] : [{
    Sid    = "ReadSecrets"
    Effect = "Allow"
    Action = ["secretsmanager:GetSecretValue", "ssm:GetParameters"]
    # Behind the seventh part stands which value in the secret is meant; a permission is for the secret.
    Resource = sort(distinct([
      for arn in values(var.secrets) : join(":", slice(split(":", arn), 0, min(7, length(split(":", arn)))))
    ]))
  }]

  # Secrets Manager and Parameter Store decrypt with their caller's permissions (AWS Secrets Manager User Guide, "Secret encryption and
  # decryption in AWS Secrets Manager"; AWS Systems Manager User Guide, "AWS KMS encryption for Parameter Store SecureString parameters").
  secret_key_statements = length(var.secret_kms_key_arns) == 0 ? [] : [{
    Sid      = "DecryptSecrets"
    Effect   = "Allow"
    Action   = ["kms:Decrypt"]
    Resource = var.secret_kms_key_arns
    Condition = { StringLike = { "kms:ViaService" = distinct([
      for pair in setproduct(["secretsmanager", "ssm"], ["amazonaws.com", data.aws_partition.current.dns_suffix]) : join(".*.", pair)
    ]) } }
  }]

  execution_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.pull_statements, local.log_statements, local.secret_statements, local.secret_key_statements)
  })

  # The inline policies of the task's role, by name.
  task_policies = merge(
    { service = var.task_policy_json },
    var.handler_policy == null ? {} : { handler = var.handler_policy.json },
    # What the ECS agent does on the task's behalf when the service asks it (Amazon ECS Developer Guide, "Protect your Amazon ECS
    # tasks from being terminated by scale-in events", on permissions). The service never asks how it stands: no GetTaskProtection.
    var.tasks.protect_after_seconds == null ? {} : {
      scale-in-protection = jsonencode({
        Version = "2012-10-17"
        Statement = [{
          Sid      = "ProtectTasks"
          Effect   = "Allow"
          Action   = ["ecs:UpdateTaskProtection"]
          Resource = ["arn:${local.partition}:ecs:${local.region}:${local.account}:task/${var.cluster.name}/*"]
        }]
      })
    },
    # The collector signs with the task's role. X-Ray knows no resources for these (Service Authorization Reference, "AWS X-Ray").
    var.collector == null ? {} : {
      traces = jsonencode({
        Version = "2012-10-17"
        Statement = [{
          Sid      = "SendSpans"
          Effect   = "Allow"
          Action   = ["xray:PutSpans", "xray:PutSpansForIndexing", "xray:PutTraceSegments", "xray:PutTelemetryRecords"]
          Resource = ["*"]
        }]
      })
    },
  )
  # Which they are and how long tells nothing, also where a setting of the service is sensitive: then Terraform takes all of it for sensitive.
  task_policy_names = nonsensitive(toset(keys(local.task_policies)))
  # IAM counts no white space (IAM User Guide, "IAM and AWS STS quotas", "IAM and AWS STS entity character limits").
  task_policy_lengths = { for name in local.task_policy_names : name => nonsensitive(length(replace(local.task_policies[name], "/\\s/", ""))) }
}

# The permissions of the service's own code. Roles belong to the account and not to a region, so their names have the region.
resource "aws_iam_role" "task" {
  name                 = "${var.name}-${local.region}-task"
  description          = "What the code of ${var.name} may do"
  assume_role_policy   = local.task_trust_policy
  path                 = var.iam.path
  permissions_boundary = var.iam.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy" "task" {
  for_each = local.task_policy_names

  name   = each.key
  role   = aws_iam_role.task.id
  policy = local.task_policies[each.key]

  lifecycle {
    precondition {
      condition     = sum(values(local.task_policy_lengths)) <= 10240
      error_message = "IAM takes 10240 characters in all inline policies of a role together, and those of ${var.name} have more: ${join(", ", [for name, length in local.task_policy_lengths : "${name} ${length}"])}. ${contains(local.task_policy_names, "handler") ? "Shorten ${var.subject}.handler_policy, or attach a managed policy to the role instead." : "Give it fewer keys and queues."}"
    }
  }
}

# What ECS does to start a task: pull its image, hand it its secrets, take its logs.
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
