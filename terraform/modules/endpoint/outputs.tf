output "settings" {
  description = "The settings, with their defaults."
  value       = var.settings
}

output "url" {
  description = "The URL of the url-issuer, without a slash at the end."
  value       = local.is_public ? "https://${var.settings.domain_name}" : var.settings.api_domain_name != null ? "https://${one(aws_apigatewayv2_api_mapping.own_domain[*].domain_name)}" : aws_apigatewayv2_api.this[0].api_endpoint
}

output "caller" {
  description = "What calls the service's tasks, and its security group, from which the service opens its way to the tasks. Usable once a target group has a listener, which ECS requires."
  value = {
    by                = var.settings.entry
    arn               = local.is_balanced ? one(aws_lb_target_group.this[*].arn) : one(aws_service_discovery_service.this[*].arn)
    security_group_id = local.is_balanced ? local.load_balancer.security_group_id : one(aws_security_group.vpc_link[*].id)
  }
  depends_on = [aws_lb_listener.https, aws_lb_listener.internal, aws_lb_listener_rule.to_tasks]
}

output "target_group_arn_suffix" {
  description = "The target group as CloudWatch's dimension TargetGroup names it. Null if there is none."
  value       = one(aws_lb_target_group.this[*].arn_suffix)
}

output "load_balancer_arn" {
  description = "The load balancer, to associate a web ACL with it. Null if there is none."
  value       = local.load_balancer.arn
}

output "load_balancer_arn_suffix" {
  description = "The load balancer as CloudWatch's dimension LoadBalancer names it. Null if there is none."
  value       = local.load_balancer.arn_suffix
}

output "load_balancer_dns_name" {
  description = "What domain_name must point to if you gave no zone. Null if there is no load balancer."
  value       = local.load_balancer.dns_name
}

output "api_id" {
  description = "The HTTP API as CloudWatch's dimension ApiId names it; null with a domain."
  value       = one(aws_apigatewayv2_api.this[*].id)
}
