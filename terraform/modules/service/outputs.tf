output "service_name" {
  description = "The ECS service, as CloudWatch's dimension ServiceName names it."
  value       = aws_ecs_service.this.name
}

output "task_definition_arn" {
  description = "The task definition that was applied. After a rollback, the service runs another one."
  value       = aws_ecs_task_definition.this.arn
}

output "task_role_arn" {
  description = "The role of the service's code, for policies of what it calls."
  value       = aws_iam_role.task.arn
}

output "task_role_name" {
  description = "The role of the service's code, to attach more permissions."
  value       = aws_iam_role.task.name
}

output "execution_role_arn" {
  description = "The role with which ECS starts the tasks, for the policy of a key that encrypts images or secrets."
  value       = aws_iam_role.execution.arn
}

output "log_group_name" {
  description = "The log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "security_group_id" {
  description = "The tasks' security group, to allow a handler's calls elsewhere."
  value       = aws_security_group.this.id
}
