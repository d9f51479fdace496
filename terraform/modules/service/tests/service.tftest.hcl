mock_provider "aws" {
  mock_data "aws_region" { defaults = { id = "eu-central-1", name = "eu-central-1" } }
  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_ecs_service" { defaults = { task_definition = "arn:aws:ecs:eu-central-1:123456789012:task-definition/acceptor:1" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/mock" } }
  mock_resource "aws_cloudwatch_log_group" { defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/ecs/acceptor" } }
  mock_resource "aws_ecs_task_definition" { defaults = { arn = "arn:aws:ecs:eu-central-1:123456789012:task-definition/acceptor:1" } }
}

variables {
  subject               = "acceptor"
  tasks                 = { cpu = 256, memory = 512, min_tasks = 1, max_tasks = 4, spot = false, messages = 20, requests_per_minute = 3000 }
  log_retention_days    = 90
  architecture          = "ARM64"
  wait_for_steady_state = false
  name                  = "acceptor"
  cluster               = { arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/uo", name = "uo" }
  image                 = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/uo/acceptor:1.2.0"
  task_policy_json      = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  vpc_id                = "vpc-1"
  subnet_ids            = ["subnet-a", "subnet-b"]
  environment           = { BUCKET = "files", AWS_REGION = "eu-central-1" }
  autoscaling           = { kind = "backlog", queue_name = "uo-upload-events" }
}

run "the_container_can_do_little" {
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].readonlyRootFilesystem
    error_message = "a read-only root file system"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].linuxParameters.capabilities.drop == ["ALL"]
    error_message = "no capabilities"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].stopTimeout == 120
    error_message = "two minutes between SIGTERM and SIGKILL"
  }
  assert {
    condition     = strcontains(jsondecode(aws_ecs_task_definition.this.container_definitions)[0].healthCheck.command[3], "http://127.0.0.1:8080/livez") && jsondecode(aws_ecs_task_definition.this.container_definitions)[0].healthCheck.command[1] == "node" && jsondecode(aws_ecs_task_definition.this.container_definitions)[0].healthCheck.timeout >= 10
    error_message = "the image's own Node asks /livez"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment == [{ name = "AWS_REGION", value = "eu-central-1" }, { name = "BUCKET", value = "files" }]
    error_message = "the variables reach the container, in an order that does not change"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].logConfiguration.options["awslogs-group"] == "/ecs/acceptor" && jsondecode(aws_ecs_task_definition.this.container_definitions)[0].logConfiguration.options["mode"] == "non-blocking"
    error_message = "log lines go to the service's own group, and hold nothing up"
  }
  assert {
    condition     = aws_ecs_task_definition.this.runtime_platform[0].cpu_architecture == "ARM64" && aws_ecs_task_definition.this.requires_compatibilities == toset(["FARGATE"])
    error_message = "Fargate on ARM64"
  }
  assert {
    condition     = aws_ecs_service.this.network_configuration[0].assign_public_ip == false && aws_ecs_service.this.enable_execute_command == false
    error_message = "no public address, no shell"
  }
}

run "no_alarm_rolls_back_unless_it_is_named" {
  assert {
    condition     = length(aws_ecs_service.this.alarms) == 0 && length(data.aws_ecs_service.running) == 0
    error_message = "the circuit breaker alone, and nothing waits"
  }
}

run "an_alarm_of_the_service_rolls_its_deployment_back" {
  variables { deployment_alarms = { names = ["uo-acceptor-task-failures"], roll_back = true } }
  assert {
    condition     = one(aws_ecs_service.this.alarms) == { alarm_names = toset(["uo-acceptor-task-failures"]), enable = true, rollback = true }
    error_message = "ECS watches the alarm, and goes back"
  }
}

run "alarms_are_named_and_not_watched_where_that_is_asked_for" {
  variables { deployment_alarms = { names = ["uo-acceptor-task-failures"], roll_back = false } }
  assert {
    condition     = one(aws_ecs_service.this.alarms) == { alarm_names = toset(["uo-acceptor-task-failures"]), enable = false, rollback = false }
    error_message = "the block stays, so that ECS gets to know"
  }
}

run "an_apply_that_waits_succeeds_with_the_new_revision" {
  variables { wait_for_steady_state = true }
  assert {
    condition     = one(data.aws_ecs_service.running).task_definition == aws_ecs_task_definition.this.arn
    error_message = "what runs is what was applied"
  }
}

