# An alarm notifies when it changes, so one that stays is told once. These change each day: they ring in one hour of it (UTC), and end without
# a word. The hour is that of the data point (Amazon CloudWatch User Guide, "Using math expressions with CloudWatch metrics", HOUR).
locals {
  # A dead letter expires by the time at which its event was first sent. The age that SQS shows counts from the move to the dead-letter queue
  # (Amazon SQS Developer Guide, "Setting-up dead-letter queue retention"). So the longest time in the queue comes off as well. Never within
  # the first day: the alarm on dead letters has just told of them.
  expiring_age_seconds = { for queue in local.watched_queues :
    queue => max(86400, (var.dead_letters.retention_days - var.settings.dead_letters_left_days) * 86400 - var.dead_letters.longest_in_queue_seconds[queue])
  }

  alarms_of_each_day = {
    for queue in local.watched_queues : "${replace(queue, "_", "-")}-dead-letter-expiring" => {
      queue       = var.queues["${queue}_dead_letter"].name
      age_seconds = local.expiring_age_seconds[queue]
      description = "A message has been in the dead-letter queue for ${floor(local.expiring_age_seconds[queue] / 86400)} days or longer. SQS deletes it ${var.dead_letters.retention_days} days after its event was first sent, and says nothing. This mail comes each day until the queue has no such message. Correct the cause, then run `upload-once redrive --yes`. Do it within ${var.settings.dead_letters_left_days} days of the first mail."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "daily" {
  for_each = local.alarms_of_each_day

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  # It ends each day, whether the messages are there or not.
  ok_actions = []
  tags       = var.tags

  metric_query {
    id          = "expiring"
    label       = "Whether a dead letter is old, once a day"
    expression  = "IF(age >= ${each.value.age_seconds} AND HOUR(age) == 8, 1, 0)"
    return_data = true
  }

  metric_query {
    id = "age"

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateAgeOfOldestMessage"
      period      = 3600
      stat        = "Maximum"
      dimensions  = { QueueName = each.value.queue }
    }
  }
}
