# What the tasks of each service have as environment variables: docs/configuration.md says what they mean.

locals {
  common_environment = merge(local.tracing_environment, {
    AWS_REGION            = data.aws_region.current.id
    ENVIRONMENT           = local.environment
    LOG_LEVEL             = var.log_level
    BUCKET                = module.storage.bucket.name
    UPLOADS_TABLE         = module.storage.tables.uploads.name
    RECORD_RETENTION_DAYS = tostring(module.storage.settings.record_retention_days)
  })

  evidence_environment = {
    REPORT_QUEUE_URLS = join(",", [for queue in local.report_queues : queue.url])
    KEPT_DUPLICATES   = tostring(local.reports.kept_duplicates)
  }

  webhook_queue_environment = local.has_webhooks ? { WEBHOOK_QUEUE_URL = module.storage.queues.webhooks.url } : {}

  # Not the tracing's: the audit sends no spans.
  audit_environment = {
    AWS_REGION            = data.aws_region.current.id
    ENVIRONMENT           = local.environment
    BUCKET                = module.storage.bucket.name
    UPLOADS_TABLE         = module.storage.tables.uploads.name
    RECORD_RETENTION_DAYS = tostring(module.storage.settings.record_retention_days)
  }

  environments = merge({
    url-issuer = merge(
      local.common_environment,
      local.tracing == null ? {} : { OTEL_TRACES_SAMPLER_ARG = format("%.9f", local.tracing.sample_ratio) },
      {
        ACCESS_TABLE              = module.storage.tables.access.name
        UPLOAD_NAME_PART          = local.url_issuer.upload_name_part
        SHARDED_KEYS              = tostring(local.url_issuer.sharded_keys)
        FORM_LIFETIME_SECONDS     = tostring(local.url_issuer.form_lifetime_seconds)
        FORM_LIFETIME_MAX_SECONDS = tostring(local.url_issuer.form_lifetime_max_seconds)
        FORM_MAX_BYTES            = tostring(local.url_issuer.form_max_bytes)
        PRESIGNED_PUT             = tostring(module.storage.settings.allow_presigned_put)
        MAX_CONNECTIONS           = tostring(local.url_issuer.max_connections)
        STATUS_RATE_PER_SECOND    = tostring(local.url_issuer.status_rate_per_second)
      },
      length(local.url_issuer.cors_allowed_origins) == 0 ? {} : { CORS_ORIGINS = join(",", local.url_issuer.cors_allowed_origins) },
      length(local.url_issuer.success_redirect_origins) == 0 ? {} : { SUCCESS_REDIRECT_ORIGINS = join(",", local.url_issuer.success_redirect_origins) },
      local.url_issuer.path_prefix == "" ? {} : { PATH_PREFIX = local.url_issuer.path_prefix },
      # A public load balancer appends the client's address to X-Forwarded-For. API Gateway has a header of its own for it and
      # passes on the client's X-Forwarded-For, so behind API Gateway no address in X-Forwarded-For can be trusted.
      local.has_domain ? { TRUSTED_PROXIES = join(",", local.own_listener == null ? module.network.public_subnet_cidrs : local.own_listener.subnet_cidrs) } : {},
      # So there all would be slowed for one that guesses keys.
      { BAD_KEYS_PER_MINUTE = tostring(local.has_domain ? local.url_issuer.bad_keys_per_minute : 0) },
      !local.url_issuer.links ? {} : {
        LINK_ORIGIN                  = module.endpoint.url
        LINK_LIFETIME_SECONDS        = tostring(local.url_issuer.link_lifetime_seconds)
        LINK_LIFETIME_MAX_SECONDS    = tostring(local.url_issuer.link_lifetime_max_seconds)
        LINK_RETURN_ORIGINS          = join(",", local.url_issuer.link_return_origins)
        LINK_RATE_PER_MINUTE         = tostring(local.url_issuer.link_rate_per_minute)
        LINK_ADDRESS_RATE_PER_MINUTE = tostring(local.has_domain ? local.url_issuer.link_address_rate_per_minute : 0)
        LINK_PAGE_COLOR              = local.url_issuer.link_page_color
      },
      { for name, value in {
        LINK_PAGE_NAME        = local.url_issuer.link_page_name
        LINK_PAGE_LOGO        = local.url_issuer.link_page_logo
        LINK_PAGE_PRIVACY_URL = local.url_issuer.link_page_privacy_url
      } : name => value if local.url_issuer.links && value != null },
      try(local.url_issuer.rate_limit_store.url, null) == null ? {} : { RATE_LIMIT_STORE_URL = local.url_issuer.rate_limit_store.url },
    )

    acceptor = merge(local.common_environment, local.evidence_environment, {
      QUEUE_URL          = module.storage.queues.upload_events.url
      VISIBILITY_SECONDS = tostring(module.storage.settings.visibility_seconds)
      CONCURRENCY        = tostring(local.acceptor.concurrency)
      UPLOADS_PROTECTED  = tostring(module.storage.uploads_protected)
    })

    processor = merge(local.processor.handler_environment, local.common_environment, local.evidence_environment, local.webhook_queue_environment, {
      QUEUE_URL             = module.storage.queues.accepted_events.url
      VISIBILITY_SECONDS    = tostring(module.storage.settings.visibility_seconds)
      CONCURRENCY           = tostring(local.processor.concurrency)
      HANDLER_LIMIT_SECONDS = tostring(local.processor.handler_limit_seconds)
      HANDLER_GRACE_SECONDS = tostring(local.processor.handler_grace_seconds)
      HANDLER_THREADS       = tostring(local.processor.handler_threads)
      HANDLER_HEAP_MIB      = tostring(local.processor.handler_heap_mib)
    })
    }, !local.has_webhooks ? {} : {
    webhook-sender = merge(
      local.common_environment,
      {
        QUEUE_URL                = module.storage.queues.webhooks.url
        VISIBILITY_SECONDS       = tostring(module.storage.settings.visibility_seconds)
        CONCURRENCY              = tostring(local.webhooks.concurrency)
        WEBHOOK_DOWNLOAD_SECONDS = tostring(local.webhooks.download_seconds)
      },
      length(local.webhooks.allowed_origins) == 0 ? {} : { WEBHOOK_ALLOWED_ORIGINS = join(",", local.webhooks.allowed_origins) },
    )
  })
}
