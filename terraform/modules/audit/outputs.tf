output "settings" {
  description = "The settings, with their defaults."
  value       = var.settings
}

output "task_role_arn" {
  description = "The role of the audit's code."
  value       = aws_iam_role.task.arn
}

output "log_group_name" {
  description = "The log group: each finding is a line of JSON."
  value       = aws_cloudwatch_log_group.this.name
}

output "task_definition_family" {
  description = "The family of the task definition, to run an audit by hand."
  value       = aws_ecs_task_definition.this.family
}
