locals {
  api_count               = local.is_public ? 0 : 1
  internal_balancer_count = local.is_balanced ? local.api_count : 0
}

resource "aws_lb_listener" "internal" {
  #checkov:skip=CKV_AWS_2:Internal, and reached by the VPC link alone: there is no certificate for an internal name that API Gateway would believe. The clients' side is HTTPS.
  #checkov:skip=CKV_AWS_103:See above: no TLS on this side.
  count = local.internal_balancer_count

  load_balancer_arn = aws_lb.this[0].arn
  protocol          = "HTTP"
  port              = 80
  tags              = var.tags

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[0].arn
  }
}

resource "aws_vpc_security_group_ingress_rule" "vpc_link" {
  #checkov:skip=CKV_AWS_260:From the VPC link's security group alone, and the load balancer is internal.
  count = local.internal_balancer_count

  security_group_id            = aws_security_group.load_balancer[0].id
  description                  = "HTTP from the VPC link"
  referenced_security_group_id = aws_security_group.vpc_link[0].id
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
  tags                         = var.tags
}

resource "aws_security_group" "vpc_link" {
  count = local.api_count

  name        = "${var.name}-vpc-link"
  description = "The VPC link of API Gateway, to the load balancer or the tasks"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-vpc-link" })
}

resource "aws_vpc_security_group_egress_rule" "vpc_link" {
  count = local.internal_balancer_count

  security_group_id            = aws_security_group.vpc_link[0].id
  description                  = "HTTP to the load balancer"
  referenced_security_group_id = aws_security_group.load_balancer[0].id
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
  tags                         = var.tags
}

resource "aws_apigatewayv2_vpc_link" "this" {
  count = local.api_count

  # A link can't be changed: one for other subnets stands beside the old one until the API has gone over to it, under a name
  # of its own.
  name               = "${var.name}-${substr(sha256(join(",", sort(var.subnet_ids))), 0, 8)}"
  subnet_ids         = var.subnet_ids
  security_group_ids = aws_security_group.vpc_link[*].id
  tags               = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

# An API's default domain speaks HTTPS and nothing else (API Gateway Developer Guide, "Data protection in Amazon API Gateway").
resource "aws_apigatewayv2_api" "this" {
  count = local.api_count

  name          = var.name
  protocol_type = "HTTP"
  description   = "Passes every request on to the url-issuer"
  tags          = var.tags
}

resource "aws_apigatewayv2_integration" "this" {
  count = local.api_count

  api_id             = aws_apigatewayv2_api.this[0].id
  integration_type   = "HTTP_PROXY"
  integration_method = "ANY"
  integration_uri    = local.integration_uri
  connection_type    = "VPC_LINK"
  connection_id      = aws_apigatewayv2_vpc_link.this[0].id
  # HTTP_PROXY takes 1.0 alone.
  payload_format_version = "1.0"
  # The url-issuer responds within 5 seconds, and to a client that waits for a change within 25, if necessary with its own 503 and
  # Retry-After. That response must come first. The maximum is 30.
  timeout_milliseconds = 30000
}

resource "aws_apigatewayv2_route" "this" {
  #checkov:skip=CKV_AWS_309:The url-issuer itself asks for the API key: whose it is, its rate and its quota are its own table's.
  count = local.api_count

  api_id    = aws_apigatewayv2_api.this[0].id
  route_key = "$default"
  target    = "integrations/${aws_apigatewayv2_integration.this[0].id}"
}

resource "aws_apigatewayv2_stage" "this" {
  count = local.api_count

  api_id = aws_apigatewayv2_api.this[0].id
  # This stage alone has no part in the path: clients call the domain's root.
  name        = "$default"
  auto_deploy = true
  tags        = var.tags

  default_route_settings {
    throttling_rate_limit  = var.settings.throttle_rate
    throttling_burst_limit = var.settings.throttle_burst
  }

  # Behind API Gateway a task sees the load balancer's address: the clients' own stand here, and only here. No path: clients put keys
  # into paths. The url-issuer logs which of its routes was asked for.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access[0].arn
    format = jsonencode({
      time              = "$context.requestTime"
      requestId         = "$context.requestId"
      ip                = "$context.identity.sourceIp"
      method            = "$context.httpMethod"
      status            = "$context.status"
      milliseconds      = "$context.responseLatency"
      integrationStatus = "$context.integrationStatus"
      error             = "$context.error.message"
      integrationError  = "$context.integrationErrorMessage"
    })
  }
}

# The custom domain is there already, with its certificate (API Gateway Developer Guide, "Custom domain names for HTTP APIs").
resource "aws_apigatewayv2_api_mapping" "own_domain" {
  count = var.settings.api_domain_name == null ? 0 : local.api_count

  api_id      = aws_apigatewayv2_api.this[0].id
  stage       = aws_apigatewayv2_stage.this[0].id
  domain_name = var.settings.api_domain_name
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts every group; there is no key in these lines that would need one of its own.
  #checkov:skip=CKV_AWS_338:A variable: clients' addresses are personal data, to be kept no longer than they are needed.
  count = local.api_count

  # Log delivery writes an entry for each group into one resource policy of limited length, but for groups of this prefix
  # (CloudWatch Logs User Guide, "Enable logging from AWS services", "Log group resource policy size limit considerations").
  name              = "/aws/vendedlogs/${var.name}-access"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn
  tags              = var.tags
}
