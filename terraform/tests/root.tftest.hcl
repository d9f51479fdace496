mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name      = "uploads"
  image_tag = "1.2.0"
}

run "minimal" {
  assert {
    condition     = output.issuer_url == "https://a1b2.execute-api.eu-central-1.amazonaws.com"
    error_message = "API Gateway's default domain, over HTTPS"
  }
  assert {
    condition     = toset([for queue in output.queues : queue.name]) == toset(module.settings.own_queue_names)
    error_message = "the queues that no reader of reports can have are those that are made"
  }
  assert {
    condition     = toset(keys(output.repository_urls)) == toset(["url-issuer", "acceptor", "processor", "audit"])
    error_message = "a repository for each image"
  }
  assert {
    condition     = alltrue([for service, image in local.images : image == "${output.repository_urls[service]}:1.2.0"])
    error_message = "the images are the registry's, with the given tag"
  }
  assert {
    condition     = one(aws_ecs_cluster.this[0].setting).name == "containerInsights" && one(aws_ecs_cluster.this[0].setting).value == "enabled"
    error_message = "without Container Insights there is no count of running tasks to divide a backlog by"
  }
  assert {
    condition     = aws_ecs_cluster_capacity_providers.this[0].capacity_providers == toset(["FARGATE", "FARGATE_SPOT"])
    error_message = "what spot needs"
  }
  assert {
    condition     = output.vpc_id == module.network.vpc_id && output.private_subnet_ids == module.network.private_subnet_ids
    error_message = "where a store of rates, and groups for a handler, can be made"
  }
}

run "each_service_gets_its_variables" {
  assert {
    condition     = local.environments["url-issuer"].ACCESS_TABLE == output.tables.access.name && !contains(keys(local.environments["url-issuer"]), "QUEUE_URL")
    error_message = "the url-issuer knows the table of keys and no queue"
  }
  assert {
    condition     = local.environments["acceptor"].QUEUE_URL == output.queues.upload_events.url && !contains(keys(local.environments["acceptor"]), "ACCESS_TABLE")
    error_message = "the acceptor works from upload_events"
  }
  assert {
    condition     = local.environments["processor"].QUEUE_URL == output.queues.accepted_events.url
    error_message = "the processor works from accepted_events"
  }
  assert {
    condition     = alltrue([for environment in local.environments : environment.BUCKET == output.bucket.name && environment.UPLOADS_TABLE == output.tables.uploads.name && environment.AWS_REGION == "eu-central-1" && environment.RECORD_RETENTION_DAYS == "113"])
    error_message = "what all three share"
  }
  assert {
    condition     = !contains(keys(local.environments["url-issuer"]), "TRUSTED_PROXIES")
    error_message = "behind API Gateway the issuer trusts no X-Forwarded-For"
  }
  assert {
    condition     = local.environments["url-issuer"].BAD_KEYS_PER_MINUTE == "0"
    error_message = "behind API Gateway all clients have one address: one that guesses keys must not slow all"
  }
  assert {
    condition     = !contains(keys(local.environments["url-issuer"]), "RATE_LIMIT_STORE_URL") && length(aws_vpc_security_group_egress_rule.rate_limit_store) == 0
    error_message = "no store of rates unless one is given"
  }
  assert {
    condition     = !contains(keys(local.environments["url-issuer"]), "CORS_ORIGINS")
    error_message = "no page of another origin calls the issuer, unless that was asked for"
  }
}

run "own_domain_and_vpc" {
  variables {
    network = {
      vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"], public_subnet_ids = ["subnet-c", "subnet-d"] }
    }
    endpoint = {
      domain_name     = "uploads.example.com"
      certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
      zone            = { id = "Z1" }
    }
    url_issuer = { path_prefix = "/prod/" }
  }
  override_data {
    target = module.network.data.aws_subnet.given_public
    values = { cidr_block = "192.0.2.0/24" }
  }
  # Where no VPC link would be. With a domain there is none.
  override_data {
    target = module.network.data.aws_subnet.given_private
    values = { availability_zone_id = "use1-az3" }
  }
  assert {
    condition     = output.issuer_url == "https://uploads.example.com/prod"
    error_message = "the domain, with the prefix that clients know"
  }
  assert {
    condition     = local.environments["url-issuer"].TRUSTED_PROXIES == "192.0.2.0/24,192.0.2.0/24"
    error_message = "the issuer trusts only the load balancer's subnets"
  }
}

