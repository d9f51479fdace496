data "aws_region" "current" {}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

locals {
  # Terraform drops an attribute that an object's type does not have, and says nothing: a misspelt setting would have no effect. So the
  # root declares its objects as "any", the modules give them types, and what a type dropped is found here.
  setting_names = {
    registry                      = [keys(var.registry), try(keys(module.registry[0].settings), keys(var.registry))]
    network                       = [keys(var.network), keys(module.network.settings)]
    "network.vpc"                 = [for network in [var.network, module.network.settings] : try(keys(network.vpc), [])]
    endpoint                      = [keys(var.endpoint), keys(module.endpoint.settings)]
    "endpoint.listener"           = [for endpoint in [var.endpoint, module.endpoint.settings] : try(keys(endpoint.listener), [])]
    "endpoint.zone"               = [for endpoint in [var.endpoint, module.endpoint.settings] : try(keys(endpoint.zone), [])]
    "endpoint.web_acl"            = [for endpoint in [var.endpoint, module.endpoint.settings] : try(keys(endpoint.web_acl), [])]
    storage                       = [keys(var.storage), keys(module.storage.settings)]
    "storage.notifications"       = [for storage in [var.storage, module.storage.settings] : try(keys(storage.notifications), [])]
    "storage.lifecycle_rules"     = [for storage in [var.storage, module.storage.settings] : try(distinct(flatten([for rule in storage.lifecycle_rules : keys(rule)])), [])]
    "storage.max_receive_count"   = [for storage in [var.storage, module.storage.settings] : try(keys(storage.max_receive_count), [])]
    "storage.restored_tables"     = [for storage in [var.storage, module.storage.settings] : try(keys(storage.restored_tables), [])]
    "storage.replica"             = [for storage in [var.storage, module.storage.settings] : try(keys(storage.replica), [])]
    reports                       = [keys(var.reports), keys(local.reports)]
    url_issuer                    = [keys(var.url_issuer), keys(local.url_issuer)]
    "url_issuer.rate_limit_store" = [for issuer in [var.url_issuer, local.url_issuer] : try(keys(issuer.rate_limit_store), [])]
    acceptor                      = [keys(var.acceptor), keys(local.acceptor)]
    processor                     = [keys(var.processor), keys(local.processor)]
    "processor.handler_policy"    = [for processor in [var.processor, local.processor] : try(keys(processor.handler_policy), [])]
    tracing                       = [try(keys(var.tracing), []), try(keys(local.tracing), [])]
    webhooks                      = [try(keys(var.webhooks), []), try(keys(local.webhooks), [])]
    audit                         = [keys(var.audit), try(keys(module.audit[0].settings), keys(var.audit))]
    iam                           = [keys(var.iam), keys(module.settings.iam)]
    alarms                        = [keys(var.alarms), keys(module.alarms.settings)]
    "alarms.subscriptions"        = [for alarms in [var.alarms, module.alarms.settings] : try(distinct(flatten([for one in alarms.subscriptions : keys(one)])), [])]
  }
  unknown_settings = flatten([
    for path, names in local.setting_names : [for name in setsubtract(names[0], names[1]) : "${path} has no ${name}: it takes ${join(", ", names[1])}."]
  ])

  # What services of AWS have in common: UTF-8's letters, digits and spaces, and these signs.
  tag_key   = "^[\\p{L}\\p{N}_.:/=+@-]([\\p{L}\\p{N} _.:/=+@-]{0,126}[\\p{L}\\p{N}_.:/=+@-])?$"
  tag_value = "^([\\p{L}\\p{N}_.:/=+@-]([\\p{L}\\p{N} _.:/=+@-]{0,254}[\\p{L}\\p{N}_.:/=+@-])?)?$"

  is_balanced = module.endpoint.settings.entry == "load-balancer"
  has_domain  = module.endpoint.settings.domain_name != null
  # A load balancer that is not made here, and that others may use.
  own_listener  = module.endpoint.settings.listener
  has_webhooks  = var.webhooks != null
  services      = concat(["url-issuer", "acceptor", "processor"], local.has_webhooks ? ["webhook-sender"] : [])
  service_names = { for service in local.services : service => "${var.name}-${service}" }
  # What has an image: each service, and the audit.
  has_audit      = try(coalesce(var.audit.enabled, true), true)
  programs       = concat(local.services, local.has_audit ? ["audit"] : [])
  needs_registry = length(setsubtract(local.programs, keys(var.images))) > 0

  url_issuer = module.settings.url_issuer
  acceptor   = module.settings.acceptor
  processor  = module.settings.processor
  reports    = module.settings.reports
  webhooks   = module.settings.webhooks
  tracing    = module.settings.tracing

  # Whether tasks reach only what has an endpoint in the VPC that is made here; and what they reach beyond upload-once's own needs, where
  # null stands for everything.
  is_sealed = module.network.settings.vpc == null && module.network.settings.egress == "endpoints"
  # What they reach beyond what upload-once needs; null is everything.
  reachable_services = local.is_sealed ? module.network.settings.interface_endpoints : null

  environment = coalesce(var.environment, var.name)

  # S3 refuses a form by its age as well, whatever is signed in it. The quarter of an hour is for clocks that differ (Amazon S3
  # User Guide, "Signing and authenticating REST requests", "Time stamp requirement").
  signature_age_max_seconds = min(604800, max(local.url_issuer.form_lifetime_seconds, local.url_issuer.form_lifetime_max_seconds) + 900)

  # Only what was not given comes from the registry.
  images = {
    for service in local.programs :
    service => contains(keys(var.images), service) ? var.images[service] : "${module.registry[0].repository_urls[service]}:${var.image_tag}"
  }

  # longestAttemptSeconds in services/processor/src/longest-attempt.ts: a handler runs again where another one ends its thread, and can have to wait before each run.
  longest_attempt_seconds = min(43200, 3 * (1 + ceil((local.processor.concurrency - 1) / local.processor.handler_threads)) * (60 + local.processor.handler_limit_seconds + local.processor.handler_grace_seconds + 5))
}