run "an_apply_that_waits_fails_after_a_rollback" {
  command = plan
  variables { wait_for_steady_state = true }
  override_data {
    target = data.aws_ecs_service.running
    values = { task_definition = "arn:aws:ecs:eu-central-1:123456789012:task-definition/acceptor:0" }
  }
  expect_failures = [data.aws_ecs_service.running]
}

run "a_deployment_that_fails_is_rolled_back" {
  assert {
    condition     = aws_ecs_service.this.deployment_circuit_breaker[0].enable && aws_ecs_service.this.deployment_circuit_breaker[0].rollback
    error_message = "circuit breaker with rollback"
  }
  assert {
    condition     = aws_ecs_service.this.deployment_minimum_healthy_percent == 100
    error_message = "the old version stays until the new one stands"
  }
  assert {
    condition     = aws_ecs_task_definition.this.skip_destroy == true
    error_message = "the task definition that is gone back to stays registered"
  }
}

run "the_task_role_has_the_given_policy_and_nothing_else" {
  variables {
    task_policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sqs:ReceiveMessage\",\"Resource\":\"arn:aws:sqs:eu-central-1:123456789012:q\"}]}"
  }
  assert {
    condition     = aws_iam_role_policy.task["service"].policy == var.task_policy_json && aws_iam_role_policy.task["service"].role == aws_iam_role.task.id
    error_message = "what the service may do is what was given"
  }
  assert {
    condition     = jsondecode(aws_iam_role.task.assume_role_policy).Statement[0].Principal == { Service = "ecs-tasks.amazonaws.com" } && jsondecode(aws_iam_role.task.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012" && jsondecode(aws_iam_role.task.assume_role_policy).Statement[0].Condition.ArnLike["aws:SourceArn"] == "arn:aws:ecs:eu-central-1:123456789012:*"
    error_message = "only this account's ECS takes the role on"
  }
}

run "the_execution_role_pulls_one_image_and_writes_one_log" {
  assert {
    condition     = [for statement in jsondecode(aws_iam_role.execution.assume_role_policy).Statement : keys(statement)] == [["Action", "Effect", "Principal"]]
    error_message = "ECS takes the execution role on whether it names a source or not"
  }
  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : [statement.Action, statement.Resource]] == [
      [["ecr:GetAuthorizationToken"], ["*"]],
      [["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], ["arn:aws:ecr:eu-central-1:123456789012:repository/uo/acceptor"]],
      [["logs:CreateLogStream", "logs:PutLogEvents"], ["arn:aws:logs:eu-central-1:123456789012:log-group:/ecs/acceptor:*"]],
    ]
    error_message = "actions and resources of the execution role"
  }
}

run "an_image_from_elsewhere_needs_no_permission" {
  variables { image = "ghcr.io/example/acceptor@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }
  assert {
    condition     = jsondecode(aws_iam_role_policy.execution.policy).Statement[*].Sid == ["WriteLogs"]
    error_message = "nothing of ECR"
  }
}

run "secrets_are_read_by_their_own_arn" {
  variables {
    secrets = {
      TOKEN    = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:crm-AbCdEf:token::"
      PASSWORD = "arn:aws:ssm:eu-central-1:123456789012:parameter/crm/password"
    }
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.execution.policy).Statement[3].Resource == ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:crm-AbCdEf", "arn:aws:ssm:eu-central-1:123456789012:parameter/crm/password"]
    error_message = "just the named secrets"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].secrets[1] == { name = "TOKEN", valueFrom = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:crm-AbCdEf:token::" }
    error_message = "the value in the secret is named"
  }
}

run "a_key_of_the_users_that_encrypts_secrets_decrypts_them_alone" {
  variables {
    secrets             = { TOKEN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:crm-AbCdEf" }
    secret_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/1"]
  }
  assert {
    condition = jsondecode(aws_iam_role_policy.execution.policy).Statement[4] == {
      Sid       = "DecryptSecrets"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = ["arn:aws:kms:eu-central-1:123456789012:key/1"]
      Condition = { StringLike = { "kms:ViaService" = ["secretsmanager.*.amazonaws.com", "ssm.*.amazonaws.com"] } }
    }
    error_message = "never without the secret's service in between"
  }
  assert {
    condition     = !can(regex("kms:", aws_iam_role_policy.task["service"].policy))
    error_message = "the service's code gets no permission on it"
  }
}

run "refuses_a_key_of_secrets_by_its_alias" {
  command = plan
  variables { secret_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:alias/secrets"] }
  expect_failures = [var.secret_kms_key_arns]
}

run "a_consumer_has_no_ingress" {
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.caller) == 0 && length(aws_ecs_service.this.load_balancer) == 0
    error_message = "no way in"
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.https.from_port == 443 && aws_vpc_security_group_egress_rule.https.to_port == 443
    error_message = "HTTPS is the only way out"
  }
}

run "a_called_service_is_reached_by_its_load_balancer_alone" {
  variables {
    caller      = { by = "load-balancer", arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/uo/2", security_group_id = "sg-lb" }
    autoscaling = { kind = "requests", load_balancer_arn_suffix = "app/uo/1", target_group_arn_suffix = "targetgroup/uo/2" }
    tasks       = merge(var.tasks, { requests_per_minute = 1000 })
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.caller[0].referenced_security_group_id == "sg-lb" && aws_vpc_security_group_ingress_rule.caller[0].cidr_ipv4 == null && aws_vpc_security_group_ingress_rule.caller[0].from_port == 8080 && aws_vpc_security_group_ingress_rule.caller[0].to_port == 8080
    error_message = "in from the load balancer, on the service's port"
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.caller[0].security_group_id == "sg-lb" && aws_vpc_security_group_egress_rule.caller[0].referenced_security_group_id == aws_security_group.this.id
    error_message = "the load balancer reaches these tasks"
  }
  assert {
    condition     = one(aws_ecs_service.this.load_balancer).container_port == 8080
    error_message = "the tasks are registered"
  }
  assert {
    condition     = coalesce(aws_ecs_service.this.health_check_grace_period_seconds, 0) == 0
    error_message = "ECS refuses a grace period in the call that brings a load balancer to a service without one"
  }
  assert {
    condition     = aws_appautoscaling_policy.load.target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].resource_label == "app/uo/1/targetgroup/uo/2" && aws_appautoscaling_policy.load.target_tracking_scaling_policy_configuration[0].target_value == 1000
    error_message = "requests a task are followed"
  }
  assert {
    condition     = aws_appautoscaling_policy.cpu.target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].predefined_metric_type == "ECSServiceAverageCPUUtilization" && length(aws_appautoscaling_policy.load.target_tracking_scaling_policy_configuration[0].customized_metric_specification) == 0
    error_message = "and CPU beside them"
  }
}

