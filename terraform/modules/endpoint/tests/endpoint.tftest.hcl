mock_provider "aws" {
  mock_resource "aws_lb" {
    defaults = {
      arn        = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/issuer/1"
      arn_suffix = "app/issuer/1"
    }
  }
  mock_resource "aws_lb_target_group" {
    defaults = {
      arn        = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/issuer/2"
      arn_suffix = "targetgroup/issuer/2"
    }
  }
  mock_resource "aws_lb_listener" { defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/issuer/1/3" } }
  mock_resource "aws_service_discovery_service" { defaults = { arn = "arn:aws:servicediscovery:eu-central-1:123456789012:service/srv-1" } }
  mock_resource "aws_apigatewayv2_api" { defaults = { api_endpoint = "https://a1b2.execute-api.eu-central-1.amazonaws.com" } }
  mock_resource "aws_cloudwatch_log_group" { defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vendedlogs/issuer-access" } }
}

variables {
  settings            = {}
  log_retention_days  = 90
  deletion_protection = true
  name                = "issuer"
  vpc_id              = "vpc-1"
  subnet_ids          = ["subnet-a", "subnet-b"]
}

run "without_a_domain_api_gateway_speaks_https" {
  assert {
    condition     = output.url == "https://a1b2.execute-api.eu-central-1.amazonaws.com"
    error_message = "clients call API Gateway's default domain"
  }
  assert {
    condition     = aws_lb.this[0].internal
    error_message = "the load balancer is not reached from outside"
  }
  assert {
    condition     = length(aws_lb_listener.https) == 0 && length(aws_vpc_security_group_ingress_rule.clients) == 0
    error_message = "no client reaches the load balancer"
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.vpc_link[0].referenced_security_group_id == aws_security_group.vpc_link[0].id && aws_vpc_security_group_ingress_rule.vpc_link[0].cidr_ipv4 == null
    error_message = "only the VPC link reaches the load balancer"
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.vpc_link[0].referenced_security_group_id == aws_security_group.load_balancer[0].id && aws_vpc_security_group_egress_rule.vpc_link[0].cidr_ipv4 == null
    error_message = "the VPC link reaches only the load balancer"
  }
  assert {
    condition     = aws_apigatewayv2_integration.this[0].connection_type == "VPC_LINK" && aws_apigatewayv2_integration.this[0].integration_uri == aws_lb_listener.internal[0].arn && aws_apigatewayv2_integration.this[0].connection_id == aws_apigatewayv2_vpc_link.this[0].id
    error_message = "API Gateway passes requests on through the VPC link"
  }
  assert {
    condition     = aws_apigatewayv2_api.this[0].disable_execute_api_endpoint != true && aws_apigatewayv2_stage.this[0].name == "$default" && aws_apigatewayv2_stage.this[0].auto_deploy
    error_message = "the default domain is enabled, without a stage in the path"
  }
  assert {
    condition     = output.api_id == aws_apigatewayv2_api.this[0].id
    error_message = "the alarms get the ID of the API"
  }
  assert {
    condition     = aws_security_group.load_balancer[0].description == "The load balancer in front of the tasks" && aws_security_group.load_balancer[0].name == "issuer-load-balancer"
    error_message = "what EC2 can't change of a group is the same as with a domain: the group stays when one is set"
  }
}

run "clients_do_not_reach_what_asks_the_tables" {
  assert {
    condition     = aws_lb_listener_rule.not_ready_to_clients[0].listener_arn == aws_lb_listener.internal[0].arn
    error_message = "behind API Gateway the internal load balancer keeps /readyz from clients"
  }
  assert {
    condition     = toset(one(one(aws_lb_listener_rule.not_ready_to_clients[0].condition).path_pattern).values) == toset(["/readyz"])
    error_message = "/readyz alone: /livez and everything that clients ask for goes on to the tasks"
  }
  assert {
    condition     = one(aws_lb_listener_rule.not_ready_to_clients[0].action).type == "fixed-response" && one(one(aws_lb_listener_rule.not_ready_to_clients[0].action).fixed_response).status_code == "404"
    error_message = "as what is not there"
  }
}

run "requests_are_bounded_where_nothing_is_set" {
  assert {
    condition     = one(aws_apigatewayv2_stage.this[0].default_route_settings).throttling_rate_limit == 1000 && one(aws_apigatewayv2_stage.this[0].default_route_settings).throttling_burst_limit == 500
    error_message = "API Gateway allows 1,000 requests a second and a burst of 500, for all clients together"
  }
}

run "time_outs_fit_the_url_issuer" {
  assert {
    condition     = aws_lb.this[0].idle_timeout < 72
    error_message = "the load balancer lets an idle connection go before the url-issuer does (72 s)"
  }
  assert {
    condition     = aws_apigatewayv2_integration.this[0].timeout_milliseconds > 25000 && aws_apigatewayv2_integration.this[0].timeout_milliseconds <= 30000
    error_message = "API Gateway waits longer than the url-issuer takes for its own 503 (5 s)"
  }
  assert {
    condition     = tonumber(aws_lb_target_group.this[0].deregistration_delay) > 5 && tonumber(aws_lb_target_group.this[0].deregistration_delay) < 60
    error_message = "a task that stops gets time for its responses, and no deployment waits for it longer"
  }
  assert {
    condition     = aws_lb_target_group.this[0].health_check[0].path == "/livez" && aws_lb_target_group.this[0].health_check[0].matcher == "200" && aws_lb_target_group.this[0].health_check[0].timeout >= 10
    error_message = "whether the process lives decides: a table that is away is no reason to replace its tasks, which have a 503 with Retry-After to give"
  }
}

run "the_access_log_has_addresses_and_no_keys" {
  assert {
    condition = toset(values(jsondecode(aws_apigatewayv2_stage.this[0].access_log_settings[0].format))) == toset([
      "$context.requestTime", "$context.requestId", "$context.identity.sourceIp", "$context.httpMethod", "$context.status",
      "$context.responseLatency", "$context.integrationStatus", "$context.error.message", "$context.integrationErrorMessage",
    ])
    error_message = "of a request, the client's address and the method and nothing more: keys are in headers, and clients put them into paths"
  }
  assert {
    condition     = aws_cloudwatch_log_group.access[0].retention_in_days == 90
    error_message = "the log is not kept for ever"
  }
}

run "with_a_domain_the_load_balancer_speaks_https_and_nothing_else" {
  variables {
    settings = {
      domain_name     = "uploads.example.com"
      certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
      zone            = { id = "Z1" }
    }
  }
  assert {
    condition     = output.url == "https://uploads.example.com" && output.api_id == null
    error_message = "clients call the domain"
  }
  assert {
    condition     = !aws_lb.this[0].internal && aws_lb_listener.https[0].protocol == "HTTPS" && aws_lb_listener.https[0].port == 443
    error_message = "a public load balancer that speaks HTTPS"
  }
  assert {
    condition     = aws_lb_listener_rule.not_ready_to_clients[0].listener_arn == aws_lb_listener.https[0].arn
    error_message = "the public load balancer keeps /readyz from clients"
  }
  assert {
    condition     = length(aws_lb_listener.internal) == 0 && length(aws_apigatewayv2_api.this) == 0 && length(aws_apigatewayv2_vpc_link.this) == 0
    error_message = "no listener speaks HTTP, and API Gateway has no part in it"
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.clients : rule.from_port == 443 && rule.to_port == 443])
    error_message = "port 80 is closed"
  }
  assert {
    condition     = startswith(aws_lb_listener.https[0].ssl_policy, "ELBSecurityPolicy-TLS13-1-2") && aws_lb_listener.https[0].certificate_arn == "arn:aws:acm:eu-central-1:123456789012:certificate/1"
    error_message = "TLS 1.2 and 1.3 alone, with the given certificate"
  }
  assert {
    condition     = aws_lb.this[0].drop_invalid_header_fields && aws_lb.this[0].enable_deletion_protection
    error_message = "a load balancer that drops what is malformed, and is not deleted by accident"
  }
  assert {
    condition     = aws_route53_record.this[0].zone_id == "Z1" && aws_route53_record.this[0].name == "uploads.example.com"
    error_message = "the domain points to the load balancer"
  }
  assert {
    condition     = aws_security_group.load_balancer[0].description == "The load balancer in front of the tasks" && aws_security_group.load_balancer[0].name == "issuer-load-balancer"
    error_message = "what EC2 can't change of a group is the same as without a domain: the group stays when it goes"
  }
}