module "settings" {
  source = "./modules/settings"

  name               = var.name
  url_issuer         = var.url_issuer
  acceptor           = local.consumers.acceptor
  processor          = local.consumers.processor
  reports            = var.reports
  webhooks           = contains(keys(local.consumers), "webhooks") ? local.consumers.webhooks : null
  tracing            = var.tracing
  iam                = var.iam
  own_queues         = local.own_queues
  reachable_services = local.reachable_services
}

module "registry" {
  source = "./modules/registry"
  count  = local.needs_registry ? 1 : 0

  name          = var.name
  services      = local.programs
  settings      = var.registry
  force_destroy = var.force_destroy
  tags          = var.tags
}

module "storage" {
  source = "./modules/storage"

  name                      = var.name
  settings                  = var.storage
  iam                       = module.settings.iam
  force_destroy             = var.force_destroy
  deletion_protection       = var.deletion_protection
  acceptor_role_arn         = module.service["acceptor"].task_role_arn
  signature_age_max_seconds = local.signature_age_max_seconds
  # The page of a link sends files from there.
  page_origins = local.url_issuer.links ? [module.endpoint.url] : []
  link_days    = local.url_issuer.links ? ceil(max(local.url_issuer.link_lifetime_seconds, local.url_issuer.link_lifetime_max_seconds) / 86400) : 0
  # The acceptor works for 3600 seconds at most: ACCEPT_LIMIT_SECONDS in services/acceptor/src/limit-work.ts. An attempt of the webhook-sender is far
  # shorter.
  longest_work_seconds = { upload_events = 3600, accepted_events = local.longest_attempt_seconds, webhooks = 3600 }
  webhooks             = local.has_webhooks
  tags                 = var.tags
}

module "trail" {
  source = "./modules/trail"
  count  = var.trail_retention_days == null ? 0 : 1

  name           = "${var.name}-trail"
  bucket_arn     = module.storage.bucket.arn
  retention_days = var.trail_retention_days
  force_destroy  = var.force_destroy
  tags           = var.tags
}

module "network" {
  source = "./modules/network"

  name           = var.name
  settings       = local.places.network
  public_subnets = local.has_domain && local.own_listener == null
  vpc_link       = !local.has_domain
  traces         = var.tracing != null
  bucket_arn     = module.storage.bucket.arn
  table_arns     = [for table in module.storage.tables : table.arn]
  tags           = var.tags
}

module "endpoint" {
  source = "./modules/endpoint"

  name                = "${var.name}-issuer"
  vpc_id              = module.network.vpc_id
  subnet_ids          = local.has_domain && local.own_listener == null ? module.network.public_subnet_ids : module.network.private_subnet_ids
  settings            = local.places.endpoint
  log_retention_days  = var.log_retention_days
  log_kms_key_arn     = var.log_kms_key_arn
  deletion_protection = var.deletion_protection
  tags                = var.tags
}

module "alarms" {
  source = "./modules/alarms"

  name          = var.name
  environment   = local.environment
  queues        = module.storage.queues
  cluster       = local.cluster
  load_balancer = local.is_balanced && local.own_listener == null ? { arn_suffix = module.endpoint.load_balancer_arn_suffix } : null
  api           = local.has_domain ? null : { id = module.endpoint.api_id, rolls_back = local.is_balanced }