run "a_consumer_follows_its_backlog_a_task" {
  assert {
    condition     = length(aws_appautoscaling_policy.load.target_tracking_scaling_policy_configuration[0].predefined_metric_specification) == 0 && aws_appautoscaling_policy.cpu.target_tracking_scaling_policy_configuration[0].target_value == 60
    error_message = "the backlog and CPU"
  }
  assert {
    condition     = one([for metric in one(aws_appautoscaling_policy.load.target_tracking_scaling_policy_configuration[0].customized_metric_specification).metrics : metric.expression if metric.return_data]) == "(waiting + inhand) / running"
    error_message = "one series is returned: messages for each running task"
  }
  assert {
    condition = toset([for metric in one(aws_appautoscaling_policy.load.target_tracking_scaling_policy_configuration[0].customized_metric_specification).metrics : "${metric.id} ${metric.metric_stat[0].stat} ${metric.metric_stat[0].metric[0].namespace} ${metric.metric_stat[0].metric[0].metric_name} ${join(",", sort([for dimension in metric.metric_stat[0].metric[0].dimensions : "${dimension.name}=${dimension.value}"]))}" if !metric.return_data]) == toset([
      "waiting Sum AWS/SQS ApproximateNumberOfMessagesVisible QueueName=uo-upload-events",
      "inhand Sum AWS/SQS ApproximateNumberOfMessagesNotVisible QueueName=uo-upload-events",
      "running Average ECS/ContainerInsights RunningTaskCount ClusterName=uo,ServiceName=acceptor",
    ])
    error_message = "the metrics of the expression, each with its statistic"
  }
  assert {
    condition     = aws_appautoscaling_policy.load.target_tracking_scaling_policy_configuration[0].target_value == 20 && aws_appautoscaling_target.this.resource_id == "service/uo/acceptor" && aws_appautoscaling_target.this.min_capacity == 1 && aws_appautoscaling_target.this.max_capacity == 4
    error_message = "what is scaled, and between which numbers"
  }
}

