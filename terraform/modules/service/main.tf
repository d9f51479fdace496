data "aws_region" "current" {}
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  # The memory that goes with a CPU, in MiB (Amazon ECS Developer Guide, "Troubleshoot Amazon ECS task definition invalid CPU or memory
  # errors"): RegisterTaskDefinition refuses all others.
  fargate_memory_mib = jsondecode(file("${path.module}/fargate.json"))
  fargate_cpus       = [for cpu in sort([for cpu in keys(local.fargate_memory_mib) : format("%05d", cpu)]) : tonumber(cpu)]

  region    = data.aws_region.current.id
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition

  # The port that each service listens on by default.
  container_port = 8080

  is_balanced = try(var.caller.by, null) == "load-balancer"

  volume_names = [for index, path in var.writable_paths : "writable-${index}"]

  # Together with the permission (roles.tf): one without the other would be of no use.
  environment = merge(
    var.environment,
    var.tasks.protect_after_seconds == null ? {} : { PROTECT_AFTER_SECONDS = tostring(var.tasks.protect_after_seconds) },
  )

  container = {
    name        = var.name
    image       = var.image
    essential   = true
    environment = [for key in sort(keys(local.environment)) : { name = key, value = local.environment[key] }]
    secrets     = [for key in sort(keys(var.secrets)) : { name = key, valueFrom = var.secrets[key] }]
    portMappings = [
      { containerPort = local.container_port, hostPort = local.container_port, protocol = "tcp" }
    ]
    mountPoints = [
      for index, path in var.writable_paths :
      { sourceVolume = local.volume_names[index], containerPath = path, readOnly = false }
    ]
    volumesFrom    = []
    systemControls = []

    readonlyRootFilesystem = true
    # An init process reaps what a handler leaves behind and passes SIGTERM on; a port above 1023 needs no capability.
    linuxParameters = {
      initProcessEnabled = true
      capabilities       = { add = [], drop = ["ALL"] }
    }
    # Between SIGTERM and SIGKILL, the most that Fargate gives: DRAIN_LIMIT_SECONDS (100) and at least 5.
    stopTimeout = 120

    # No curl in the image: the Node that runs the service asks. It shares the task's CPU with the service, and has time under a flood.
    healthCheck = {
      command = [
        "CMD",
        "node",
        "-e",
        "fetch('http://127.0.0.1:${local.container_port}/livez').then((response) => process.exit(response.ok ? 0 : 1), () => process.exit(1))",
      ]
      interval    = 30
      timeout     = 15
      retries     = 3
      startPeriod = 30
    }

    # Metrics are log lines of the embedded metric format: CloudWatch Logs makes metrics of them without a header or an agent
    # (Amazon CloudWatch User Guide, "Using the PutLogEvents API to send manually-created embedded metric format logs").
    # Non-blocking: when CloudWatch Logs is away, lines are lost from 25 MiB on and no upload waits.
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.this.name
        "awslogs-region"        = local.region
        "awslogs-stream-prefix" = "task"
        "mode"                  = "non-blocking"
        "max-buffer-size"       = "25m"
      }
    }
  }

  # Not essential: the service goes on without it. Its metrics and log lines say what it could not send.
  collectors = var.collector == null ? [] : [{
    name           = "collector"
    image          = var.collector.image
    essential      = false
    memory         = var.collector.memory_mib
    environment    = [{ name = "AOT_CONFIG_CONTENT", value = var.collector.config }]
    portMappings   = []
    mountPoints    = []
    volumesFrom    = []
    systemControls = []

    readonlyRootFilesystem = true
    linuxParameters = {
      initProcessEnabled = true
      capabilities       = { add = [], drop = ["ALL"] }
    }

    healthCheck = {
      command     = ["CMD", "/healthcheck"]
      interval    = 30
      timeout     = 5
      retries     = 3
      startPeriod = 10
    }

    logConfiguration = local.container.logConfiguration
  }]
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts every group; the services redact keys and signatures before they log.
  #checkov:skip=CKV_AWS_338:A variable: clients' addresses are personal data, to be kept no longer than they are needed.
  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn
  tags              = var.tags
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.tasks.cpu
  memory                   = var.tasks.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions    = jsonencode(concat([local.container], local.collectors))
  tags                     = var.tags

  # The earlier one is what a deployment that fails goes back to, and ECS starts no deployment of one that was deregistered
  # (Amazon ECS API Reference, "DeregisterTaskDefinition").
  skip_destroy = true

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  dynamic "volume" {
    for_each = local.volume_names

    content {
      name = volume.value
    }
  }
}

