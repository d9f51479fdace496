mock_provider "aws" {
  mock_data "aws_region" { defaults = { id = "eu-central-1", name = "eu-central-1" } }
  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/mock" } }
  mock_resource "aws_cloudwatch_log_group" { defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/ecs/uo-audit" } }
  mock_resource "aws_ecs_task_definition" {
    defaults = {
      arn                  = "arn:aws:ecs:eu-central-1:123456789012:task-definition/uo-audit:7"
      arn_without_revision = "arn:aws:ecs:eu-central-1:123456789012:task-definition/uo-audit"
    }
  }
}

variables {
  name               = "uo-audit"
  settings           = {}
  cluster            = { arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/uo", name = "uo" }
  image              = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/uo/audit:1.2.0"
  architecture       = "ARM64"
  environment        = { ENVIRONMENT = "live", BUCKET = "files" }
  task_policy_json   = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  vpc_id             = "vpc-1"
  subnet_ids         = ["subnet-a", "subnet-b"]
  log_retention_days = 90
}

run "it_runs_each_day_whatever_is_deployed" {
  assert {
    condition     = aws_scheduler_schedule.this.schedule_expression == "rate(1 day)" && aws_scheduler_schedule.this.start_date == null
    error_message = "the first audit begins with the schedule"
  }
  assert {
    condition     = one(one(aws_scheduler_schedule.this.target).ecs_parameters).task_definition_arn == "arn:aws:ecs:eu-central-1:123456789012:task-definition/uo-audit"
    error_message = "without a revision: a deployment does not change the schedule"
  }
  assert {
    condition     = one(one(one(aws_scheduler_schedule.this.target).ecs_parameters).network_configuration).assign_public_ip == false && one(aws_scheduler_schedule.this.target).arn == "arn:aws:ecs:eu-central-1:123456789012:cluster/uo"
    error_message = "in the cluster, without a public address"
  }
}

run "it_gets_a_public_address_where_there_is_no_other_way" {
  variables { public_address = true }
  assert {
    condition     = one(one(one(aws_scheduler_schedule.this.target).ecs_parameters).network_configuration).assign_public_ip
    error_message = "as the services do"
  }
}

run "it_names_and_counts_and_repairs_nothing" {
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].command == ["audit", "--json", "--metrics", "--older-than", "1440"]
    error_message = "what is a day old, as lines and as metrics; no --repair"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment == [{ name = "BUCKET", value = "files" }, { name = "ENVIRONMENT", value = "live" }] && jsondecode(aws_ecs_task_definition.this.container_definitions)[0].readonlyRootFilesystem
    error_message = "its variables, and nothing that it can write to"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].logConfiguration.options["mode"] == "blocking"
    error_message = "no line is dropped: one has the metrics"
  }
}

run "the_schedule_may_start_this_task_alone" {
  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.schedule.policy).Statement : [statement.Action, statement.Resource, statement.Condition]] == [
      [["ecs:RunTask"], ["arn:aws:ecs:eu-central-1:123456789012:task-definition/uo-audit", "arn:aws:ecs:eu-central-1:123456789012:task-definition/uo-audit:*"], { ArnEquals = { "ecs:cluster" = "arn:aws:ecs:eu-central-1:123456789012:cluster/uo" } }],
      [["iam:PassRole"], ["arn:aws:iam::123456789012:role/mock", "arn:aws:iam::123456789012:role/mock"], { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }],
    ]
    error_message = "in its cluster, with its roles"
  }
  assert {
    condition     = jsondecode(aws_iam_role.schedule.assume_role_policy).Statement[0].Principal.Service == "scheduler.amazonaws.com"
    error_message = "EventBridge Scheduler takes the role on"
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Sid] == ["SignInToRegistry", "PullImage", "WriteLogs"] && aws_iam_role_policy.task.policy == var.task_policy_json
    error_message = "what the task needs to start, and what it was given"
  }
}

run "an_image_from_elsewhere_needs_no_permission" {
  variables { image = "ghcr.io/example/audit:1.2.0" }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Sid] == ["WriteLogs"]
    error_message = "the log alone"
  }
}

run "refuses_to_judge_what_is_in_progress" {
  command = plan
  variables { settings = { older_than_minutes = 14 } }
  expect_failures = [var.settings]
}

run "refuses_memory_that_fargate_does_not_pair_with_the_cpu" {
  command = plan
  variables { settings = { cpu = 512, memory = 512 } }
  expect_failures = [var.settings]
}

run "refuses_an_image_without_a_tag" {
  command = plan
  variables { image = "ghcr.io/example/audit" }
  expect_failures = [var.image]
}

run "refuses_a_policy_that_is_none" {
  command = plan
  variables { task_policy_json = "{}" }
  expect_failures = [var.task_policy_json]
}

run "refuses_a_name_that_no_role_can_have" {
  command = plan
  variables { name = "a-name-that-is-longer-than-a-role-in-the-longest-region-takes" }
  expect_failures = [var.name]
}

run "refuses_a_size_that_fargate_leaves_out_between_two" {
  command = plan
  variables { settings = { cpu = 256, memory = 1536 } }
  expect_failures = [var.settings]
}

run "refuses_more_memory_than_fargate_has" {
  command = plan
  variables { settings = { cpu = 4096, memory = 31744 } }
  expect_failures = [var.settings]
}

run "refuses_a_cpu_that_fargate_has_not" {
  command = plan
  variables { settings = { cpu = 300, memory = 512 } }
  expect_failures = [var.settings]
}

run "takes_the_largest_of_a_cpu" {
  command = plan
  variables { settings = { cpu = 4096, memory = 30720 } }
  assert {
    condition     = aws_ecs_task_definition.this.memory == "30720"
    error_message = "what Fargate has"
  }
}
