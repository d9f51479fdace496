# What profile = "small" is a default for, each in combination with what else can be set.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name      = "uploads"
  image_tag = "1.2.0"
  profile   = "small"
}

run "small" {
  assert {
    condition     = output.issuer_url == "https://a1b2.execute-api.eu-central-1.amazonaws.com" && output.load_balancer_arn == null && output.load_balancer_dns_name == null && module.endpoint.caller.by == "service-discovery"
    error_message = "API Gateway finds the tasks, without a load balancer"
  }
  assert {
    condition     = module.network.tasks.public_address && module.network.settings.egress == "public" && local.reachable_services == null
    error_message = "tasks reach AWS by public addresses"
  }
  assert {
    condition     = one(aws_ecs_cluster.this[0].setting).name == "containerInsights" && one(aws_ecs_cluster.this[0].setting).value == "disabled" && !local.cluster.container_insights
    error_message = "no Container Insights, also where the account has them by default"
  }
  assert {
    condition     = local.acceptor.spot && local.processor.spot && local.acceptor.on_demand_tasks == 0 && local.processor.on_demand_tasks == 0 && !local.url_issuer.spot
    error_message = "all consumers on Spot; the url-issuer stays on demand"
  }
  assert {
    condition     = local.processor.cpu == 256 && local.processor.memory == 512 && local.environments.processor.HANDLER_THREADS == "1" && local.environments.processor.HANDLER_HEAP_MIB == "128"
    error_message = "a smaller processor, whose handlers' threads fit its memory"
  }
  assert {
    condition     = local.url_issuer.min_tasks == 2 && local.acceptor.min_tasks == 1 && local.processor.min_tasks == 1
    error_message = "the numbers of tasks stay"
  }
  assert {
    condition     = !contains(keys(local.environments["url-issuer"]), "TRUSTED_PROXIES") && local.environments["url-issuer"].BAD_KEYS_PER_MINUTE == "0"
    error_message = "as behind API Gateway with a load balancer: no client address can be trusted"
  }
}

run "with_traces_the_collector_fits_beside_the_handlers_threads" {
  variables { tracing = {} }
  assert {
    condition     = local.processor.cpu == 256 && local.processor.memory == 1024 && local.environments.processor.HANDLER_HEAP_MIB == "128"
    error_message = "the next memory that Fargate has; the handlers keep theirs"
  }
}

run "a_memory_of_yours_stays_with_traces" {
  variables {
    tracing   = {}
    processor = { memory = 2048 }
  }
  assert {
    condition     = local.processor.memory == 2048 && local.processor.cpu == 256
    error_message = "what is set counts"
  }
}

run "each_part_can_be_set_otherwise" {
  variables {
    container_insights = true
    network            = { egress = "endpoints" }
    endpoint           = { entry = "load-balancer" }
    acceptor           = { spot = false }
    processor          = { spot = false, cpu = 512, memory = 1024, handler_threads = 2, handler_heap_mib = 192 }
  }
  assert {
    condition     = module.network.settings.egress == "endpoints" && module.endpoint.settings.entry == "load-balancer" && local.cluster.container_insights && one(aws_ecs_cluster.this[0].setting).value == "enabled"
    error_message = "what is set counts"
  }
  assert {
    condition     = !local.acceptor.spot && !local.processor.spot && local.processor.cpu == 512 && local.processor.memory == 1024 && local.processor.handler_threads == 2 && local.processor.handler_heap_mib == 192
    error_message = "false is set as well"
  }
}

run "each_part_can_be_set_without_the_profile" {
  variables {
    profile            = "standard"
    container_insights = false
    network            = { egress = "public" }
    endpoint           = { entry = "service-discovery" }
    acceptor           = { spot = true, on_demand_tasks = 1 }
  }
  assert {
    condition     = module.network.tasks.public_address && module.endpoint.caller.by == "service-discovery" && !local.cluster.container_insights && local.acceptor.spot && local.acceptor.on_demand_tasks == 1 && !local.processor.spot
    error_message = "the profile gives defaults and nothing else"
  }
}

run "the_standard_profile_is_the_default" {
  variables { profile = "standard" }
  assert {
    condition     = module.network.settings.egress == "endpoints" && module.endpoint.settings.entry == "load-balancer" && local.cluster.container_insights && !local.acceptor.spot && !local.processor.spot && local.processor.cpu == 512
    error_message = "everything as if there was no profile"
  }
}

run "a_null_stands_for_the_profile_s_default" {
  command = plan
  variables {
    container_insights = null
    network            = { egress = null, zones = 3 }
    processor          = { cpu = null, concurrency = 10 }
  }
  assert {
    condition     = module.network.settings.egress == "public" && module.network.settings.zones == 3 && local.processor.cpu == 256 && local.processor.concurrency == 10 && !local.container_insights
    error_message = "beside what else is set"
  }
}

run "webhooks_need_nothing_more" {
  command = plan
  variables { webhooks = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks" } }
  assert {
    condition     = contains(keys(module.service), "webhook-sender") && local.webhooks.spot
    error_message = "public addresses are a way to the internet, and the webhook-sender is a consumer"
  }
}

run "images_from_elsewhere" {
  command = plan
  variables { images = { processor = "ghcr.io/example/processor:1.2.0" } }
  assert {
    condition     = local.images.processor == "ghcr.io/example/processor:1.2.0"
    error_message = "tasks reach every registry"
  }
}

run "a_domain_with_a_load_balancer" {
  command = plan
  variables {
    endpoint = { entry = "load-balancer", domain_name = "uploads.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1" }
  }
  assert {
    condition     = output.issuer_url == "https://uploads.example.com" && module.network.tasks.public_address
    error_message = "a public load balancer before tasks on public addresses"
  }
}

run "a_vpc_of_one_s_own_with_public_subnets" {
  command = plan
  variables { network = { vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"], public_subnet_ids = ["subnet-c", "subnet-d"] } } }
  assert {
    condition     = module.network.tasks.subnet_ids == tolist(["subnet-c", "subnet-d"])
    error_message = "the tasks run in its public subnets"
  }
}

run "refuses_an_unknown_profile" {
  command = plan
  variables { profile = "tiny" }
  expect_failures = [var.profile]
}

run "names_the_settings_of_the_profile_where_one_is_misspelt" {
  command = plan
  variables { network = { egres = "nat" } }
  expect_failures = [output.issuer_url]
}
