output "repository_urls" {
  description = "Where the image of each service is pushed to and pulled from, by service, without a tag."
  value       = { for service, repository in aws_ecr_repository.this : service => repository.repository_url }
}

output "repository_arns" {
  description = "The ARN of each service's repository, for policies that let something pull from it."
  value       = { for service, repository in aws_ecr_repository.this : service => repository.arn }
}
