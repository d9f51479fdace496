output "bucket" {
  description = "The bucket of uploads/ and accepted/."
  value       = module.storage.bucket
}

output "queues" {
  description = "The queues and their dead-letter queues."
  value       = module.storage.queues
}

output "tables" {
  description = "The tables of uploads and of API keys."
  value       = module.storage.tables
}
