resource "aws_ecs_cluster" "this" {
  #checkov:skip=CKV_AWS_65:On by default; a variable, since it charges for each metric.
  count = var.cluster == null ? 1 : 0

  name = var.name
  tags = var.tags

  # Counts the running tasks, by which a backlog is divided (modules/service/autoscaling.tf). Disabled, it overrides the account's setting.
  setting {
    name  = "containerInsights"
    value = local.container_insights ? "enabled" : "disabled"
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  count = var.cluster == null ? 1 : 0

  cluster_name       = aws_ecs_cluster.this[0].name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]

  # In an account that never ran ECS, the cluster's creation makes the role that ECS works by, and ECS refuses this call until that role is
  # usable (Amazon ECS API Reference, "CreateCluster"). The provider does not try again. The wait for the queues gives the role time;
  # `make deploy` makes sure of it before.
  depends_on = [module.storage.queues]
}

locals {
  # Only with its capacity providers can a service be made in it.
  cluster = {
    arn                = var.cluster == null ? one(aws_ecs_cluster.this[*].arn) : var.cluster.arn
    name               = var.cluster == null ? one(aws_ecs_cluster_capacity_providers.this[*].cluster_name) : split("/", var.cluster.arn)[1]
    container_insights = local.container_insights
  }
}

module "url_issuer" {
  source = "./modules/service"

  iam                 = module.settings.iam
  name                = local.service_names["url-issuer"]
  cluster             = local.cluster
  image               = local.images["url-issuer"]
  architecture        = var.architecture
  tasks               = local.url_issuer
  subject             = "url_issuer"
  vpc_id              = module.network.vpc_id
  subnet_ids          = module.network.tasks.subnet_ids
  public_address      = module.network.tasks.public_address
  secrets             = try(local.url_issuer.rate_limit_store.url_secret_arn, null) == null ? {} : { RATE_LIMIT_STORE_URL = local.url_issuer.rate_limit_store.url_secret_arn }
  secret_kms_key_arns = compact([try(local.url_issuer.rate_limit_store.url_secret_kms_key_arn, null)])
  environment         = local.environments["url-issuer"]
  deployment_alarms   = module.alarms.deployment_alarms["url-issuer"]
  task_policy_json    = local.task_policies["url-issuer"]
  collector           = local.collector

  caller = module.endpoint.caller

  autoscaling = {
    kind                     = local.is_balanced ? "requests" : "api-requests"
    load_balancer_arn_suffix = module.endpoint.load_balancer_arn_suffix
    target_group_arn_suffix  = module.endpoint.target_group_arn_suffix
    api_id                   = module.endpoint.api_id
  }

  log_retention_days    = var.log_retention_days
  log_kms_key_arn       = var.log_kms_key_arn
  wait_for_steady_state = var.wait_for_steady_state
  tags                  = var.tags
}

resource "aws_vpc_security_group_egress_rule" "rate_limit_store" {
  count = local.url_issuer.rate_limit_store == null ? 0 : 1

  security_group_id            = module.url_issuer.security_group_id
  description                  = "To the store that all tasks count rates in"
  referenced_security_group_id = local.url_issuer.rate_limit_store.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = local.url_issuer.rate_limit_store.port
  to_port                      = local.url_issuer.rate_limit_store.port
  tags                         = var.tags
}

module "acceptor" {
  source = "./modules/service"

  iam               = module.settings.iam
  name              = local.service_names["acceptor"]
  cluster           = local.cluster
  image             = local.images["acceptor"]
  architecture      = var.architecture
  tasks             = local.acceptor
  subject           = "acceptor"
  vpc_id            = module.network.vpc_id
  subnet_ids        = module.network.tasks.subnet_ids
  public_address    = module.network.tasks.public_address
  environment       = local.environments["acceptor"]
  deployment_alarms = module.alarms.deployment_alarms["acceptor"]
  task_policy_json  = local.task_policies["acceptor"]
  collector         = local.collector

  autoscaling = {
    kind       = "backlog"
    queue_name = module.storage.queues.upload_events.name
  }

  log_retention_days    = var.log_retention_days
  log_kms_key_arn       = var.log_kms_key_arn
  wait_for_steady_state = var.wait_for_steady_state
  tags                  = var.tags
}

module "processor" {
  source = "./modules/service"

  iam                 = module.settings.iam
  name                = local.service_names["processor"]
  cluster             = local.cluster
  image               = local.images["processor"]
  architecture        = var.architecture
  tasks               = local.processor
  subject             = "processor"
  vpc_id              = module.network.vpc_id
  subnet_ids          = module.network.tasks.subnet_ids
  public_address      = module.network.tasks.public_address
  security_group_ids  = local.processor.handler_security_group_ids
  writable_paths      = local.processor.handler_writable_paths
  secrets             = local.processor.handler_secrets
  secret_kms_key_arns = local.processor.handler_secret_kms_key_arns
  environment         = local.environments["processor"]
  deployment_alarms   = module.alarms.deployment_alarms["processor"]
  task_policy_json    = local.task_policies["processor"]
  collector           = local.collector
  handler_policy      = local.processor.handler_policy

  autoscaling = {
    kind       = "backlog"
    queue_name = module.storage.queues.accepted_events.name
  }

  log_retention_days    = var.log_retention_days
  log_kms_key_arn       = var.log_kms_key_arn
  wait_for_steady_state = var.wait_for_steady_state
  tags                  = var.tags
}

module "webhook_sender" {
  source = "./modules/service"
  count  = local.has_webhooks ? 1 : 0

  iam                 = module.settings.iam
  name                = local.service_names["webhook-sender"]
  cluster             = local.cluster
  image               = local.images["webhook-sender"]
  architecture        = var.architecture
  tasks               = local.webhooks
  subject             = "webhooks"
  vpc_id              = module.network.vpc_id
  subnet_ids          = module.network.tasks.subnet_ids
  public_address      = module.network.tasks.public_address
  security_group_ids  = local.webhooks.security_group_ids
  secrets             = { WEBHOOKS = local.webhooks.secret_arn }
  secret_kms_key_arns = compact([local.webhooks.secret_kms_key_arn])
  environment         = local.environments["webhook-sender"]
  deployment_alarms   = module.alarms.deployment_alarms["webhook-sender"]
  task_policy_json    = local.task_policies["webhook-sender"]
  collector           = local.collector

  autoscaling = {
    kind       = "backlog"
    queue_name = module.storage.queues.webhooks.name
  }

  log_retention_days    = var.log_retention_days
  log_kms_key_arn       = var.log_kms_key_arn
  wait_for_steady_state = var.wait_for_steady_state
  tags                  = var.tags
}
