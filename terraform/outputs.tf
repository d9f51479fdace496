output "issuer_url" {
  description = "The URL of the url-issuer, with the path prefix."
  value       = "${module.endpoint.url}${trimsuffix(local.url_issuer.path_prefix, "/")}"

  precondition {
    condition     = length(local.unknown_settings) == 0
    error_message = join("\n", local.unknown_settings)
  }
}

output "bucket" {
  description = "The bucket of uploads/ and accepted/: name and arn."
  value       = module.storage.bucket
}

output "queues" {
  description = "The queues and their dead-letter queues: name, url and arn each."
  value       = module.storage.queues
}

output "tables" {
  description = "The tables of uploads and of API keys: name and arn each."
  value       = module.storage.tables
}

output "record_retention_days" {
  description = "The services' RECORD_RETENTION_DAYS. upload-once redrive and audit need the same value."
  value       = module.storage.settings.record_retention_days
}

output "replication_role_arn" {
  description = "The role by which S3 replicates accepted/, for the policy of the bucket there; null without storage.replica."
  value       = module.storage.replication_role_arn
}

output "trail_bucket_name" {
  description = "The bucket of CloudTrail's log files; null without trail_retention_days."
  value       = one(module.trail[*].bucket_name)
}

output "topic_arn" {
  description = "The topic that every alarm is published to."
  value       = module.alarms.topic_arn
}

output "dashboard_url" {
  description = "The dashboard, in the AWS console."
  value       = module.alarms.dashboard_url
}

output "repository_urls" {
  description = "The repository of each service's image. Empty if images names all."
  value       = local.needs_registry ? module.registry[0].repository_urls : {}
}

output "vpc_id" {
  description = "The VPC of the tasks, for security groups that they get, and for what they reach in it."
  value       = module.network.vpc_id
}

output "private_subnet_ids" {
  description = "The private subnets of that VPC, for what the tasks reach in it, such as a store of rates."
  value       = module.network.private_subnet_ids
}

output "name" {
  description = "What the names of alarms, log groups and services begin with."
  value       = var.name
}

output "cluster_name" {
  description = "The ECS cluster of the services."
  value       = local.cluster.name
}

output "services" {
  description = "For each service: its ECS service, the task definition that was applied, the role of its code, the role that ECS starts it with, its log group, its security group."
  value = {
    for name, service in module.service :
    name => {
      service_name       = service.service_name
      task_definition    = service.task_definition_arn
      task_role_arn      = service.task_role_arn
      execution_role_arn = service.execution_role_arn
      log_group_name     = service.log_group_name
      security_group_id  = service.security_group_id
    }
  }
}

output "task_policies" {
  description = "For each service and the audit: what its code may do, as an IAM policy."
  value       = merge(local.task_policies, local.has_audit ? { audit = local.audit_policy } : {})
}

output "load_balancer_dns_name" {
  description = "What domain_name must point to if you gave no zone."
  value       = module.endpoint.load_balancer_dns_name
}

output "load_balancer_arn" {
  description = "The load balancer before the url-issuer, to associate a web ACL with it."
  value       = module.endpoint.load_balancer_arn
}

output "quotas" {
  description = "What the settings can use at most of your account's quotas: vCPUs of Fargate on demand and of Fargate Spot with all max_tasks, and requests a second to API Gateway."
  value       = local.quotas
}

output "audit" {
  description = "The daily audit: the family of its task definition, and its log group. Null if audit.enabled is false."
  value       = one([for audit in module.audit : { task_definition_family = audit.task_definition_family, log_group_name = audit.log_group_name, task_role_arn = audit.task_role_arn }])
}