run "scale_in_can_be_switched_off" {
  variables { tasks = merge(var.tasks, { disable_scale_in = true }) }
  assert {
    condition     = aws_appautoscaling_policy.load.target_tracking_scaling_policy_configuration[0].disable_scale_in && aws_appautoscaling_policy.cpu.target_tracking_scaling_policy_configuration[0].disable_scale_in
    error_message = "tasks stay"
  }
}

run "on_demand_by_default" {
  assert {
    condition     = [for strategy in aws_ecs_service.this.capacity_provider_strategy : strategy.capacity_provider] == ["FARGATE"]
    error_message = "Fargate alone"
  }
}

run "spot_is_for_the_only_task_too" {
  variables { tasks = merge(var.tasks, { spot = true }) }
  assert {
    condition     = [for strategy in aws_ecs_service.this.capacity_provider_strategy : "${strategy.capacity_provider} base ${strategy.base} weight ${strategy.weight}"] == ["FARGATE_SPOT base 0 weight 1"]
    error_message = "no task on demand"
  }
  assert {
    condition     = aws_ecs_service.this.force_new_deployment
    error_message = "a change of spot is a deployment, and does not replace the service"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].stopTimeout <= 120
    error_message = "a task has two minutes when AWS takes its capacity"
  }
}

run "tasks_can_stay_on_demand_beside_spot" {
  variables { tasks = merge(var.tasks, { spot = true, on_demand_tasks = 2 }) }
  assert {
    condition = toset([for strategy in aws_ecs_service.this.capacity_provider_strategy : "${strategy.capacity_provider} base ${strategy.base} weight ${strategy.weight}"]) == toset([
      "FARGATE base 2 weight 0",
      "FARGATE_SPOT base 0 weight 1",
    ])
    error_message = "the first two tasks on Fargate, all others on Spot"
  }
}

run "refuses_half_a_task_on_demand" {
  command = plan
  variables { tasks = merge(var.tasks, { spot = true, on_demand_tasks = 0.5 }) }
  expect_failures = [var.tasks]
}

run "tasks_in_public_subnets_have_addresses_that_nothing_reaches" {
  variables { public_address = true }
  assert {
    condition     = aws_ecs_service.this.network_configuration[0].assign_public_ip && length(aws_vpc_security_group_ingress_rule.caller) == 0
    error_message = "a way out, and no rule that lets anything in"
  }
}

