locals {
  # By the domain and not by the certificate, whose ARN may be known only once it has been made.
  is_public = var.settings.domain_name != null

  # Whether a load balancer leads to the tasks. Without one, API Gateway finds them by itself (service-discovery.tf).
  is_balanced    = var.settings.entry == "load-balancer"
  balancer_count = local.is_balanced ? 1 : 0

  # Whether that load balancer is yours, or made here.
  is_given   = local.is_balanced && var.settings.listener != null
  made_count = local.is_balanced && !local.is_given ? 1 : 0

  # Without one, all are null.
  load_balancer = {
    arn               = one(concat(aws_lb.this[*].arn, data.aws_lb.given[*].arn))
    arn_suffix        = one(concat(aws_lb.this[*].arn_suffix, data.aws_lb.given[*].arn_suffix))
    dns_name          = one(concat(aws_lb.this[*].dns_name, data.aws_lb.given[*].dns_name))
    zone_id           = one(concat(aws_lb.this[*].zone_id, data.aws_lb.given[*].zone_id))
    security_group_id = local.is_given ? var.settings.listener.security_group_id : one(aws_security_group.load_balancer[*].id)
  }
  listener_arn = local.is_given ? var.settings.listener.arn : one(concat(aws_lb_listener.https[*].arn, aws_lb_listener.internal[*].arn))
}

data "aws_lb_listener" "given" {
  count = local.is_given ? 1 : 0
  arn   = var.settings.listener.arn
}

data "aws_lb" "given" {
  count = local.is_given ? 1 : 0
  arn   = data.aws_lb_listener.given[0].load_balancer_arn
}

# HTTPS always, one of four ways:
#   domain_name + certificate_arn   client ──HTTPS──▶ public load balancer ──▶ tasks
#   domain_name + listener          client ──HTTPS──▶ your load balancer ──▶ tasks
#   neither                         client ──HTTPS──▶ API Gateway, VPC link ──▶ internal load balancer ──▶ tasks
#   entry = "service-discovery"     client ──HTTPS──▶ API Gateway, VPC link ──▶ tasks, found in Cloud Map
# Nothing listens on a public port 80: a redirect to HTTPS would come after the key had been sent in the clear.
resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_91:Access logs need a bucket of the user's (access_log_bucket); the service logs every request, and API Gateway too.
  #checkov:skip=CKV2_AWS_76:The services run on Node.js, and have no Log4j.
  #checkov:skip=CKV2_AWS_28:A web ACL is billed by the month and the request; settings (web_acl, address_limit) give it one.
  #checkov:skip=CKV2_AWS_20:There is no HTTP listener on the public load balancer that could redirect; see above.
  #checkov:skip=CKV_AWS_150:On by default; a variable, so that a trial can be torn down.
  count = local.made_count

  name               = var.name
  internal           = !local.is_public
  load_balancer_type = "application"
  subnets            = var.subnet_ids
  security_groups    = aws_security_group.load_balancer[*].id

  # Application Load Balancers User Guide, "Edit attributes": an idle timeout below the target's keep-alive (72 seconds) avoids 502s.
  idle_timeout               = 60
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  enable_deletion_protection = var.deletion_protection
  tags                       = var.tags

  dynamic "access_logs" {
    for_each = var.settings.access_log_bucket == null ? [] : [var.settings.access_log_bucket]

    content {
      bucket  = access_logs.value
      prefix  = var.name
      enabled = true
    }
  }
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; behind it the way is inside the VPC, from one security group to another.
  count = local.balancer_count

  name        = var.name
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = 8080

  # ECS waits so long between taking a task out of the load balancer and sending it SIGTERM. The url-issuer responds within 5 seconds.
  deregistration_delay = 15
  tags                 = var.tags

  # Not /readyz, which asks the tables: ECS replaces every unhealthy task, so an outage of the tables would replace all tasks again and again.
  health_check {
    path                = "/livez"
    matcher             = "200"
    interval            = 15
    timeout             = 10
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

# What asks the tables is for those who run the service, and a person at a task. The service knows this path by its plain text alone, so
# that no other spelling of it gets past (test/attacks.md).
resource "aws_lb_listener_rule" "not_ready_to_clients" {
  count = local.balancer_count

  listener_arn = local.listener_arn
  priority     = local.is_given ? var.settings.listener.rule_priority : 1
  tags         = var.tags

  condition {
    path_pattern {
      values = ["/readyz"]
    }
  }

  # Others may use a listener of yours.
  dynamic "condition" {
    for_each = local.is_given ? [var.settings.domain_name] : []

    content {
      host_header {
        values = [condition.value]
      }
    }
  }

  action {
    type = "fixed-response"

    fixed_response {
      status_code  = "404"
      content_type = "application/json"
      message_body = jsonencode({ message = "Not Found", code = "NotFound" })
    }
  }
}

resource "aws_lb_listener_rule" "to_tasks" {
  count = local.is_given ? 1 : 0

  listener_arn = local.listener_arn
  priority     = var.settings.listener.rule_priority + 1
  tags         = var.tags

  condition {
    host_header {
      values = [var.settings.domain_name]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[0].arn
  }
}

# The description is the same with and without a domain. EC2 can't change a description, so Terraform would replace the group, and
# EC2 can't delete the old group while the tasks' own group refers to it.
resource "aws_security_group" "load_balancer" {
  count = local.made_count

  name        = "${var.name}-load-balancer"
  description = "The load balancer in front of the tasks"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-load-balancer" })
}

# The rule that lets it reach the tasks comes with the service that is attached to it.
