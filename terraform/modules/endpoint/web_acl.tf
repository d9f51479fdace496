# AWS WAF Developer Guide, "Using rate-based rule statements in AWS WAF": it counts some seconds late, and blocks until the rate is below the limit.
resource "aws_wafv2_web_acl" "this" {
  #checkov:skip=CKV_AWS_192:The services run on Node.js, and have no Log4j.
  #checkov:skip=CKV2_AWS_31:Its log has whole URLs and headers, and an API key if a client puts it there; the load balancer's metrics count what it blocks.
  count = var.settings.address_limit == null ? 0 : 1

  name        = var.name
  description = "Limits the requests of an address"
  scope       = "REGIONAL"
  tags        = var.tags

  default_action {
    allow {}
  }

  rule {
    name     = "address-limit"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit                 = var.settings.address_limit
        evaluation_window_sec = 300
        aggregate_key_type    = "IP"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "address-limit"
      sampled_requests_enabled   = false
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = var.name
    sampled_requests_enabled   = false
  }
}

locals {
  # By what is known at the plan: the ARN of a web ACL of the same apply is not.
  has_web_acl = var.settings.web_acl != null || var.settings.address_limit != null
}

resource "aws_wafv2_web_acl_association" "this" {
  count = local.has_web_acl ? 1 : 0

  resource_arn = aws_lb.this[0].arn
  web_acl_arn  = var.settings.web_acl != null ? var.settings.web_acl.arn : aws_wafv2_web_acl.this[0].arn
}