run "a_service_is_found_in_cloud_map_and_called_by_the_link_alone" {
  variables {
    public_address = true
    caller         = { by = "service-discovery", arn = "arn:aws:servicediscovery:eu-central-1:123456789012:service/srv-1", security_group_id = "sg-link" }
    autoscaling    = { kind = "api-requests", api_id = "a1b2" }
    cluster        = { arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/uo", name = "uo", container_insights = false }
  }
  assert {
    condition     = [for registry in aws_ecs_service.this.service_registries : [registry.registry_arn, registry.container_name, registry.container_port]] == [["arn:aws:servicediscovery:eu-central-1:123456789012:service/srv-1", "acceptor", 8080]]
    error_message = "each task with its port"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 0 && coalesce(aws_ecs_service.this.health_check_grace_period_seconds, 0) == 0
    error_message = "ECS takes a grace period with a load balancer alone"
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.caller[0].referenced_security_group_id == "sg-link" && aws_vpc_security_group_ingress_rule.caller[0].cidr_ipv4 == null && aws_vpc_security_group_egress_rule.caller[0].security_group_id == "sg-link"
    error_message = "also with a public address, only the link reaches a task"
  }
  assert {
    condition     = length(aws_appautoscaling_policy.load.target_tracking_scaling_policy_configuration[0].predefined_metric_specification) == 0 && aws_appautoscaling_policy.load.target_tracking_scaling_policy_configuration[0].target_value == 3000
    error_message = "requests a task are followed"
  }
  assert {
    condition = toset([for metric in one(aws_appautoscaling_policy.load.target_tracking_scaling_policy_configuration[0].customized_metric_specification).metrics : metric.return_data ? metric.expression : "${metric.id} ${metric.metric_stat[0].stat} ${metric.metric_stat[0].metric[0].namespace} ${metric.metric_stat[0].metric[0].metric_name} ${join(",", sort([for dimension in metric.metric_stat[0].metric[0].dimensions : "${dimension.name}=${dimension.value}"]))}"]) == toset([
      "requests / running",
      "requests Sum AWS/ApiGateway Count ApiId=a1b2",
      "running SampleCount AWS/ECS CPUUtilization ClusterName=uo,ServiceName=acceptor",
    ])
    error_message = "the metrics of the expression, each with its statistic"
  }
}

run "without_container_insights_a_free_metric_counts_tasks" {
  variables { cluster = { arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/uo", name = "uo", container_insights = false } }
  assert {
    condition = [for metric in one(aws_appautoscaling_policy.load.target_tracking_scaling_policy_configuration[0].customized_metric_specification).metrics : "${metric.metric_stat[0].stat} ${metric.metric_stat[0].metric[0].namespace} ${metric.metric_stat[0].metric[0].metric_name} ${join(",", sort([for dimension in metric.metric_stat[0].metric[0].dimensions : "${dimension.name}=${dimension.value}"]))}" if metric.id == "running"] == [
      "SampleCount AWS/ECS CPUUtilization ClusterName=uo,ServiceName=acceptor",
    ]
    error_message = "a data point a minute and task"
  }
}

run "refuses_requests_of_an_api_that_is_not_named" {
  command = plan
  variables { autoscaling = { kind = "api-requests" } }
  expect_failures = [var.autoscaling]
}

run "refuses_an_unknown_caller" {
  command = plan
  variables { caller = { by = "dns", arn = "arn", security_group_id = "sg-1" } }
  expect_failures = [var.caller]
}

run "protection_is_a_setting_and_its_permission" {
  variables { tasks = merge(var.tasks, { min_tasks = 2, protect_after_seconds = 100 }) }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.task["scale-in-protection"].policy).Statement : [statement.Effect, statement.Action, statement.Resource]] == [["Allow", ["ecs:UpdateTaskProtection"], ["arn:aws:ecs:eu-central-1:123456789012:task/uo/*"]]]
    error_message = "the one call, for the tasks of the cluster"
  }
  assert {
    condition     = aws_iam_role_policy.task["scale-in-protection"].role == aws_iam_role.task.id
    error_message = "the agent calls with the task's role"
  }
  assert {
    condition     = { for variable in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment : variable.name => variable.value } == merge(var.environment, { PROTECT_AFTER_SECONDS = "100" })
    error_message = "the service gets the setting, and everything else is unchanged"
  }
}

run "without_the_setting_neither" {
  assert {
    condition     = keys(aws_iam_role_policy.task) == ["service"] && !contains(jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment[*].name, "PROTECT_AFTER_SECONDS")
    error_message = "no task protects itself by default"
  }
}

run "refuses_protection_of_work_that_ends_within_a_stop" {
  command = plan
  variables { tasks = merge(var.tasks, { min_tasks = 2, protect_after_seconds = 99 }) }
  expect_failures = [var.tasks]
}

run "refuses_protection_of_a_task_that_is_alone" {
  command = plan
  variables { tasks = merge(var.tasks, { min_tasks = 1, protect_after_seconds = 100 }) }
  expect_failures = [var.tasks]
}

run "refuses_protection_without_a_queue" {
  command = plan
  variables {
    caller      = { by = "load-balancer", arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/uo/2", security_group_id = "sg-lb" }
    autoscaling = { kind = "requests", load_balancer_arn_suffix = "app/uo/1", target_group_arn_suffix = "targetgroup/uo/2" }
    tasks       = merge(var.tasks, { min_tasks = 2, protect_after_seconds = 100 })
  }
  expect_failures = [var.tasks]
}

run "folders_to_write_in" {
  variables { writable_paths = ["/tmp"] }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].mountPoints[0].containerPath == "/tmp" && jsondecode(aws_ecs_task_definition.this.container_definitions)[0].mountPoints[0].sourceVolume == one(aws_ecs_task_definition.this.volume).name
    error_message = "the folder is a volume"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].readonlyRootFilesystem
    error_message = "and the rest stays read-only"
  }
}

