# What AWS says to the tests of the root and of the examples.

mock_data "aws_region" { defaults = { id = "eu-central-1", name = "eu-central-1" } }
mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com", reverse_dns_prefix = "com.amazonaws" } }
mock_data "aws_availability_zones" { defaults = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] } }
mock_data "aws_iam_policy_document" { defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" } }
mock_data "aws_subnet" { defaults = { cidr_block = "192.0.2.0/24" } }
# What was applied runs.
mock_data "aws_ecs_service" { defaults = { task_definition = "arn:aws:ecs:eu-central-1:123456789012:task-definition/mock:1" } }
mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/mock" } }
mock_resource "aws_s3_bucket" { defaults = { arn = "arn:aws:s3:::mock" } }
mock_resource "aws_sqs_queue" { defaults = { arn = "arn:aws:sqs:eu-central-1:123456789012:mock" } }
mock_resource "aws_dynamodb_table" { defaults = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/mock" } }
mock_resource "aws_cloudwatch_log_group" { defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:mock" } }
mock_resource "aws_cloudwatch_event_rule" { defaults = { arn = "arn:aws:events:eu-central-1:123456789012:rule/mock" } }
mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:mock" } }
mock_resource "aws_ecs_cluster" { defaults = { arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/uo" } }
mock_resource "aws_ecs_task_definition" {
  defaults = {
    arn                  = "arn:aws:ecs:eu-central-1:123456789012:task-definition/mock:1"
    arn_without_revision = "arn:aws:ecs:eu-central-1:123456789012:task-definition/mock"
  }
}
mock_resource "aws_lb" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/uo-issuer/1"
    arn_suffix = "app/uo-issuer/1"
  }
}
mock_resource "aws_lb_target_group" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/uo-issuer/2"
    arn_suffix = "targetgroup/uo-issuer/2"
  }
}
mock_resource "aws_lb_listener" { defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/uo-issuer/1/3" } }
mock_resource "aws_service_discovery_service" { defaults = { arn = "arn:aws:servicediscovery:eu-central-1:123456789012:service/srv-mock" } }
mock_resource "aws_apigatewayv2_api" { defaults = { api_endpoint = "https://a1b2.execute-api.eu-central-1.amazonaws.com" } }
mock_resource "aws_ecr_repository" { defaults = { repository_url = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mock" } }
