output "settings" {
  description = "The settings, with their defaults."
  value       = var.settings
}

output "vpc_id" {
  description = "The VPC, new or given."
  value       = local.is_made ? one(aws_vpc.this[*].id) : var.settings.vpc.id
}

output "private_subnet_ids" {
  description = "The private subnets: of an internal load balancer, and of API Gateway's link."
  value       = local.is_made ? aws_subnet.private[*].id : var.settings.vpc.private_subnet_ids
  # A link to a subnet in a zone without VPC links would end the apply half-way.
  depends_on = [data.aws_subnet.given_private]
}

output "tasks" {
  description = "The subnets of the tasks, and whether a task needs a public address there. Usable once they reach AWS."
  value = {
    subnet_ids     = local.is_public ? (local.is_made ? aws_subnet.public[*].id : var.settings.vpc.public_subnet_ids) : (local.is_made ? aws_subnet.private[*].id : var.settings.vpc.private_subnet_ids)
    public_address = local.is_public
  }

  # A task that starts before its image can be pulled counts as a failed deployment.
  depends_on = [
    aws_route_table_association.private,
    aws_route_table_association.public,
    aws_route.internet,
    aws_route.nat,
    aws_vpc_endpoint.gateway,
    aws_vpc_endpoint.interface,
    aws_vpc_security_group_ingress_rule.endpoints,
  ]
}

output "public_subnet_ids" {
  description = "The subnets of a public load balancer; empty if there are none."
  value       = local.is_made ? aws_subnet.public[*].id : var.settings.vpc.public_subnet_ids
  depends_on  = [aws_route_table_association.public, aws_route.internet]
}

output "public_subnet_cidrs" {
  description = "The addresses from which a public load balancer calls the tasks."
  value       = local.is_made ? slice(local.public_cidrs, 0, local.public_count) : data.aws_subnet.given_public[*].cidr_block
}
