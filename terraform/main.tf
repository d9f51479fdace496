data "aws_region" "current" {}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

locals {
  has_domain     = var.domain_name != null
  needs_registry = length(var.images) < 3
  services       = ["url-issuer", "acceptor", "processor"]

  # Whether tasks reach only what has an endpoint in the VPC that is made here.
  is_sealed = var.vpc == null && coalesce(var.egress, "endpoints") == "endpoints"

  environment = coalesce(var.environment, var.name)

  # S3 refuses a form by its age as well, whatever is signed in it. The quarter of an hour is for clocks that differ (Amazon S3
  # User Guide, "Signing and authenticating REST requests", "Time stamp requirement").
  signature_age_max_seconds = min(604800, max(var.form_lifetime_seconds, var.form_lifetime_max_seconds) + 900)

  # Only what was not given comes from the registry.
  images = {
    for service in local.services :
    service => contains(keys(var.images), service) ? var.images[service] : "${module.registry[0].repository_urls[service]}:${var.image_tag}"
  }

  # No variable of the handler's: it shares its process with the processor, and with the processor's AWS SDK.
  reserved_names = [
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "BUCKET", "DRAIN_LIMIT_SECONDS", "ECS_AGENT_URI", "ENVIRONMENT",
    "HANDLER_GRACE_SECONDS", "HANDLER_HEAP_MIB", "HANDLER_LIMIT_SECONDS", "HANDLER_THREADS", "HOST", "KEPT_DUPLICATES", "LOG_LEVEL",
    "POLL_WAIT_SECONDS", "PORT", "PROTECT_AFTER_SECONDS", "QUEUE_URL", "REPORT_QUEUE_URLS", "S3_FORCE_PATH_STYLE", "CONCURRENCY", "RECORD_RETENTION_DAYS",
    "UPLOADS_TABLE", "VISIBILITY_SECONDS",
  ]

  oldest_message_seconds = {
    upload_events = var.alarm_thresholds.upload_events_age_seconds
    # An event in flight counts as waiting: longer than a handler may take, and its second attempt.
    accepted_events = coalesce(var.alarm_thresholds.accepted_events_age_seconds, max(7200, 2 * var.handler_limit_seconds))
  }

  # longestAttemptSeconds in services/processor/src/longest-attempt.ts: a handler runs again where another one ends its thread, and can have to wait before each run.
  longest_attempt_seconds = min(43200, 3 * (1 + ceil((var.processor.concurrency - 1) / var.handler_threads)) * (60 + var.handler_limit_seconds + var.handler_grace_seconds + 5))

  common_environment = {
    AWS_REGION            = data.aws_region.current.id
    ENVIRONMENT           = local.environment
    LOG_LEVEL             = var.log_level
    BUCKET                = module.storage.bucket.name
    UPLOADS_TABLE         = module.storage.tables.uploads.name
    RECORD_RETENTION_DAYS = tostring(module.storage.record_retention_days)
  }

  evidence_environment = {
    REPORT_QUEUE_URLS = join(",", [for queue in local.report_queues : queue.url])
    KEPT_DUPLICATES   = tostring(var.kept_duplicates)
  }

  environments = {
    url-issuer = merge(
      local.common_environment,
      {
        ACCESS_TABLE              = module.storage.tables.access.name
        UPLOAD_NAME_PART          = var.upload_name_part
        FORM_LIFETIME_SECONDS     = tostring(var.form_lifetime_seconds)
        FORM_LIFETIME_MAX_SECONDS = tostring(var.form_lifetime_max_seconds)
        FORM_MAX_BYTES            = tostring(var.form_max_bytes)
        PRESIGNED_PUT             = tostring(var.allow_presigned_put)
        MAX_CONNECTIONS           = tostring(var.url_issuer.max_connections)
      },
      length(var.api_cors_allowed_origins) == 0 ? {} : { CORS_ORIGINS = join(",", var.api_cors_allowed_origins) },
      var.path_prefix == "" ? {} : { PATH_PREFIX = var.path_prefix },
      # A public load balancer appends the client's address to X-Forwarded-For. API Gateway has a header of its own for it and
      # passes on the client's X-Forwarded-For, so behind API Gateway no address in X-Forwarded-For can be trusted.
      local.has_domain ? { TRUSTED_PROXIES = join(",", module.network.public_subnet_cidrs) } : {},
      # So there all would be slowed for one that guesses keys.
      { BAD_KEYS_PER_MINUTE = tostring(local.has_domain ? var.bad_keys_per_minute : 0) },
      try(var.rate_limit_store.url, null) == null ? {} : { RATE_LIMIT_STORE_URL = var.rate_limit_store.url },
    )

    acceptor = merge(local.common_environment, local.evidence_environment, {
      QUEUE_URL          = module.storage.queues.upload_events.url
      VISIBILITY_SECONDS = tostring(var.visibility_seconds)
      CONCURRENCY        = tostring(var.acceptor.concurrency)
    })

    processor = merge(var.handler_environment, local.common_environment, local.evidence_environment, {
      QUEUE_URL             = module.storage.queues.accepted_events.url
      VISIBILITY_SECONDS    = tostring(var.visibility_seconds)
      CONCURRENCY           = tostring(var.processor.concurrency)
      HANDLER_LIMIT_SECONDS = tostring(var.handler_limit_seconds)
      HANDLER_GRACE_SECONDS = tostring(var.handler_grace_seconds)
      HANDLER_THREADS       = tostring(var.handler_threads)
      HANDLER_HEAP_MIB      = tostring(var.handler_heap_mib)
    })
  }
}

