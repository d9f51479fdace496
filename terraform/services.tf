resource "aws_ecs_cluster" "this" {
  name = var.name
  tags = var.tags

  # Counts the running tasks, by which a backlog is divided (modules/service/autoscaling.tf).
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]
}

locals {
  # Only with its capacity providers can a service be made in it.
  cluster = {
    arn  = aws_ecs_cluster.this.arn
    name = aws_ecs_cluster_capacity_providers.this.cluster_name
  }
}

module "url_issuer" {
  source = "./modules/service"

  name             = "${var.name}-url-issuer"
  cluster          = local.cluster
  image            = local.images["url-issuer"]
  architecture     = var.architecture
  cpu              = var.url_issuer.cpu
  memory           = var.url_issuer.memory
  min_tasks        = var.url_issuer.min_tasks
  max_tasks        = var.url_issuer.max_tasks
  spot             = var.url_issuer.spot
  vpc_id           = module.network.vpc_id
  subnet_ids       = module.network.private_subnet_ids
  secrets          = try(var.rate_limit_store.url_secret_arn, null) == null ? {} : { RATE_LIMIT_STORE_URL = var.rate_limit_store.url_secret_arn }
  environment      = local.environments["url-issuer"]
  task_policy_json = local.task_policies["url-issuer"]

  load_balancer = {
    target_group_arn  = module.endpoint.target_group_arn
    security_group_id = module.endpoint.security_group_id
  }

  autoscaling = {
    kind                     = "requests"
    load_balancer_arn_suffix = module.endpoint.load_balancer_arn_suffix
    target_group_arn_suffix  = module.endpoint.target_group_arn_suffix
    requests_per_minute      = var.url_issuer.requests_per_minute
  }

  log_retention_days    = var.log_retention_days
  wait_for_steady_state = var.wait_for_steady_state
  tags                  = var.tags
}

resource "aws_vpc_security_group_egress_rule" "rate_limit_store" {
  count = var.rate_limit_store == null ? 0 : 1

  security_group_id            = module.url_issuer.security_group_id
  description                  = "To the store that all tasks count rates in"
  referenced_security_group_id = var.rate_limit_store.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.rate_limit_store.port
  to_port                      = var.rate_limit_store.port
  tags                         = var.tags
}

module "acceptor" {
  source = "./modules/service"

  name                  = "${var.name}-acceptor"
  cluster               = local.cluster
  image                 = local.images["acceptor"]
  architecture          = var.architecture
  cpu                   = var.acceptor.cpu
  memory                = var.acceptor.memory
  min_tasks             = var.acceptor.min_tasks
  max_tasks             = var.acceptor.max_tasks
  spot                  = var.acceptor.spot
  protect_after_seconds = var.acceptor.protect_after_seconds
  vpc_id                = module.network.vpc_id
  subnet_ids            = module.network.private_subnet_ids
  environment           = local.environments["acceptor"]
  task_policy_json      = local.task_policies["acceptor"]

  autoscaling = {
    kind       = "backlog"
    queue_name = module.storage.queues.upload_events.name
    messages   = var.acceptor.messages
  }

  log_retention_days    = var.log_retention_days
  wait_for_steady_state = var.wait_for_steady_state
  tags                  = var.tags
}

module "processor" {
  source = "./modules/service"

  name                  = "${var.name}-processor"
  cluster               = local.cluster
  image                 = local.images["processor"]
  architecture          = var.architecture
  cpu                   = var.processor.cpu
  memory                = var.processor.memory
  min_tasks             = var.processor.min_tasks
  max_tasks             = var.processor.max_tasks
  spot                  = var.processor.spot
  protect_after_seconds = var.processor.protect_after_seconds
  vpc_id                = module.network.vpc_id
  subnet_ids            = module.network.private_subnet_ids
  security_group_ids    = var.handler_security_group_ids
  writable_paths        = var.handler_writable_paths
  secrets               = var.handler_secrets
  environment           = local.environments["processor"]
  task_policy_json      = local.task_policies["processor"]
  handler_policy_json   = var.handler_policy_json

  autoscaling = {
    kind             = "backlog"
    queue_name       = module.storage.queues.accepted_events.name
    messages         = var.processor.messages
    disable_scale_in = var.processor.disable_scale_in
  }

  log_retention_days    = var.log_retention_days
  wait_for_steady_state = var.wait_for_steady_state
  tags                  = var.tags
}
