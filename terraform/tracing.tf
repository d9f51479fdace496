# The collector beside each service (AWS Distro for OpenTelemetry). A task's containers share 127.0.0.1. Nothing depends on it: a service
# whose collector is away drops spans.

locals {
  tracing_environment = local.tracing == null ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:4318" }

  # AWS Distro for OpenTelemetry, "Setting up AWS Distro for OpenTelemetry Collector in Amazon ECS"; AWS X-Ray Developer Guide, "OpenTelemetry
  # Protocol (OTLP) endpoint". The exporter "awsxray" makes segments of spans, for accounts without Transaction Search.
  collector_exporters = {
    otlp = {
      otlp_http = {
        traces_endpoint = "https://xray.${data.aws_region.current.id}.${data.aws_partition.current.dns_suffix}/v1/traces"
        auth            = { authenticator = "sigv4auth" }
      }
    }
    awsxray = {
      awsxray = { region = data.aws_region.current.id }
    }
  }

  collector = local.tracing == null ? null : {
    image      = local.tracing.collector_image
    memory_mib = module.settings.collector_memory_mib
    config = yamlencode({
      extensions = merge(
        { health_check = { endpoint = "127.0.0.1:13133" } },
        local.tracing.exporter == "otlp" ? { sigv4auth = { region = data.aws_region.current.id, service = "xray" } } : {},
      )
      receivers = { otlp = { protocols = { http = { endpoint = "127.0.0.1:4318" } } } }
      processors = {
        memory_limiter = { check_interval = "1s", limit_mib = module.settings.collector_memory_mib - 40, spike_limit_mib = 20 }
        batch          = {}
      }
      exporters = local.collector_exporters[local.tracing.exporter]
      service = {
        extensions = local.tracing.exporter == "otlp" ? ["health_check", "sigv4auth"] : ["health_check"]
        pipelines = {
          traces = {
            receivers  = ["otlp"]
            processors = ["memory_limiter", "batch"]
            exporters  = keys(local.collector_exporters[local.tracing.exporter])
          }
        }
      }
    })
  }
}