run "refuses_an_image_without_a_tag" {
  command = plan
  variables { image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/uo/acceptor" }
  expect_failures = [var.image]
}

run "refuses_memory_that_fargate_does_not_pair_with_the_cpu" {
  command = plan
  variables { tasks = merge(var.tasks, { cpu = 1024, memory = 512 }) }
  expect_failures = [var.tasks]
}

run "refuses_a_cpu_that_fargate_does_not_know" {
  command = plan
  variables { tasks = merge(var.tasks, { cpu = 300 }) }
  expect_failures = [var.tasks]
}

run "refuses_a_policy_that_is_none" {
  command = plan
  variables { task_policy_json = "{}" }
  expect_failures = [var.task_policy_json]
}

run "refuses_fewer_tasks_than_one" {
  command = plan
  variables { tasks = merge(var.tasks, { min_tasks = 0 }) }
  expect_failures = [var.tasks]
}

run "refuses_a_maximum_below_the_minimum" {
  command = plan
  variables { tasks = merge(var.tasks, { min_tasks = 3, max_tasks = 2 }) }
  expect_failures = [var.tasks]
}

run "refuses_backlog_without_a_queue" {
  command = plan
  variables { autoscaling = { kind = "backlog" } }
  expect_failures = [var.autoscaling]
}

run "refuses_requests_without_a_load_balancer" {
  command = plan
  variables { autoscaling = { kind = "requests" } }
  expect_failures = [var.autoscaling]
}

run "refuses_a_secret_that_is_a_value" {
  command = plan
  variables { secrets = { TOKEN = "hunter2" } }
  expect_failures = [var.secrets]
}

run "refuses_an_unknown_architecture" {
  command = plan
  variables { architecture = "arm" }
  expect_failures = [var.architecture]
}

run "roles_of_two_regions_have_two_names" {
  assert {
    condition     = aws_iam_role.task.name == "acceptor-eu-central-1-task" && aws_iam_role.execution.name == "acceptor-eu-central-1-execution"
    error_message = "roles belong to the account, and installations to a region"
  }
}

run "what_a_handler_may_stands_by_itself" {
  variables {
    handler_policy = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"ses:SendEmail\",\"Resource\":\"*\"}]}" }
  }
  assert {
    condition     = aws_iam_role_policy.task["handler"].policy == var.handler_policy.json && aws_iam_role_policy.task["handler"].role == aws_iam_role.task.id
    error_message = "the service's own policy is not touched"
  }
}

run "a_handler_s_settings_can_be_sensitive" {
  command = plan
  variables {
    tasks          = sensitive(merge(var.tasks, { min_tasks = 2, protect_after_seconds = 100 }))
    handler_policy = sensitive({ json = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"ses:SendEmail\",\"Resource\":\"*\"}]}" })
  }
  assert {
    condition     = keys(aws_iam_role_policy.task) == ["handler", "scale-in-protection", "service"]
    error_message = "Terraform refuses a sensitive for_each"
  }
}

run "the_longest_name_fits_a_role_of_the_longest_region" {
  variables { name = "a23456789012345678901234567890123456789" }
  override_data {
    target = data.aws_region.current
    values = { id = "ap-southeast-4", name = "ap-southeast-4" }
  }
  assert {
    condition     = length(aws_iam_role.execution.name) <= 64 && length(aws_iam_role.task.name) <= 64
    error_message = "IAM takes 64 characters"
  }
}

run "refuses_a_name_that_no_role_can_have" {
  command = plan
  variables { name = "a234567890123456789012345678901234567890" }
  expect_failures = [var.name]
}

run "refuses_a_handler_s_policy_without_a_statement" {
  command = plan
  variables { handler_policy = { json = "{}" } }
  expect_failures = [var.handler_policy]
}

run "refuses_a_security_group_by_name" {
  command = plan
  variables { security_group_ids = ["databases"] }
  expect_failures = [var.security_group_ids]
}

run "by_default_there_is_no_collector" {
  assert {
    condition     = length(jsondecode(aws_ecs_task_definition.this.container_definitions)) == 1 && keys(aws_iam_role_policy.task) == ["service"]
    error_message = "one container, and no permission for spans"
  }
}

