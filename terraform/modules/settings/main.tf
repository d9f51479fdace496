locals {
  # Defaults that follow from another setting of the same object.
  acceptor = merge(var.acceptor, {
    min_tasks = coalesce(var.acceptor.min_tasks, var.acceptor.protect_after_seconds == null ? 1 : 2)
    messages  = coalesce(var.acceptor.messages, 0.5 * var.acceptor.concurrency)
  })
  processor = merge(var.processor, {
    min_tasks = coalesce(var.processor.min_tasks, var.processor.protect_after_seconds == null ? 1 : 2)
    messages  = coalesce(var.processor.messages, 0.5 * var.processor.concurrency)
  })
  webhooks = var.webhooks == null ? null : merge(var.webhooks, {
    messages = coalesce(var.webhooks.messages, 0.5 * var.webhooks.concurrency)
  })

  # Of the memory of each task, where there is tracing.
  collector_memory_mib = 160

  # As modules/storage names them.
  own_queue_names = [
    for queue in concat(
      ["upload-events", "upload-events-dead-letter", "accepted-events", "accepted-events-dead-letter", "upload-reports"],
      var.webhooks == null ? [] : ["webhooks", "webhooks-dead-letter"],
    ) : "${var.name}-${queue}"
  ]

  # No variable of the handler's: it shares its process with the processor, and with the processor's AWS SDK.
  reserved_names = [
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "BUCKET", "DRAIN_LIMIT_SECONDS", "ECS_AGENT_URI", "ENVIRONMENT",
    "HANDLER_GRACE_SECONDS", "HANDLER_HEAP_MIB", "HANDLER_LIMIT_SECONDS", "HANDLER_THREADS", "HOST", "KEPT_DUPLICATES", "LOG_LEVEL", "METRICS_PORT",
    "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "POLL_WAIT_SECONDS", "PORT", "PROTECT_AFTER_SECONDS", "QUEUE_URL", "REPORT_QUEUE_URLS", "S3_FORCE_PATH_STYLE", "CONCURRENCY", "RECORD_RETENTION_DAYS",
    "UPLOADS_TABLE", "VISIBILITY_SECONDS", "WEBHOOK_QUEUE_URL",
  ]
}