# Without a grace period for the load balancer's checks: ECS refuses one in the same call that brings the load balancer to a service that
# has none, which is how profile = "small" becomes "standard". A task listens within seconds, and three checks take 45.
resource "aws_ecs_service" "this" {
  #checkov:skip=CKV_AWS_333:Only with network.egress = "public", in place of endpoints or NAT gateways; no rule of the security group lets anything in from the internet.
  name                    = var.name
  cluster                 = var.cluster.arn
  task_definition         = aws_ecs_task_definition.this.arn
  desired_count           = var.tasks.min_tasks
  platform_version        = "LATEST"
  enable_execute_command  = false
  enable_ecs_managed_tags = true
  propagate_tags          = "SERVICE"
  wait_for_steady_state   = var.wait_for_steady_state
  tags                    = var.tags

  # Without it a change of `spot` would replace the service, and leave nothing running in between. It has no effect on an apply
  # that changes nothing here.
  force_new_deployment = true

  # A new version first stands beside the old one; when its tasks don't come up, the old one stays.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  # What the circuit breaker does not count: tasks that end after they ran, and tasks that are healthy and fail at their work. ECS leaves out
  # an alarm that rang before the deployment began, so a correction can be deployed (Amazon ECS Developer Guide, "How CloudWatch alarms detect
  # Amazon ECS deployment failures").
  dynamic "alarms" {
    for_each = var.deployment_alarms == null ? [] : [var.deployment_alarms]

    content {
      alarm_names = alarms.value.names
      enable      = alarms.value.roll_back
      rollback    = alarms.value.roll_back
    }
  }

  # A base alone would be the first task, and with one task all of them. ECS starts no task on demand where Spot has no capacity: it waits
  # for Spot (Amazon ECS Developer Guide, "Amazon ECS clusters for Fargate").
  dynamic "capacity_provider_strategy" {
    for_each = !var.tasks.spot || var.tasks.on_demand_tasks > 0 ? ["FARGATE"] : []

    content {
      capacity_provider = capacity_provider_strategy.value
      base              = var.tasks.spot ? var.tasks.on_demand_tasks : 0
      weight            = var.tasks.spot ? 0 : 1
    }
  }

  dynamic "capacity_provider_strategy" {
    for_each = var.tasks.spot ? ["FARGATE_SPOT"] : []

    content {
      capacity_provider = capacity_provider_strategy.value
      base              = 0
      weight            = 1
    }
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = concat([aws_security_group.this.id], var.security_group_ids)
    assign_public_ip = var.public_address
  }

  dynamic "load_balancer" {
    for_each = local.is_balanced ? [var.caller] : []

    content {
      target_group_arn = load_balancer.value.arn
      container_name   = var.name
      container_port   = local.container_port
    }
  }

  # By a record with the port, which ECS needs a container for (Amazon ECS API Reference, "ServiceRegistry").
  dynamic "service_registries" {
    for_each = try(var.caller.by, null) == "service-discovery" ? [var.caller] : []

    content {
      registry_arn   = service_registries.value.arn
      container_name = var.name
      container_port = local.container_port
    }
  }

  # How long wait_for_steady_state waits. The provider's twenty minutes are shorter than the bake time of the alarms after the last old task
  # has drained.
  timeouts {
    create = "60m"
    update = "60m"
  }

  lifecycle {
    # The number of tasks is the scaling policies'.
    ignore_changes = [desired_count]

    # Amazon ECS Developer Guide of the China Regions, "Amazon Fargate capacity providers": "Fargate Spot only supports Linux tasks with the
    # X86_64 architecture". The tasks would wait for capacity that never comes.
    precondition {
      condition     = local.partition != "aws-cn" || !var.tasks.spot || var.architecture == "X86_64"
      error_message = "${var.subject}.spot, the default of profile = \"small\" for consumers, needs architecture = \"X86_64\" in China: Fargate Spot runs no ARM64 tasks there. Set it, or ${var.subject}.spot = false."
    }
  }

  # A task that starts without its permissions fails, and with it the deployment.
  depends_on = [
    aws_iam_role_policy.execution,
    aws_iam_role_policy.task,
    aws_vpc_security_group_egress_rule.https,
    aws_vpc_security_group_egress_rule.caller,
    aws_vpc_security_group_ingress_rule.caller,
  ]
}

# A rollback ends in a steady state too, and the provider's wait succeeds. So what runs afterwards is compared with what was applied.
# Read after each change of the service, because it depends on it.
data "aws_ecs_service" "running" {
  count = var.wait_for_steady_state ? 1 : 0

  service_name = aws_ecs_service.this.name
  cluster_arn  = var.cluster.arn

  lifecycle {
    postcondition {
      condition     = self.task_definition == aws_ecs_task_definition.this.arn
      error_message = "${var.name} runs ${self.task_definition}, not ${aws_ecs_task_definition.this.arn}, which was applied: ECS rolled the deployment back. See the reason with: aws ecs describe-services --cluster ${var.cluster.name} --services ${var.name} --query 'services[].deployments[].rolloutStateReason', then the log group ${aws_cloudwatch_log_group.this.name}. Until a corrected version runs, each plan without a new task definition ends so: deploy the correction, or set wait_for_steady_state = false to change something else."
    }
  }

  depends_on = [aws_ecs_service.this]
}

resource "aws_security_group" "this" {
  name        = var.name
  description = var.caller == null ? "Tasks that accept no connections" : "Tasks that only the load balancer or API Gateway calls"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = var.name })
}

# AWS alone is called, over HTTPS; its addresses are not to be listed. With endpoints alone, nothing else is there.
resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.this.id
  description       = "HTTPS to AWS, and to what a handler calls"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  tags              = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "caller" {
  count = var.caller == null ? 0 : 1

  security_group_id            = aws_security_group.this.id
  description                  = "From the load balancer or the VPC link"
  referenced_security_group_id = var.caller.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = local.container_port
  to_port                      = local.container_port
  tags                         = var.tags
}

resource "aws_vpc_security_group_egress_rule" "caller" {
  count = var.caller == null ? 0 : 1

  security_group_id            = var.caller.security_group_id
  description                  = "To the tasks of ${var.name}"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = local.container_port
  to_port                      = local.container_port
  tags                         = var.tags
}