run "a_collector_is_not_essential" {
  variables {
    collector = { image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mirror/collector:v1", config = "receivers: {}", memory_mib = 160 }
  }
  assert {
    condition     = [for container in jsondecode(aws_ecs_task_definition.this.container_definitions) : [container.name, container.essential]] == [["acceptor", true], ["collector", false]]
    error_message = "the service goes on without it"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[1].environment == [{ name = "AOT_CONFIG_CONTENT", value = "receivers: {}" }] && jsondecode(aws_ecs_task_definition.this.container_definitions)[1].memory == 160
    error_message = "its configuration, and its part of the memory"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[1].healthCheck.command == ["CMD", "/healthcheck"] && jsondecode(aws_ecs_task_definition.this.container_definitions)[1].readonlyRootFilesystem && jsondecode(aws_ecs_task_definition.this.container_definitions)[1].linuxParameters.capabilities.drop == ["ALL"]
    error_message = "its own check, a read-only root file system, and no capabilities"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.task["traces"].policy).Statement[0].Action == ["xray:PutSpans", "xray:PutSpansForIndexing", "xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    error_message = "the task's role sends spans, and reads none"
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Resource if statement.Sid == "PullImage"][0] == ["arn:aws:ecr:eu-central-1:123456789012:repository/uo/acceptor", "arn:aws:ecr:eu-central-1:123456789012:repository/mirror/collector"]
    error_message = "both images can be pulled"
  }
}

run "roles_have_the_path_and_the_boundary_that_are_given" {
  variables { iam = { path = "/uploads/", permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary" } }
  assert {
    condition     = alltrue([for role in [aws_iam_role.task, aws_iam_role.execution] : role.path == "/uploads/" && role.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary"])
    error_message = "both roles"
  }
}

run "roles_are_unbound_by_default" {
  assert {
    condition     = alltrue([for role in [aws_iam_role.task, aws_iam_role.execution] : role.path == "/" && role.permissions_boundary == null])
    error_message = "both roles"
  }
}

run "an_image_of_another_partition_is_pulled_from_its_repository" {
  variables { image = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/uo/acceptor:1.2.0" }
  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" }
  }
  assert {
    condition     = one([for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement if statement.Sid == "PullImage"]).Resource == ["arn:aws-cn:ecr:cn-north-1:123456789012:repository/uo/acceptor"]
    error_message = "the repository, in its partition"
  }
}

run "in_china_spot_takes_no_arm64" {
  command = plan
  variables {
    tasks        = merge(var.tasks, { spot = true })
    architecture = "ARM64"
  }
  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" }
  }
  expect_failures = [aws_ecs_service.this]
}

run "in_china_spot_takes_x86_64" {
  variables {
    tasks        = merge(var.tasks, { spot = true })
    architecture = "X86_64"
  }
  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" }
  }
  assert {
    condition     = length(aws_ecs_service.this.capacity_provider_strategy) == 1
    error_message = "the processors that Spot has there"
  }
}

run "a_wait_for_the_tasks_outlasts_a_deployment" {
  assert {
    condition     = aws_ecs_service.this.timeouts.create == "60m" && aws_ecs_service.this.timeouts.update == "60m"
    error_message = "twenty minutes are shorter than a bake time after the last drain"
  }
}

run "refuses_a_writable_path_twice" {
  command = plan
  variables { writable_paths = ["/tmp", "/scratch", "/tmp"] }
  expect_failures = [var.writable_paths]
}

run "inline_policies_up_to_iam_s_limit" {
  variables {
    # Without white space, 8,049 characters and 2,191.
    task_policy_json = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = format("%08000d", 0) }] })
    handler_policy   = { json = "${format("%5000s", "")}${jsonencode({ Version = "2012-10-17", Statement = [{ Sid = format("%02142d", 0) }] })}" }
  }
  assert {
    condition     = sum(values(local.task_policy_lengths)) == 10240
    error_message = "white space does not count"
  }
}

run "refuses_inline_policies_that_are_too_long_together" {
  command = plan
  variables {
    task_policy_json = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = format("%08000d", 0) }] })
    handler_policy   = { json = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = format("%02143d", 0) }] }) }
  }
  expect_failures = [aws_iam_role_policy.task]
}

run "refuses_a_handler_s_policy_that_no_role_takes" {
  command = plan
  variables {
    handler_policy = { json = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = format("%010200d", 0) }] }) }
  }
  expect_failures = [var.handler_policy]
}
