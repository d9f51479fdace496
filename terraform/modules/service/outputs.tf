output "service_name" {
  description = "The ECS service, as CloudWatch's dimension ServiceName names it."
  value       = aws_ecs_service.this.name
}

output "task_role_arn" {
  description = "The role of the service's own code, to name it in a policy of something it calls."
  value       = aws_iam_role.task.arn
}

output "task_role_name" {
  description = "The role of the service's own code, to attach further permissions to it."
  value       = aws_iam_role.task.name
}

output "execution_role_arn" {
  description = "The role with which ECS starts the tasks, to name it in the policy of a key that encrypts images or secrets."
  value       = aws_iam_role.execution.arn
}

output "log_group_name" {
  description = "Where the log lines are."
  value       = aws_cloudwatch_log_group.this.name
}

output "security_group_id" {
  description = "The tasks' security group, to let it in where a handler calls."
  value       = aws_security_group.this.id
}
