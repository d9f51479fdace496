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

locals {
  # What a service has of its own, beside what is a table of all services: service_names, images, environments, task_policies.
  own_parts = merge({
    url-issuer = {
      subject             = "url_issuer"
      tasks               = local.url_issuer
      secrets             = try(local.url_issuer.rate_limit_store.url_secret_arn, null) == null ? {} : { RATE_LIMIT_STORE_URL = local.url_issuer.rate_limit_store.url_secret_arn }
      secret_kms_key_arns = compact([try(local.url_issuer.rate_limit_store.url_secret_kms_key_arn, null)])
      caller              = module.endpoint.caller
      autoscaling = {
        kind                     = local.is_balanced ? "requests" : "api-requests"
        load_balancer_arn_suffix = module.endpoint.load_balancer_arn_suffix
        target_group_arn_suffix  = module.endpoint.target_group_arn_suffix
        api_id                   = module.endpoint.api_id
      }
    }

    acceptor = {
      subject     = "acceptor"
      tasks       = local.acceptor
      autoscaling = { kind = "backlog", queue_name = module.storage.queues.upload_events.name }
    }

    processor = {
      subject             = "processor"
      tasks               = local.processor
      security_group_ids  = local.processor.handler_security_group_ids
      writable_paths      = local.processor.handler_writable_paths
      secrets             = local.processor.handler_secrets
      secret_kms_key_arns = local.processor.handler_secret_kms_key_arns
      handler_policy      = local.processor.handler_policy
      autoscaling         = { kind = "backlog", queue_name = module.storage.queues.accepted_events.name }
    }
    }, !local.has_webhooks ? {} : {
    webhook-sender = {
      subject             = "webhooks"
      tasks               = local.webhooks
      security_group_ids  = local.webhooks.security_group_ids
      secrets             = { WEBHOOKS = local.webhooks.secret_arn }
      secret_kms_key_arns = compact([local.webhooks.secret_kms_key_arn])
      autoscaling         = { kind = "backlog", queue_name = module.storage.queues.webhooks.name }
    }
  })
}

module "service" {
  source   = "./modules/service"
  for_each = toset(local.services)

  name              = local.service_names[each.key]
  iam               = module.settings.iam
  cluster           = local.cluster
  image             = local.images[each.key]
  architecture      = var.architecture
  subject           = local.own_parts[each.key].subject
  tasks             = local.own_parts[each.key].tasks
  environment       = local.environments[each.key]
  task_policy_json  = local.task_policies[each.key]
  collector         = local.collector
  deployment_alarms = module.alarms.deployment_alarms[each.key]
  autoscaling       = local.own_parts[each.key].autoscaling

  vpc_id         = module.network.vpc_id
  subnet_ids     = module.network.tasks.subnet_ids
  public_address = module.network.tasks.public_address

  # Only some have these.
  caller              = lookup(local.own_parts[each.key], "caller", null)
  security_group_ids  = lookup(local.own_parts[each.key], "security_group_ids", [])
  writable_paths      = lookup(local.own_parts[each.key], "writable_paths", [])
  secrets             = lookup(local.own_parts[each.key], "secrets", {})
  secret_kms_key_arns = lookup(local.own_parts[each.key], "secret_kms_key_arns", [])
  handler_policy      = lookup(local.own_parts[each.key], "handler_policy", null)

  log_retention_days    = var.log_retention_days
  log_kms_key_arn       = var.log_kms_key_arn
  wait_for_steady_state = var.wait_for_steady_state
  tags                  = var.tags
}

resource "aws_vpc_security_group_egress_rule" "rate_limit_store" {
  count = local.url_issuer.rate_limit_store == null ? 0 : 1

  security_group_id            = module.service["url-issuer"].security_group_id
  description                  = "To the store that all tasks count rates in"
  referenced_security_group_id = local.url_issuer.rate_limit_store.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = local.url_issuer.rate_limit_store.port
  to_port                      = local.url_issuer.rate_limit_store.port
  tags                         = var.tags
}
