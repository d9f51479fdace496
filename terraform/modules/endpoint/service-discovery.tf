# Without a load balancer: ECS registers the tasks that run in Cloud Map, and API Gateway asks there for those that are healthy (API Gateway
# Developer Guide, "Create private integrations for HTTP APIs in API Gateway", "Create a private integration using AWS Cloud Map service discovery").

locals {
  discovery_count = local.is_balanced ? 0 : 1
  integration_uri = local.is_balanced ? one(aws_lb_listener.internal[*].arn) : one(aws_service_discovery_service.this[*].arn)
}

# ECS registers in namespaces with DNS. Only the VPC sees the names, and nothing asks for them.
resource "aws_service_discovery_private_dns_namespace" "this" {
  count = local.discovery_count

  name        = "${var.name}.internal"
  description = "Where API Gateway finds the tasks of ${var.name}"
  vpc         = var.vpc_id
  tags        = var.tags
}

resource "aws_service_discovery_service" "this" {
  count = local.discovery_count

  name = var.name
  # What ECS has not yet taken out when everything is destroyed.
  force_destroy = true
  tags          = var.tags

  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.this[0].id
    routing_policy = "MULTIVALUE"

    # With the port, without which API Gateway can't call a task.
    dns_records {
      type = "SRV"
      ttl  = 10
    }
  }

  # What the container's own health check finds, ECS reports (Amazon ECS Developer Guide, "Use service discovery to connect Amazon ECS services
  # with DNS names", on container-level health checks).
  health_check_custom_config {
    failure_threshold = 1
  }
}

# In place of the load balancer's rule: the service has no such path, and answers 404.
resource "aws_apigatewayv2_integration" "not_ready_to_clients" {
  count = local.discovery_count

  api_id                 = aws_apigatewayv2_api.this[0].id
  integration_type       = "HTTP_PROXY"
  integration_method     = "ANY"
  integration_uri        = local.integration_uri
  connection_type        = "VPC_LINK"
  connection_id          = aws_apigatewayv2_vpc_link.this[0].id
  payload_format_version = "1.0"
  request_parameters     = { "overwrite:path" = "/not-found" }
}

resource "aws_apigatewayv2_route" "not_ready_to_clients" {
  #checkov:skip=CKV_AWS_309:There is nothing behind it to be authorized for.
  count = local.discovery_count

  api_id    = aws_apigatewayv2_api.this[0].id
  route_key = "ANY /readyz"
  target    = "integrations/${aws_apigatewayv2_integration.not_ready_to_clients[0].id}"
}
