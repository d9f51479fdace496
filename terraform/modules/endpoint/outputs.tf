output "settings" {
  description = "The settings, with their defaults."
  value       = var.settings
}

output "url" {
  description = "The URL of the url-issuer, without a slash at the end."
  value       = local.is_public ? "https://${var.settings.domain_name}" : aws_apigatewayv2_api.this[0].api_endpoint
}

output "target_group_arn" {
  description = "The target group of the service's tasks. Usable once it has a listener, which ECS requires."
  value       = aws_lb_target_group.this.arn
  depends_on  = [aws_lb_listener.https, aws_lb_listener.internal]
}

output "target_group_arn_suffix" {
  description = "The target group as CloudWatch's dimension TargetGroup names it."
  value       = aws_lb_target_group.this.arn_suffix
}

output "load_balancer_arn" {
  description = "The load balancer, to associate a web ACL with it."
  value       = aws_lb.this.arn
}

output "load_balancer_arn_suffix" {
  description = "The load balancer as CloudWatch's dimension LoadBalancer names it."
  value       = aws_lb.this.arn_suffix
}

output "load_balancer_dns_name" {
  description = "What domain_name must point to if you gave no zone."
  value       = aws_lb.this.dns_name
}

output "security_group_id" {
  description = "The load balancer's security group. The service opens its way to the tasks."
  value       = aws_security_group.load_balancer.id
}

output "api_id" {
  description = "The HTTP API as CloudWatch's dimension ApiId names it; null with a domain."
  value       = one(aws_apigatewayv2_api.this[*].id)
}