  # By name, not from the services: these wait for the alarms that roll back their deployments.
  services = local.service_names

  dead_letters = {
    retention_days           = module.storage.settings.dead_letter_retention_days
    longest_in_queue_seconds = module.storage.longest_in_queue_seconds
  }
  request_metrics       = module.storage.request_metrics
  replication_failures  = module.storage.replication_failures
  audit                 = local.has_audit
  settings              = var.alarms
  handler_limit_seconds = local.processor.handler_limit_seconds
  log_retention_days    = var.log_retention_days
  log_kms_key_arn       = var.log_kms_key_arn
  tags                  = var.tags
}

module "audit" {
  source = "./modules/audit"
  count  = local.has_audit ? 1 : 0

  name               = "${var.name}-audit"
  iam                = module.settings.iam
  settings           = var.audit
  cluster            = { arn = local.cluster.arn, name = local.cluster.name }
  image              = local.images["audit"]
  architecture       = var.architecture
  vpc_id             = module.network.vpc_id
  subnet_ids         = module.network.tasks.subnet_ids
  public_address     = module.network.tasks.public_address
  environment        = local.audit_environment
  task_policy_json   = local.audit_policy
  log_retention_days = var.log_retention_days
  log_kms_key_arn    = var.log_kms_key_arn
  tags               = var.tags
}

# The SDK requests new credentials when the old ones have five minutes left. If a form must live longer than the credentials, the
# url-issuer returns 503. Otherwise the form would fail at the client.
check "form_lifetime" {
  assert {
    condition     = local.url_issuer.form_lifetime_seconds <= 300
    error_message = "url_issuer.form_lifetime_seconds above 300: while the task's credentials near their end (every few hours), forms live shorter than that for some minutes, since none works longer than the credentials that signed it."
  }
}

locals {
  # What runs at most, with what decides where: all services, and an audit.
  most_tasks = concat(
    [local.url_issuer, local.acceptor, local.processor],
    local.has_webhooks ? [local.webhooks] : [],
    [for audit in module.audit : { cpu = audit.settings.cpu, max_tasks = 1, spot = false, on_demand_tasks = 0 }],
  )

  # What the settings can use at most of the account's quotas.
  quotas = {
    fargate_vcpus           = { most = sum([for tasks in local.most_tasks : (tasks.spot ? min(tasks.on_demand_tasks, tasks.max_tasks) : tasks.max_tasks) * tasks.cpu / 1024]), quota = var.fargate_vcpu_quota }
    fargate_spot_vcpus      = { most = sum([for tasks in local.most_tasks : (tasks.spot ? max(0, tasks.max_tasks - tasks.on_demand_tasks) : 0) * tasks.cpu / 1024]), quota = var.fargate_spot_vcpu_quota }
    api_requests_per_second = { most = local.has_domain ? 0 : module.endpoint.settings.throttle_rate, quota = var.api_request_quota }
  }
}

# A quota can be raised by AWS alone, and an apply succeeds without: tasks then do not start, or clients get 429.
check "quotas" {
  assert {
    condition     = local.quotas.fargate_vcpus.quota == null || try(local.quotas.fargate_vcpus.most <= local.quotas.fargate_vcpus.quota, false)
    error_message = "With max_tasks, the services and the audit need ${local.quotas.fargate_vcpus.most} vCPUs of Fargate, and fargate_vcpu_quota is ${coalesce(var.fargate_vcpu_quota, 0)}. During a deployment they can need twice as many. Ask for a higher quota, or lower max_tasks or cpu."
  }

  assert {
    condition     = local.quotas.fargate_spot_vcpus.quota == null || try(local.quotas.fargate_spot_vcpus.most <= local.quotas.fargate_spot_vcpus.quota, false)
    error_message = "With max_tasks, the services need ${local.quotas.fargate_spot_vcpus.most} vCPUs of Fargate Spot, and fargate_spot_vcpu_quota is ${coalesce(var.fargate_spot_vcpu_quota, 0)}. During a deployment they can need twice as many. Ask for a higher quota, or lower max_tasks or cpu."
  }

  assert {
    condition     = local.quotas.api_requests_per_second.most <= local.quotas.api_requests_per_second.quota
    error_message = "endpoint.throttle_rate (${local.quotas.api_requests_per_second.most}) has no effect above api_request_quota (${var.api_request_quota}), the account's own limit. Ask for a higher quota, or set endpoint.domain_name: a load balancer has no such limit."
  }
}
