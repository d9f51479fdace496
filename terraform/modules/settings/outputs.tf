output "url_issuer" {
  description = "The settings of url_issuer, with their defaults."
  value       = var.url_issuer
}

output "acceptor" {
  description = "The settings of acceptor, with their defaults."
  value       = local.acceptor
}

output "processor" {
  description = "The settings of processor, with their defaults."
  value       = local.processor
}

output "reports" {
  description = "The settings of reports, with their defaults."
  value       = var.reports
}

output "webhooks" {
  description = "The settings of webhooks, with their defaults. Null if there are none."
  value       = local.webhooks
}

output "tracing" {
  description = "The settings of tracing, with their defaults. Null if there are no traces."
  value       = var.tracing
}

output "collector_memory_mib" {
  description = "The part of a task's memory that its collector of spans gets."
  value       = local.collector_memory_mib
}

output "iam" {
  description = "The settings of iam, with their defaults."
  value       = var.iam
}

output "own_queue_names" {
  description = "The names of the queues that the installation makes, which reports.queue_arns cannot have."
  value       = local.own_queue_names
}

output "reserved_names" {
  description = "Names that no variable of the handler can have."
  value       = local.reserved_names
}
