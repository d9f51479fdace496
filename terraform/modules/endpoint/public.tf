resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = local.is_public && !local.is_given ? toset(var.settings.ingress_cidrs) : toset([])

  security_group_id = aws_security_group.load_balancer[0].id
  description       = "HTTPS from clients"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  tags              = var.tags
}

resource "aws_lb_listener" "https" {
  count = local.is_public && !local.is_given ? 1 : 0

  load_balancer_arn = aws_lb.this[0].arn
  protocol          = "HTTPS"
  port              = 443
  certificate_arn   = var.settings.certificate_arn
  # TLS 1.3 and 1.2 with forward secrecy (Application Load Balancers User Guide, "Security policies").
  ssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  tags       = var.tags

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[0].arn
  }
}

resource "aws_route53_record" "this" {
  count = var.settings.zone == null ? 0 : 1

  zone_id = var.settings.zone.id
  name    = var.settings.domain_name
  type    = "A"

  alias {
    name                   = local.load_balancer.dns_name
    zone_id                = local.load_balancer.zone_id
    evaluate_target_health = false
  }
}
