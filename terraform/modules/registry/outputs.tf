output "settings" {
  description = "The settings, with their defaults."
  value       = var.settings
}

output "repository_urls" {
  description = "The repository URL of each service's image, without a tag."
  value       = { for service, repository in aws_ecr_repository.this : service => repository.repository_url }
}

output "repository_arns" {
  description = "The ARN of each service's repository, for policies that allow pulls."
  value       = { for service, repository in aws_ecr_repository.this : service => repository.arn }
}