module "registry" {
  source = "./modules/registry"
  count  = local.needs_registry ? 1 : 0

  name          = var.name
  kept_images   = var.kept_images
  kms_key_arn   = var.images_kms_key_arn
  force_destroy = var.force_destroy
  tags          = var.tags
}

module "storage" {
  source = "./modules/storage"

  name                       = var.name
  bucket_name                = var.bucket_name
  kms_key_arn                = var.kms_key_arn
  force_destroy              = var.force_destroy
  deletion_protection        = var.deletion_protection
  point_in_time_recovery     = var.point_in_time_recovery
  acceptor_role_arn          = module.acceptor.task_role_arn
  form_lifetime_max_seconds  = local.signature_age_max_seconds
  allow_presigned_put        = var.allow_presigned_put
  cors_allowed_origins       = var.cors_allowed_origins
  uploads_expire_days        = var.uploads_expire_days
  noncurrent_expire_days     = var.noncurrent_expire_days
  accepted_expire_days       = var.accepted_expire_days
  unfinished_multipart_days  = var.unfinished_multipart_days
  message_retention_days     = var.message_retention_days
  dead_letter_retention_days = var.dead_letter_retention_days
  record_retention_days      = var.record_retention_days
  max_receive_count          = var.max_receive_count
  # The acceptor works for 3600 seconds at most: ACCEPT_LIMIT_SECONDS in services/acceptor/src/limit-work.ts.
  longest_work_seconds = max(3600, local.longest_attempt_seconds)
  visibility_seconds   = var.visibility_seconds
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

  name                = var.name
  cidr                = var.vpc_cidr
  zones               = var.zones
  exclude_zone_ids    = var.exclude_zone_ids
  egress              = var.egress
  interface_endpoints = var.interface_endpoints
  public_subnets      = local.has_domain
  vpc                 = var.vpc
  tags                = var.tags
}

module "endpoint" {
  source = "./modules/endpoint"

  name                = "${var.name}-issuer"
  vpc_id              = module.network.vpc_id
  subnet_ids          = local.has_domain ? module.network.public_subnet_ids : module.network.private_subnet_ids
  domain_name         = var.domain_name
  certificate_arn     = var.certificate_arn
  zone                = var.zone
  ingress_cidrs       = var.ingress_cidrs
  access_log_bucket   = var.access_log_bucket
  throttle_rate       = var.throttle_rate
  throttle_burst      = var.throttle_burst
  log_retention_days  = var.log_retention_days
  deletion_protection = var.deletion_protection
  tags                = var.tags
}

module "alarms" {
  source = "./modules/alarms"

  name          = var.name
  environment   = local.environment
  queues        = module.storage.queues
  cluster       = local.cluster
  load_balancer = { arn_suffix = module.endpoint.load_balancer_arn_suffix }
  api           = local.has_domain ? null : { id = module.endpoint.api_id }

  services = {
    url-issuer = module.url_issuer.service_name
    acceptor   = module.acceptor.service_name
    processor  = module.processor.service_name
  }

  oldest_message_seconds  = local.oldest_message_seconds
  issuer_errors           = var.alarm_thresholds.issuer_errors
  issuer_p99_milliseconds = var.alarm_thresholds.issuer_p99_milliseconds
  task_failures           = var.alarm_thresholds.task_failures

  emails             = var.alarm_emails
  sms                = var.alarm_sms
  subscriptions      = var.alarm_subscriptions
  kms_key_arn        = var.alarm_kms_key_arn
  log_retention_days = var.log_retention_days
  tags               = var.tags
}

# The SDK requests new credentials when the old ones have five minutes left. If a form must live longer than the credentials, the
# url-issuer returns 503. Otherwise the form would fail at the client.
check "form_lifetime" {
  assert {
    condition     = var.form_lifetime_seconds <= 300
    error_message = "form_lifetime_seconds above 300: while the task's credentials near their end (every few hours), forms live shorter than that for some minutes, since none works longer than the credentials that signed it."
  }
}