run "with_a_domain_elsewhere_no_record_is_made" {
  variables {
    settings = {
      domain_name       = "uploads.example.com"
      certificate_arn   = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
      ingress_cidrs     = ["203.0.113.0/24", "198.51.100.0/24"]
      access_log_bucket = "logs"
    }
  }
  assert {
    condition     = length(aws_route53_record.this) == 0
    error_message = "no zone, no record"
  }
  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.clients : rule.cidr_ipv4]) == toset(["203.0.113.0/24", "198.51.100.0/24"])
    error_message = "only the given addresses come in"
  }
  assert {
    condition     = aws_lb.this[0].access_logs[0].enabled && aws_lb.this[0].access_logs[0].bucket == "logs"
    error_message = "access logs go to the given bucket"
  }
}

run "refuses_a_domain_without_a_certificate" {
  command = plan
  variables { settings = { domain_name = "uploads.example.com" } }
  expect_failures = [var.settings]
}

run "refuses_a_certificate_without_a_domain" {
  command = plan
  variables { settings = { certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1" } }
  expect_failures = [var.settings]
}

run "refuses_what_is_no_certificate" {
  command = plan
  variables { settings = { domain_name = "uploads.example.com", certificate_arn = "arn:aws:iam::123456789012:server-certificate/1" } }
  expect_failures = [var.settings]
}

run "refuses_a_url_for_a_domain" {
  command = plan
  variables {
    settings = {
      domain_name     = "https://uploads.example.com"
      certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
    }
  }
  expect_failures = [var.settings]
}

run "refuses_a_zone_without_a_domain" {
  command = plan
  variables { settings = { zone = { id = "Z1" } } }
  expect_failures = [var.settings]
}

run "refuses_one_subnet" {
  command = plan
  variables { subnet_ids = ["subnet-a"] }
  expect_failures = [var.subnet_ids]
}

run "refuses_a_long_name" {
  command = plan
  variables { name = "a-name-that-is-longer-than-a-load-balancer-takes" }
  expect_failures = [var.name]
}

run "refuses_access_logs_to_a_url" {
  command = plan
  variables {
    settings = {
      domain_name       = "uploads.example.com"
      certificate_arn   = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
      access_log_bucket = "s3://logs"
    }
  }
  expect_failures = [var.settings]
}

run "a_link_to_other_subnets_has_another_name" {
  variables { subnet_ids = ["subnet-a", "subnet-b", "subnet-c"] }
  assert {
    condition     = aws_apigatewayv2_vpc_link.this[0].name == "issuer-${substr(sha256("subnet-a,subnet-b,subnet-c"), 0, 8)}"
    error_message = "both stand side by side while the API goes over"
  }
}

run "api_gateway_throttles_as_it_is_told" {
  variables { settings = { throttle_rate = 77, throttle_burst = 88 } }
  assert {
    condition     = one(aws_apigatewayv2_stage.this[0].default_route_settings).throttling_rate_limit == 77 && one(aws_apigatewayv2_stage.this[0].default_route_settings).throttling_burst_limit == 88
    error_message = "the rate and the burst, each in its place"
  }
}

run "without_a_load_balancer_api_gateway_finds_the_tasks" {
  variables { settings = { entry = "service-discovery" } }
  assert {
    condition     = length(aws_lb.this) + length(aws_lb_target_group.this) + length(aws_lb_listener.internal) + length(aws_security_group.load_balancer) == 0 && output.load_balancer_arn == null && output.load_balancer_arn_suffix == null
    error_message = "nothing of a load balancer"
  }
  assert {
    condition     = aws_apigatewayv2_integration.this[0].integration_uri == aws_service_discovery_service.this[0].arn && aws_apigatewayv2_integration.this[0].connection_id == aws_apigatewayv2_vpc_link.this[0].id
    error_message = "API Gateway calls what is registered in Cloud Map, through its link"
  }
  assert {
    condition     = one(one(aws_service_discovery_service.this[0].dns_config).dns_records).type == "SRV" && length(aws_service_discovery_service.this[0].health_check_custom_config) == 1 && aws_service_discovery_private_dns_namespace.this[0].vpc == "vpc-1"
    error_message = "with the port, and only tasks that ECS calls healthy"
  }
  assert {
    condition     = output.caller.by == "service-discovery" && output.caller.arn == aws_service_discovery_service.this[0].arn && output.caller.security_group_id == aws_security_group.vpc_link[0].id
    error_message = "the tasks are registered there, and reached by the link's security group"
  }
  assert {
    condition     = output.url == "https://a1b2.execute-api.eu-central-1.amazonaws.com" && output.api_id == aws_apigatewayv2_api.this[0].id
    error_message = "clients call API Gateway's default domain"
  }
  assert {
    condition     = aws_apigatewayv2_route.not_ready_to_clients[0].route_key == "ANY /readyz" && aws_apigatewayv2_integration.not_ready_to_clients[0].request_parameters == tomap({ "overwrite:path" = "/not-found" }) && aws_apigatewayv2_route.not_ready_to_clients[0].target == "integrations/${aws_apigatewayv2_integration.not_ready_to_clients[0].id}"
    error_message = "clients do not reach what asks the tables"
  }
}

run "with_a_load_balancer_nothing_is_registered" {
  assert {
    condition     = length(aws_service_discovery_service.this) + length(aws_service_discovery_private_dns_namespace.this) + length(aws_apigatewayv2_route.not_ready_to_clients) == 0 && output.caller.by == "load-balancer" && output.caller.arn == aws_lb_target_group.this[0].arn
    error_message = "nothing in Cloud Map"
  }
}

run "refuses_a_domain_without_a_load_balancer" {
  command = plan
  variables {
    settings = {
      entry           = "service-discovery"
      domain_name     = "uploads.example.com"
      certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
    }
  }
  expect_failures = [var.settings]
}

run "refuses_access_logs_without_a_load_balancer" {
  command = plan
  variables { settings = { entry = "service-discovery", access_log_bucket = "logs" } }
  expect_failures = [var.settings]
}

run "refuses_an_unknown_entry" {
  command = plan
  variables { settings = { entry = "api-gateway" } }
  expect_failures = [var.settings]
}

run "an_address_has_a_limit_before_the_load_balancer" {
  variables {
    settings = {
      domain_name     = "uploads.example.com"
      certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
      address_limit   = 500
    }
  }
  override_resource {
    target = aws_wafv2_web_acl.this[0]
    values = { arn = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/issuer/1" }
  }
  assert {
    condition = (
      one(one(one(aws_wafv2_web_acl.this[0].rule).statement).rate_based_statement).limit == 500
      && one(one(one(aws_wafv2_web_acl.this[0].rule).statement).rate_based_statement).aggregate_key_type == "IP"
      && length(one(one(aws_wafv2_web_acl.this[0].rule).action).block) == 1
      && length(one(aws_wafv2_web_acl.this[0].default_action).allow) == 1
    )
    error_message = "an address with more requests is blocked, and nothing else is"
  }
  assert {
    condition     = aws_wafv2_web_acl_association.this[0].resource_arn == aws_lb.this[0].arn && aws_wafv2_web_acl_association.this[0].web_acl_arn == aws_wafv2_web_acl.this[0].arn
    error_message = "the web ACL stands before the load balancer"
  }
}

run "a_web_acl_of_the_users_stands_before_the_load_balancer" {
  variables {
    settings = {
      domain_name     = "uploads.example.com"
      certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
      web_acl         = { arn = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/mine/1" }
    }
  }
  assert {
    condition     = length(aws_wafv2_web_acl.this) == 0 && aws_wafv2_web_acl_association.this[0].web_acl_arn == "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/mine/1"
    error_message = "the given web ACL is used, and no other is made"
  }
}

run "without_a_setting_there_is_no_web_acl" {
  assert {
    condition     = length(aws_wafv2_web_acl.this) == 0 && length(aws_wafv2_web_acl_association.this) == 0
    error_message = "AWS WAF costs nothing unasked"
  }
}

run "refuses_a_web_acl_before_the_default_domain" {
  command = plan
  variables { settings = { address_limit = 500 } }
  expect_failures = [var.settings]
}

run "refuses_a_web_acl_of_cloudfront" {
  command = plan
  variables {
    settings = {
      domain_name     = "uploads.example.com"
      certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
      web_acl         = { arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/mine/1" }
    }
  }
  expect_failures = [var.settings]
}

run "refuses_a_part_of_a_request_as_a_burst" {
  command = plan
  variables { settings = { throttle_burst = 1.5 } }
  expect_failures = [var.settings]
}

run "refuses_two_web_acls" {
  command = plan
  variables {
    settings = {
      domain_name     = "uploads.example.com"
      certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
      web_acl         = { arn = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/mine/1" }
      address_limit   = 500
    }
  }
  expect_failures = [var.settings]
}

run "refuses_a_limit_that_waf_does_not_take" {
  command = plan
  variables {
    settings = {
      domain_name     = "uploads.example.com"
      certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
      address_limit   = 9
    }
  }
  expect_failures = [var.settings]
}

run "a_given_listener_gets_rules_for_the_domain_alone" {
  variables {
    settings = {
      domain_name = "uploads.example.com"
      zone        = { id = "Z1" }
      listener = {
        arn               = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shared/1/2"
        security_group_id = "sg-1"
        subnet_cidrs      = ["10.0.0.0/24"]
        rule_priority     = 40
      }
    }
  }
  override_data {
    target = data.aws_lb_listener.given
    values = { load_balancer_arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shared/1" }
  }
  override_data {
    target = data.aws_lb.given
    values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shared/1", arn_suffix = "app/shared/1", dns_name = "shared.example.com", zone_id = "ZLB" }
  }
  assert {
    condition     = length(aws_lb.this) == 0 && length(aws_lb_listener.https) == 0 && length(aws_security_group.load_balancer) == 0 && length(aws_vpc_security_group_ingress_rule.clients) == 0 && length(aws_apigatewayv2_api.this) == 0
    error_message = "no load balancer, and nothing that belongs to one"
  }
  assert {
    condition     = alltrue([for rule in [aws_lb_listener_rule.not_ready_to_clients[0], aws_lb_listener_rule.to_tasks[0]] : rule.listener_arn == var.settings.listener.arn && anytrue([for condition in rule.condition : try(one(condition.host_header).values == toset(["uploads.example.com"]), false)])])
    error_message = "both rules are for this host, as others use the listener too"
  }
  assert {
    condition     = aws_lb_listener_rule.not_ready_to_clients[0].priority == 40 && aws_lb_listener_rule.to_tasks[0].priority == 41 && one(aws_lb_listener_rule.to_tasks[0].action).target_group_arn == aws_lb_target_group.this[0].arn
    error_message = "what clients do not reach comes first"
  }
  assert {
    condition     = output.url == "https://uploads.example.com" && output.load_balancer_arn_suffix == "app/shared/1" && output.load_balancer_dns_name == "shared.example.com" && output.caller == { by = "load-balancer", arn = aws_lb_target_group.this[0].arn, security_group_id = "sg-1" }
    error_message = "the given load balancer's"
  }
  assert {
    condition     = one(aws_route53_record.this[0].alias).name == "shared.example.com" && one(aws_route53_record.this[0].alias).zone_id == "ZLB"
    error_message = "the domain leads there"
  }
}

run "refuses_a_listener_without_a_domain" {
  command = plan
  variables {
    settings = { listener = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shared/1/2", security_group_id = "sg-1", subnet_cidrs = ["10.0.0.0/24"] } }
  }
  expect_failures = [var.settings]
}

run "refuses_a_load_balancer_for_a_listener" {
  command = plan
  variables {
    settings = { domain_name = "uploads.example.com", listener = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shared/1", security_group_id = "sg-1", subnet_cidrs = ["10.0.0.0/24"] } }
  }
  expect_failures = [var.settings]
}

run "refuses_a_listener_without_subnets" {
  command = plan
  variables {
    settings = { domain_name = "uploads.example.com", listener = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shared/1/2", security_group_id = "sg-1", subnet_cidrs = [] } }
  }
  expect_failures = [var.settings]
}

run "refuses_a_priority_without_room_for_the_next" {
  command = plan
  variables {
    settings = { domain_name = "uploads.example.com", listener = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shared/1/2", security_group_id = "sg-1", subnet_cidrs = ["10.0.0.0/24"], rule_priority = 50000 } }
  }
  expect_failures = [var.settings]
}

run "a_given_domain_of_api_gateway_is_mapped_to_the_api" {
  variables { settings = { api_domain_name = "uploads.example.com" } }
  assert {
    condition     = aws_apigatewayv2_api_mapping.own_domain[0].domain_name == "uploads.example.com" && aws_apigatewayv2_api_mapping.own_domain[0].api_id == aws_apigatewayv2_api.this[0].id && aws_apigatewayv2_api_mapping.own_domain[0].stage == aws_apigatewayv2_stage.this[0].id
    error_message = "all of the domain leads to the API"
  }
  assert {
    condition     = output.url == "https://uploads.example.com" && output.api_id != null
    error_message = "clients call the domain, and the API is watched"
  }
}

run "refuses_two_domains" {
  command = plan
  variables {
    settings = { domain_name = "uploads.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1", api_domain_name = "api.example.com" }
  }
  expect_failures = [var.settings]
}

run "refuses_a_host_that_no_rule_of_a_listener_takes" {
  command = plan
  variables {
    settings = { domain_name = "${join(".", [for part in range(13) : "uploads-of"])}.example.com", listener = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shared/1/2", security_group_id = "sg-1", subnet_cidrs = ["10.0.0.0/24"] } }
  }
  expect_failures = [var.settings]
}
