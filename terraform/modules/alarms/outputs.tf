output "settings" {
  description = "The settings, with their defaults."
  value       = var.settings
}

output "topic_arn" {
  description = "The topic that every alarm is published to. You can add subscriptions to it."
  value       = aws_sns_topic.this.arn
}

output "dashboard_url" {
  description = "The dashboard, in the AWS console."
  value       = "https://${local.region}.${local.console_domain}/cloudwatch/home?region=${local.region}#dashboards/dashboard/${aws_cloudwatch_dashboard.this.dashboard_name}"
}

output "alarm_names" {
  description = "The names of all alarms."
  value       = sort([for alarm in merge(aws_cloudwatch_metric_alarm.this, aws_cloudwatch_metric_alarm.daily) : alarm.alarm_name])
}

output "deployment_alarms" {
  description = "For each service: the names of the alarms that roll back its deployment, and whether they do."
  value = {
    for service, keys in local.rolling_back : service => {
      names     = [for key in keys : aws_cloudwatch_metric_alarm.this[key].alarm_name]
      roll_back = var.settings.roll_back_deployments
    }
  }
}