run "a_store_of_rates_is_the_url_issuer_s" {
  variables { url_issuer = { rate_limit_store = { url = "rediss://rates.example.com:6380", security_group_id = "sg-rates" } } }
  assert {
    condition     = !contains(keys(local.environments["acceptor"]), "RATE_LIMIT_STORE_URL")
    error_message = "the other services do not know its address"
  }
}

run "a_store_of_rates_with_a_password_in_a_secret" {
  variables {
    network = { interface_endpoints = ["secretsmanager"] }
    url_issuer = {
      rate_limit_store = { url_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rates", security_group_id = "sg-rates" }
    }
  }
  assert {
    condition     = !contains(keys(local.environments["url-issuer"]), "RATE_LIMIT_STORE_URL")
    error_message = "the password stands in no task definition"
  }
  assert {
    condition     = one([for rule in aws_vpc_security_group_egress_rule.rate_limit_store : rule.from_port]) == 6379
    error_message = "the port that such stores have"
  }
}

run "a_form_s_age_is_limited_by_its_lifetime" {
  variables { url_issuer = { form_lifetime_seconds = 120, form_lifetime_max_seconds = 60 } }
  assert {
    condition     = local.signature_age_max_seconds == 1020
    error_message = "the lifetime, and a quarter of an hour for clocks"
  }
}

run "a_form_s_age_is_limited_by_the_longest_that_may_be_asked_for" {
  assert {
    condition     = local.signature_age_max_seconds == 4500 && local.environments["url-issuer"].FORM_LIFETIME_MAX_SECONDS == "3600"
    error_message = "an hour unless it is said otherwise, and a quarter of an hour for clocks"
  }
}

run "own_images" {
  variables {
    image_tag = null
    images = {
      url-issuer = "ghcr.io/example/url-issuer:1.2.0"
      acceptor   = "ghcr.io/example/acceptor:1.2.0"
      processor  = "ghcr.io/example/processor:1.2.0-mine"
      audit      = "ghcr.io/example/audit:1.2.0"
    }
    network = { egress = "nat" }
  }
  assert {
    condition     = tomap(local.images) == var.images && length(output.repository_urls) == 0
    error_message = "the given images, and no registry"
  }
}

run "own_handler" {
  variables {
    images   = { processor = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/uo/processor:1.2.0-mine" }
    acceptor = { min_tasks = 3, protect_after_seconds = 200 }
    processor = {
      min_tasks             = 2
      protect_after_seconds = 100
      handler_policy        = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"ses:SendEmail\",\"Resource\":\"*\"}]}" }
      handler_limit_seconds = 3600
    }
  }
  assert {
    condition     = local.images["processor"] == var.images["processor"] && endswith(local.images["acceptor"], ":1.2.0")
    error_message = "one image of one's own, the others from the registry"
  }
  assert {
    condition     = length(setsubtract(keys(local.environments.processor), module.settings.reserved_names)) == 0
    error_message = "handler_environment rejects each name that the processor itself uses"
  }
}

run "by_default_there_are_no_traces" {
  assert {
    condition     = local.collector == null && alltrue([for environment in local.environments : !can(regex("OTEL", join(" ", keys(environment))))])
    error_message = "no collector, and no service that sends spans"
  }
}

run "traces_by_the_endpoint_for_otlp" {
  variables { tracing = { collector_image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mirror/collector:v1" } }
  assert {
    condition     = alltrue([for environment in local.environments : environment.OTEL_EXPORTER_OTLP_ENDPOINT == "http://127.0.0.1:4318"]) && local.environments["url-issuer"].OTEL_TRACES_SAMPLER_ARG == "0.050000000"
    error_message = "each service sends spans to the collector beside it; the url-issuer decides which"
  }
  assert {
    condition = yamldecode(local.collector.config) == {
      extensions = {
        health_check = { endpoint = "127.0.0.1:13133" }
        sigv4auth    = { region = "eu-central-1", service = "xray" }
      }
      receivers  = { otlp = { protocols = { http = { endpoint = "127.0.0.1:4318" } } } }
      processors = { memory_limiter = { check_interval = "1s", limit_mib = 120, spike_limit_mib = 20 }, batch = {} }
      exporters  = { otlp_http = { traces_endpoint = "https://xray.eu-central-1.amazonaws.com/v1/traces", auth = { authenticator = "sigv4auth" } } }
      service = {
        extensions = ["health_check", "sigv4auth"]
        pipelines  = { traces = { receivers = ["otlp"], processors = ["memory_limiter", "batch"], exporters = ["otlp_http"] } }
      }
    }
    error_message = "the collector's configuration"
  }
  assert {
    condition     = length(setsubtract(keys(local.environments.processor), module.settings.reserved_names)) == 0
    error_message = "handler_environment rejects what sends spans"
  }
}

run "with_traces_the_collector_fits_beside_the_handlers_threads" {
  variables {
    network = { egress = "nat" }
    tracing = {}
  }
  assert {
    condition     = local.processor.memory == 2048 && local.environments.processor.HANDLER_HEAP_MIB == "192" && local.acceptor.memory == module.settings.acceptor.memory
    error_message = "the next memory that Fargate has; the handlers keep theirs"
  }
}

run "traces_without_transaction_search" {
  variables {
    network = { egress = "nat" }
    tracing = { exporter = "awsxray", sample_ratio = 1 }
  }
  assert {
    condition     = yamldecode(local.collector.config).exporters == { awsxray = { region = "eu-central-1" } } && yamldecode(local.collector.config).service.pipelines.traces.exporters == ["awsxray"] && yamldecode(local.collector.config).service.extensions == ["health_check"]
    error_message = "segments of X-Ray, signed by the exporter itself"
  }
  assert {
    condition     = local.collector.image == "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0" && local.environments["url-issuer"].OTEL_TRACES_SAMPLER_ARG == "1.000000000"
    error_message = "the public image, and all traces"
  }
}

run "without_webhooks_there_is_nothing_of_them" {
  assert {
    condition     = !contains(keys(module.service), "webhook-sender") && !contains(keys(output.queues), "webhooks") && !contains(keys(output.services), "webhook-sender")
    error_message = "no service and no queue"
  }
  assert {
    condition     = !contains(keys(local.environments.processor), "WEBHOOK_QUEUE_URL") && alltrue([for service in ["acceptor", "processor"] : local.environments[service].REPORT_QUEUE_URLS == output.queues.upload_reports.url])
    error_message = "nothing is sent for them"
  }
  assert {
    condition     = !can(regex("webhook", join(" ", concat(values(local.task_policies), [for queue in output.queues : queue.name]))))
    error_message = "no permission and no queue"
  }
}

run "webhooks_with_a_way_to_the_internet" {
  variables {
    network  = { egress = "nat" }
    webhooks = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks" }
  }
  assert {
    condition     = toset([for queue in output.queues : queue.name]) == toset(module.settings.own_queue_names)
    error_message = "no reader of reports can have their queues either"
  }
  assert {
    condition     = toset(keys(output.repository_urls)) == toset(["url-issuer", "acceptor", "processor", "webhook-sender", "audit"]) && local.images["webhook-sender"] == "${output.repository_urls["webhook-sender"]}:1.2.0"
    error_message = "the image is the registry's, with the tag of the others"
  }
  assert {
    condition     = output.services["webhook-sender"].service_name == "uploads-webhook-sender"
    error_message = "a service of its own"
  }
  assert {
    condition     = local.environments.processor.WEBHOOK_QUEUE_URL == output.queues.webhooks.url && alltrue([for service in ["acceptor", "processor"] : local.environments[service].REPORT_QUEUE_URLS == "${output.queues.upload_reports.url},${output.queues.webhooks.url}"])
    error_message = "the processor sends events to its queue, and both send reports"
  }
  assert {
    condition = local.environments["webhook-sender"] == {
      AWS_REGION               = "eu-central-1"
      ENVIRONMENT              = "uploads"
      LOG_LEVEL                = "info"
      BUCKET                   = output.bucket.name
      UPLOADS_TABLE            = output.tables.uploads.name
      RECORD_RETENTION_DAYS    = "113"
      QUEUE_URL                = output.queues.webhooks.url
      VISIBILITY_SECONDS       = "60"
      CONCURRENCY              = "40"
      WEBHOOK_DOWNLOAD_SECONDS = "0"
    }
    error_message = "its variables: no secret, and no allowed origin"
  }
  assert {
    condition     = length(setsubtract(keys(local.environments.processor), module.settings.reserved_names)) == 0
    error_message = "handler_environment rejects the queue of webhooks"
  }
}

run "refuses_webhooks_without_a_way_to_the_internet" {
  command = plan
  variables {
    webhooks = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks" }
    network  = { interface_endpoints = ["secretsmanager"] }
  }
  expect_failures = [var.webhooks]
}

run "a_vpc_of_one_s_own_can_lead_webhooks_to_the_internet" {
  command = plan
  variables {
    webhooks = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks" }
    network  = { vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"] } }
  }
  assert {
    condition     = contains(keys(module.service), "webhook-sender")
    error_message = "what it reaches is not known here"
  }
}

run "an_audit_that_reads_alone_runs_each_day" {
  assert {
    condition     = [for audit in [one(module.audit)] : audit.task_definition_family] == ["uploads-audit"] && local.images["audit"] == "${output.repository_urls["audit"]}:1.2.0"
    error_message = "its image is pushed with the others"
  }
  assert {
    condition = [for statement in jsondecode(local.audit_policy).Statement : [statement.Action, statement.Resource]] == [
      [["dynamodb:Scan", "dynamodb:BatchGetItem"], [output.tables.uploads.arn]],
      [["s3:ListBucketVersions", "s3:ListBucket"], [output.bucket.arn]],
    ]
    error_message = "no repair, no file and no queue"
  }
  assert {
    condition = local.audit_environment == {
      AWS_REGION            = "eu-central-1"
      ENVIRONMENT           = "uploads"
      BUCKET                = output.bucket.name
      UPLOADS_TABLE         = output.tables.uploads.name
      RECORD_RETENTION_DAYS = "113"
    }
    error_message = "the services' own names, and no queue"
  }
}

run "an_audit_can_be_left_out" {
  variables {
    audit   = { enabled = false }
    images  = { url-issuer = "a.example.com/a:1", acceptor = "a.example.com/b:1", processor = "a.example.com/c:1" }
    network = { egress = "nat" }
  }
  assert {
    condition     = length(module.audit) == 0 && output.audit == null && length(output.repository_urls) == 0
    error_message = "no task, and no image"
  }
}

run "own_images_with_webhooks_are_four" {
  command = plan
  variables {
    image_tag = null
    network   = { egress = "nat" }
    webhooks  = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks" }
    images = {
      url-issuer = "ghcr.io/example/url-issuer:1.2.0"
      acceptor   = "ghcr.io/example/acceptor:1.2.0"
      processor  = "ghcr.io/example/processor:1.2.0-mine"
    }
  }
  expect_failures = [var.image_tag]
}

run "refuses_images_without_a_tag_to_take" {
  command = plan
  variables { image_tag = null }
  expect_failures = [var.image_tag]
}

run "refuses_an_image_for_an_unknown_service" {
  command = plan
  variables { images = { issuer = "ghcr.io/example/url-issuer:1.2.0" } }
  expect_failures = [var.images]
}

run "warns_of_a_form_that_may_outlive_its_credentials" {
  command = plan
  variables { url_issuer = { form_lifetime_seconds = 301 } }
  expect_failures = [check.form_lifetime]
}

run "warns_of_quotas_that_the_settings_exceed" {
  command = plan
  variables {
    fargate_vcpu_quota = 6
    api_request_quota  = 999
  }
  expect_failures = [check.quotas]
}

run "spot_has_a_quota_of_its_own" {
  command = plan
  variables {
    fargate_vcpu_quota      = 4
    fargate_spot_vcpu_quota = 7
    # On demand: ten tasks of the url-issuer with a quarter, one of the processor with one, and the audit with a quarter.
    processor = { cpu = 1024, memory = 2048, spot = true, on_demand_tasks = 1, max_tasks = 9 }
    acceptor  = { spot = true, max_tasks = 1 }
  }
  assert {
    condition     = output.quotas.fargate_vcpus.most == 3.75 && output.quotas.fargate_spot_vcpus == { most = 8.25, quota = 7 }
    error_message = "what is on demand and what is not are counted apart"
  }
  expect_failures = [check.quotas]
}

run "the_default_settings_need_ten_vcpus_and_a_quarter_for_the_audit" {
  command = plan
  variables { fargate_vcpu_quota = 10.25 }
  assert {
    condition     = output.quotas.fargate_vcpus.most == 10.25 && output.quotas.fargate_spot_vcpus.most == 0 && output.quotas.api_requests_per_second == { most = 1000, quota = 10000 }
    error_message = "ten tasks of each service, and an audit"
  }
}

run "counts_on_handlers_that_run_again" {
  variables {
    processor = {
      concurrency           = 16
      handler_limit_seconds = 600
      handler_grace_seconds = 20
      handler_threads       = 3
      handler_heap_mib      = 64
    }
  }
  assert {
    condition     = local.longest_attempt_seconds == 18 * 685
    error_message = "two runs under others and one alone, each behind five others; each of 60 seconds to load, 600, 20 and 5"
  }
}

run "a_null_stands_for_the_default" {
  command = plan
  variables {
    registry   = { kept_images = null }
    network    = { vpc = null, egress = null }
    endpoint   = { zone = null, throttle_rate = null }
    storage    = { kms_key_arn = null, visibility_seconds = null }
    reports    = null
    url_issuer = { rate_limit_store = null, min_tasks = null }
    alarms     = { subscriptions = null, emails = null }
  }
  assert {
    condition     = module.storage.settings.visibility_seconds == 60 && module.network.settings.egress == "endpoints" && local.url_issuer.min_tasks == 2 && local.reports.kept_duplicates == 10
    error_message = "as if nothing was given"
  }
}

run "refuses_every_misspelt_setting" {
  command = plan
  variables {
    registry   = { kept_image = 1 }
    network    = { egres = "nat", vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"], public_subnet_ids = ["subnet-c", "subnet-d"], subnets = [] } }
    endpoint   = { domain = "a", domain_name = "uploads.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1", zone = { id = "Z1", ttl = 60 } }
    storage    = { visibility_second = 1 }
    reports    = { kept_duplicate = 1 }
    url_issuer = { form_lifetime = 1, rate_limit_store = { url = "redis://a", security_group_id = "sg-1", ports = 1 } }
    acceptor   = { message = 1 }
    processor  = { handler_limit = 1 }
    webhooks   = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks", secret = "a" }
    audit      = { older_than = 1 }
    alarms     = { email = [], subscriptions = [{ protocol = "https", endpoint = "https://a", role = "a" }] }
  }
  assert {
    condition = toset([for setting in local.unknown_settings : split(":", setting)[0]]) == toset([
      "registry has no kept_image",
      "network has no egres",
      "network.vpc has no subnets",
      "endpoint has no domain",
      "endpoint.zone has no ttl",
      "storage has no visibility_second",
      "reports has no kept_duplicate",
      "url_issuer has no form_lifetime",
      "url_issuer.rate_limit_store has no ports",
      "acceptor has no message",
      "processor has no handler_limit",
      "webhooks has no secret",
      "audit has no older_than",
      "alarms has no email",
      "alarms.subscriptions has no role",
    ])
    error_message = "each object, and each object in one"
  }
  expect_failures = [output.issuer_url]
}

run "refuses_a_name_that_aws_refuses_for_security_groups" {
  command = plan
  variables { name = "sg-uploads" }
  expect_failures = [var.name]
}

run "refuses_a_name_that_aws_refuses_for_load_balancers" {
  command = plan
  variables { name = "internal-uploads" }
  expect_failures = [var.name]
}

run "refuses_a_name_that_aws_refuses_for_buckets" {
  command = plan
  variables { name = "amzn-s3-demo-uploads" }
  expect_failures = [var.name]
}

run "refuses_a_name_that_aws_refuses_for_repositories" {
  command = plan
  variables { name = "our--uploads" }
  expect_failures = [var.name]
}

run "refuses_a_long_name" {
  command = plan
  variables { name = "a-name-that-is-longer-than-a-load-balancer-takes" }
  expect_failures = [var.name]
}

run "refuses_images_that_sealed_tasks_cannot_reach" {
  command = plan
  variables { images = { processor = "ghcr.io/example/processor:1.2.0" } }
  expect_failures = [var.images]
}

run "refuses_images_of_another_region_that_sealed_tasks_cannot_reach" {
  command = plan
  variables { images = { processor = "123456789012.dkr.ecr.us-east-1.amazonaws.com/processor:1.2.0" } }
  expect_failures = [var.images]
}

run "sealed_tasks_reach_what_has_an_endpoint" {
  command = plan
  variables { network = { interface_endpoints = ["ssm"] } }
  assert {
    condition     = local.reachable_services == toset(["ssm"])
    error_message = "secrets are compared with it"
  }
}

run "nat_reaches_everything" {
  command = plan
  variables { network = { egress = "nat" } }
  assert {
    condition     = local.reachable_services == null
    error_message = "nothing to compare with"
  }
}

run "a_vpc_of_one_s_own_is_left_to_its_owner" {
  command = plan
  variables {
    images    = { processor = "ghcr.io/example/processor:1.2.0" }
    network   = { vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"] } }
    processor = { handler_secrets = { TOKEN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:token" } }
  }
  assert {
    condition     = local.images["processor"] == "ghcr.io/example/processor:1.2.0" && local.reachable_services == null
    error_message = "what it reaches is not known here"
  }
}

run "refuses_a_retention_once" {
  command = plan
  variables { log_retention_days = 8 }
  expect_failures = [var.log_retention_days]
}

run "own_load_balancer_and_cluster" {
  variables {
    cluster = { arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/shared" }
    network = {
      vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"] }
    }
    endpoint = {
      domain_name = "uploads.example.com"
      listener = {
        arn               = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shared/1/2"
        security_group_id = "sg-1"
        subnet_cidrs      = ["10.0.0.0/24", "10.0.1.0/24"]
      }
    }
  }
  override_data {
    target = module.endpoint.data.aws_lb_listener.given
    values = { load_balancer_arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shared/1" }
  }
  override_data {
    target = module.endpoint.data.aws_lb.given
    values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shared/1", arn_suffix = "app/shared/1", dns_name = "shared.example.com" }
  }
  assert {
    condition     = output.issuer_url == "https://uploads.example.com" && output.load_balancer_dns_name == "shared.example.com"
    error_message = "clients call the domain, which has to lead to the given load balancer"
  }
  assert {
    condition     = local.environments["url-issuer"].TRUSTED_PROXIES == "10.0.0.0/24,10.0.1.0/24"
    error_message = "the issuer trusts only the given load balancer's subnets"
  }
  assert {
    condition     = length(aws_ecs_cluster.this) == 0 && length(aws_ecs_cluster_capacity_providers.this) == 0 && output.cluster_name == "shared" && output.name == "uploads"
    error_message = "no cluster is made, and the given one is not changed"
  }
}

run "refuses_a_load_balancer_outside_of_the_vpc" {
  command = plan
  variables {
    endpoint = {
      domain_name = "uploads.example.com"
      listener    = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shared/1/2", security_group_id = "sg-1", subnet_cidrs = ["10.0.0.0/24"] }
    }
  }
  expect_failures = [var.endpoint]
}

run "refuses_a_cluster_by_its_name" {
  command = plan
  variables { cluster = { arn = "shared" } }
  expect_failures = [var.cluster]
}

run "a_misspelt_part_of_the_roles_settings_is_refused" {
  command = plan
  variables { iam = { boundary = "arn:aws:iam::123456789012:policy/boundary" } }
  expect_failures = [output.issuer_url]
}

run "takes_all_tags_that_every_service_takes" {
  command = plan
  variables {
    tags = merge({ for number in range(47) : "key-${number}" => "" }, { Name = "readings", "Größe 1_.:/=+-@" = "Straße 1_.:/=+-@", (format("%0128d", 0)) = format("%0256d", 0) })
  }
  assert {
    condition     = length(var.tags) == 50
    error_message = "49, and a Name"
  }
}

run "refuses_a_tag_too_many" {
  command = plan
  variables { tags = { for number in range(50) : "key-${number}" => "" } }
  expect_failures = [var.tags]
}

run "refuses_a_tag_of_aws" {
  command = plan
  variables { tags = { "AWS:team" = "readings" } }
  expect_failures = [var.tags]
}

run "refuses_a_tag_s_key_that_is_too_long" {
  command = plan
  variables { tags = { (format("%0129d", 0)) = "" } }
  expect_failures = [var.tags]
}

run "refuses_a_tag_s_key_with_a_sign_that_ec2_alone_takes" {
  command = plan
  variables { tags = { "research&development" = "" } }
  expect_failures = [var.tags]
}

run "refuses_a_tag_s_value_that_is_too_long" {
  command = plan
  variables { tags = { team = format("%0257d", 0) } }
  expect_failures = [var.tags]
}

run "refuses_a_tag_s_value_that_ends_with_a_space" {
  command = plan
  variables { tags = { team = "readings " } }
  expect_failures = [var.tags]
}

run "refuses_a_tag_s_value_of_aws" {
  command = plan
  variables { tags = { team = "aws:readings" } }
  expect_failures = [var.tags]
}

run "refuses_two_tags_that_iam_takes_for_one" {
  command = plan
  variables { tags = { Team = "a", team = "b" } }
  expect_failures = [var.tags]
}
