locals {
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
    "HANDLER_GRACE_SECONDS", "HANDLER_HEAP_MIB", "HANDLER_LIMIT_SECONDS", "HANDLER_THREADS", "HOST", "KEPT_DUPLICATES", "LOG_LEVEL",
    "POLL_WAIT_SECONDS", "PORT", "PROTECT_AFTER_SECONDS", "QUEUE_URL", "REPORT_QUEUE_URLS", "S3_FORCE_PATH_STYLE", "CONCURRENCY", "RECORD_RETENTION_DAYS",
    "UPLOADS_TABLE", "VISIBILITY_SECONDS", "WEBHOOK_QUEUE_URL",
  ]
}
