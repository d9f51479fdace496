resource "aws_sns_topic" "this" {
  #checkov:skip=CKV_AWS_26:CloudWatch can't publish to a topic with the key that AWS manages; a key of the user's is a variable (kms_key_arn).
  name              = "${var.name}-alarms"
  kms_master_key_id = var.settings.kms_key_arn
  tags              = var.tags
}

# Amazon SNS Developer Guide, "Example cases for Amazon SNS access control"
# (https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html).
resource "aws_sns_topic_policy" "this" {
  arn = aws_sns_topic.this.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AlarmsOfThisAccount"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
        Condition = {
          ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:cloudwatch:*:${local.account_id}:alarm:*" }
          StringEquals = { "aws:SourceAccount" = local.account_id }
        }
      },
      {
        Sid       = "OnlyTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "email" {
  for_each = toset(var.settings.emails)

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_sns_topic_subscription" "sms" {
  for_each = toset(var.settings.sms)

  topic_arn = aws_sns_topic.this.arn
  protocol  = "sms"
  endpoint  = each.value
}

# By position: an endpoint may be made in the same run, and be unknown while it is planned.
resource "aws_sns_topic_subscription" "other" {
  count = length(var.settings.subscriptions)

  topic_arn             = aws_sns_topic.this.arn
  protocol              = var.settings.subscriptions[count.index].protocol
  endpoint              = var.settings.subscriptions[count.index].endpoint
  subscription_role_arn = var.settings.subscriptions[count.index].role_arn
}
