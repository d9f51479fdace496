mock_provider "aws" {
  mock_data "aws_region" { defaults = { id = "eu-central-1", name = "eu-central-1" } }
  mock_data "aws_partition" { defaults = { reverse_dns_prefix = "com.amazonaws", partition = "aws" } }
  mock_data "aws_availability_zones" { defaults = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] } }
  mock_data "aws_subnet" { defaults = { cidr_block = "192.0.2.0/24" } }
}

variables {
  name     = "upload-once"
  settings = {}
}

run "by_default_there_is_no_way_to_the_internet" {
  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_internet_gateway.this) == 0 && length(aws_subnet.public) == 0
    error_message = "egress by endpoints makes no gateway to the internet and no public subnet"
  }
  assert {
    condition     = length(aws_route.nat) == 0 && length(aws_route.internet) == 0
    error_message = "no route leads out of the VPC"
  }
  assert {
    condition     = toset(keys(aws_vpc_endpoint.interface)) == toset(["ecr.api", "ecr.dkr", "logs", "sqs"])
    error_message = "what the tasks and Fargate call has an interface endpoint"
  }
  assert {
    condition     = aws_vpc_endpoint.interface["sqs"].private_dns_enabled && aws_vpc_endpoint.interface["sqs"].service_name == "com.amazonaws.eu-central-1.sqs"
    error_message = "the services reach SQS under its usual name"
  }
  assert {
    condition     = toset(keys(aws_vpc_endpoint.gateway)) == toset(["s3", "dynamodb"]) && alltrue([for endpoint in aws_vpc_endpoint.gateway : endpoint.vpc_endpoint_type == "Gateway"])
    error_message = "S3 and DynamoDB go through gateway endpoints"
  }
  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.gateway : length(endpoint.route_table_ids) == 2])
    error_message = "each private route table leads to S3 and DynamoDB"
  }
}

run "a_subnet_stays_in_its_zone_when_the_list_shifts" {
  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["eu-central-1b", "eu-central-1c", "eu-central-1d"] }
  }
  assert {
    condition     = aws_subnet.private[*].availability_zone == ["eu-central-1a", "eu-central-1b"]
    error_message = "subnets, and the tasks in them, are not replaced"
  }
}

run "endpoints_take_https_from_the_private_subnets_alone" {
  assert {
    condition     = toset(aws_vpc_security_group_ingress_rule.endpoints[*].cidr_ipv4) == toset(aws_subnet.private[*].cidr_block)
    error_message = "who reaches the endpoints"
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.endpoints : rule.from_port == 443 && rule.to_port == 443 && rule.ip_protocol == "tcp"])
    error_message = "HTTPS and nothing else"
  }
  assert {
    condition     = length(aws_default_security_group.this) == 1 && length(aws_default_security_group.this[0].ingress) == 0 && length(aws_default_security_group.this[0].egress) == 0
    error_message = "the default security group is emptied"
  }
}

run "a_zone_each_for_the_subnets" {
  variables {
    public_subnets = true
    settings       = { zones = 3 }
  }
  assert {
    condition     = aws_subnet.private[*].availability_zone == ["eu-central-1a", "eu-central-1b", "eu-central-1c"] && aws_subnet.public[*].availability_zone == ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    error_message = "three zones, a private and a public subnet in each"
  }
  assert {
    condition     = concat(aws_subnet.private[*].cidr_block, aws_subnet.public[*].cidr_block) == ["10.0.0.0/18", "10.0.64.0/18", "10.0.128.0/18", "10.0.192.0/20", "10.0.208.0/20", "10.0.224.0/20"]
    error_message = "subnets that don't overlap"
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !subnet.map_public_ip_on_launch])
    error_message = "nothing gets a public address by itself"
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_internet_gateway.this) == 1
    error_message = "public subnets for the load balancer, and still no way out for the tasks"
  }
  assert {
    condition     = output.public_subnet_cidrs == tolist(aws_subnet.public[*].cidr_block)
    error_message = "the module outputs the load balancer's addresses"
  }
}

run "the_smallest_vpc_has_room_for_a_load_balancer" {
  variables {
    public_subnets = true
    settings       = { cidr = "10.1.0.0/23" }
  }
  assert {
    condition     = aws_subnet.public[*].cidr_block == ["10.1.1.128/27", "10.1.1.160/27"]
    error_message = "a load balancer's subnet is /27 or larger"
  }
}

run "nat_in_each_zone" {
  variables { settings = { egress = "nat", interface_endpoints = [] } }
  assert {
    condition     = length(aws_nat_gateway.this) == 2 && length(aws_eip.nat) == 2 && length(aws_subnet.public) == 2
    error_message = "a NAT gateway a zone"
  }
  assert {
    condition     = alltrue([for index, route in aws_route.nat : route.route_table_id == aws_route_table.private[index].id && route.nat_gateway_id == aws_nat_gateway.this[index].id])
    error_message = "a zone's tasks leave through their own zone"
  }
  assert {
    condition     = length(aws_vpc_endpoint.interface) == 0 && length(aws_vpc_endpoint.gateway) == 2
    error_message = "with NAT the gateway endpoints stay and the interface endpoints go"
  }
}

run "a_handler_s_own_endpoints" {
  variables { settings = { interface_endpoints = ["secretsmanager"] } }
  assert {
    condition     = contains(keys(aws_vpc_endpoint.interface), "secretsmanager") && contains(keys(aws_vpc_endpoint.interface), "sqs")
    error_message = "one more endpoint, beside what is needed"
  }
}

run "an_existing_vpc_is_left_alone" {
  variables {
    settings = {
      vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"], public_subnet_ids = ["subnet-c", "subnet-d"] }
    }
  }
  assert {
    condition     = length(aws_vpc.this) + length(aws_subnet.private) + length(aws_subnet.public) + length(aws_vpc_endpoint.gateway) + length(aws_vpc_endpoint.interface) + length(aws_route_table.private) + length(aws_security_group.endpoints) + length(aws_default_security_group.this) == 0
    error_message = "nothing is made"
  }
  assert {
    condition     = output.vpc_id == "vpc-1" && output.private_subnet_ids == tolist(["subnet-a", "subnet-b"]) && output.public_subnet_ids == tolist(["subnet-c", "subnet-d"])
    error_message = "what was given is passed through"
  }
  assert {
    condition     = output.public_subnet_cidrs == tolist(["192.0.2.0/24", "192.0.2.0/24"])
    error_message = "the addresses of given subnets are looked up"
  }
}

run "refuses_a_vpc_without_room" {
  command = plan
  variables { settings = { cidr = "10.0.0.0/24" } }
  expect_failures = [var.settings]
}

run "refuses_what_is_no_network" {
  command = plan
  variables { settings = { cidr = "10.0.0.0" } }
  expect_failures = [var.settings]
}

run "refuses_ipv6" {
  command = plan
  variables { settings = { cidr = "2001:db8::/20" } }
  expect_failures = [var.settings]
}

run "refuses_one_zone" {
  command = plan
  variables { settings = { zones = 1 } }
  expect_failures = [var.settings]
}

run "refuses_an_unknown_egress" {
  command = plan
  variables { settings = { egress = "internet" } }
  expect_failures = [var.settings]
}

run "refuses_an_interface_endpoint_for_s3" {
  command = plan
  variables { settings = { interface_endpoints = ["s3"] } }
  expect_failures = [var.settings]
}

run "refuses_a_vpc_of_one_private_subnet" {
  command = plan
  variables { settings = { vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a"] } } }
  expect_failures = [var.settings]
}

run "refuses_a_vpc_of_one_public_subnet" {
  command = plan
  variables { settings = { vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"], public_subnet_ids = ["subnet-c"] } } }
  expect_failures = [var.settings]
}

run "refuses_a_vpc_without_public_subnets_for_a_public_load_balancer" {
  command = plan
  variables {
    public_subnets = true
    settings       = { vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"] } }
  }
  expect_failures = [var.settings]
}

run "refuses_a_private_subnet_in_a_zone_without_vpc_links" {
  command = plan
  variables {
    vpc_link = true
    settings = { vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"] } }
  }
  override_data {
    target = data.aws_subnet.given_private
    values = { availability_zone_id = "euw3-az2" }
  }
  expect_failures = [data.aws_subnet.given_private]
}

run "takes_it_where_aws_has_vpc_links_by_now" {
  command = plan
  variables {
    vpc_link = true
    settings = { exclude_zone_ids = [], vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"] } }
  }
  override_data {
    target = data.aws_subnet.given_private
    values = { availability_zone_id = "euw3-az2" }
  }
  assert {
    condition     = data.aws_subnet.given_private[*].id == ["subnet-a", "subnet-b"]
    error_message = "both were looked at"
  }
}

run "takes_it_without_a_vpc_link" {
  command = plan
  variables { settings = { vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"] } } }
  assert {
    condition     = length(data.aws_subnet.given_private) == 0
    error_message = "a load balancer can be in every zone"
  }
}

run "refuses_a_long_name" {
  command = plan
  variables { name = "a-name-that-is-longer-than-a-load-balancer-takes" }
  expect_failures = [var.name]
}

run "zones_without_vpc_links_get_no_subnet" {
  assert {
    condition     = contains(data.aws_availability_zones.available.exclude_zone_ids, "use1-az3") && contains(data.aws_availability_zones.available.exclude_zone_ids, "usw1-az2")
    error_message = "API Gateway refuses a link into them"
  }
}

run "zones_are_left_out_by_their_ids" {
  command = plan
  variables { settings = { exclude_zone_ids = ["euc1-az9"] } }
  assert {
    condition     = data.aws_availability_zones.available.exclude_zone_ids == toset(["euc1-az9"])
    error_message = "those that are given, and no others"
  }
}

run "refuses_more_zones_than_the_region_has" {
  command = plan
  variables { settings = { zones = 3 } }
  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["us-west-1a", "us-west-1c"] }
  }
  expect_failures = [data.aws_availability_zones.available]
}

run "a_given_vpc_asks_for_no_zones" {
  command = plan
  variables { settings = { vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"] } } }
  override_data {
    target = data.aws_availability_zones.available
    values = { names = [] }
  }
  assert {
    condition     = output.private_subnet_ids == tolist(["subnet-a", "subnet-b"])
    error_message = "its subnets stand already"
  }
}

run "refuses_a_zone_by_name" {
  command = plan
  variables { settings = { exclude_zone_ids = ["us-east-1e"] } }
  expect_failures = [var.settings]
}

run "traces_have_an_endpoint_of_x_ray" {
  variables { traces = true }
  assert {
    condition     = contains(keys(aws_vpc_endpoint.interface), "xray") && contains(keys(aws_vpc_endpoint.interface), "sqs")
    error_message = "one more endpoint, beside what is needed"
  }
}

run "tasks_with_public_addresses_need_no_endpoint_that_costs" {
  variables { settings = { egress = "public" } }
  assert {
    condition     = output.tasks.public_address && toset(output.tasks.subnet_ids) == toset(aws_subnet.public[*].id) && length(aws_subnet.public) == 2 && length(aws_route.internet) == 1
    error_message = "they run in public subnets"
  }
  assert {
    condition     = length(aws_vpc_endpoint.interface) + length(aws_nat_gateway.this) + length(aws_eip.nat) + length(aws_security_group.endpoints) == 0
    error_message = "nothing that costs by the hour"
  }
  assert {
    condition     = toset(keys(aws_vpc_endpoint.gateway)) == toset(["s3", "dynamodb"]) && alltrue([for endpoint in aws_vpc_endpoint.gateway : contains(endpoint.route_table_ids, aws_route_table.public[0].id)])
    error_message = "the files and the tables go through gateway endpoints, which are free"
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !subnet.map_public_ip_on_launch]) && length(output.private_subnet_ids) == 2
    error_message = "nothing else gets an address by itself, and API Gateway's link stays in private subnets"
  }
}

run "other_tasks_have_no_public_address" {
  assert {
    condition     = !output.tasks.public_address && toset(output.tasks.subnet_ids) == toset(aws_subnet.private[*].id)
    error_message = "they run in private subnets"
  }
}

run "tasks_with_public_addresses_in_a_given_vpc" {
  command = plan
  variables {
    settings = { egress = "public", vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"], public_subnet_ids = ["subnet-c", "subnet-d"] } }
  }
  assert {
    condition     = output.tasks.subnet_ids == tolist(["subnet-c", "subnet-d"]) && output.tasks.public_address
    error_message = "they run in its public subnets"
  }
}

run "refuses_public_addresses_in_a_vpc_without_public_subnets" {
  command = plan
  variables { settings = { egress = "public", vpc = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"] } } }
  expect_failures = [var.settings]
}

run "refuses_interface_endpoints_beside_public_addresses" {
  command = plan
  variables { settings = { egress = "public", interface_endpoints = ["ssm"] } }
  expect_failures = [var.settings]
}

run "gateway_endpoints_lead_to_the_installation_alone" {
  variables {
    settings   = { endpoint_policies = true, reachable_arns = ["arn:aws:dynamodb:eu-central-1:123456789012:table/mine"] }
    bucket_arn = "arn:aws:s3:::once"
    table_arns = ["arn:aws:dynamodb:eu-central-1:123456789012:table/once-uploads"]
  }
  assert {
    condition = toset(one(jsondecode(aws_vpc_endpoint.gateway["s3"].policy).Statement).Resource) == toset([
      "arn:aws:s3:::once", "arn:aws:s3:::once/*", "arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*",
    ])
    error_message = "S3's endpoint leads to the bucket and to the layers of images"
  }
  assert {
    condition = toset(one(jsondecode(aws_vpc_endpoint.gateway["dynamodb"].policy).Statement).Resource) == toset([
      "arn:aws:dynamodb:eu-central-1:123456789012:table/once-uploads", "arn:aws:dynamodb:eu-central-1:123456789012:table/mine",
    ])
    error_message = "DynamoDB's endpoint leads to the tables, and to what the handler uses"
  }
}

run "refuses_policies_for_the_endpoints_of_a_given_vpc" {
  command = plan
  variables {
    settings = {
      endpoint_policies = true
      vpc               = { id = "vpc-1", private_subnet_ids = ["subnet-a", "subnet-b"] }
    }
  }
  expect_failures = [var.settings]
}

run "refuses_reachable_arns_where_all_is_reachable" {
  command = plan
  variables { settings = { reachable_arns = ["arn:aws:s3:::mine"] } }
  expect_failures = [var.settings]
}

run "refuses_reachable_arns_of_other_services" {
  command = plan
  variables { settings = { endpoint_policies = true, reachable_arns = ["arn:aws:sqs:eu-central-1:123456789012:mine"] } }
  expect_failures = [var.settings]
}

run "where_names_of_endpoints_begin_otherwise_ec2_is_asked" {
  override_data {
    target = data.aws_region.current
    values = { id = "cn-north-1" }
  }
  override_data {
    target = data.aws_partition.current
    values = { reverse_dns_prefix = "cn.com.amazonaws" }
  }
  override_data {
    target = data.aws_vpc_endpoint_service.this["s3"]
    values = { service_name = "com.amazonaws.cn-north-1.s3" }
  }
  override_data {
    target = data.aws_vpc_endpoint_service.this["sqs"]
    values = { service_name = "cn.com.amazonaws.cn-north-1.sqs" }
  }
  assert {
    condition     = one(data.aws_vpc_endpoint_service.this["s3"].filter).values == toset(["com.amazonaws.cn-north-1.s3", "cn.com.amazonaws.cn-north-1.s3"]) && data.aws_vpc_endpoint_service.this["s3"].service_type == "Gateway"
    error_message = "S3 has an interface endpoint of the same name"
  }
  assert {
    condition     = aws_vpc_endpoint.gateway["s3"].service_name == "com.amazonaws.cn-north-1.s3" && aws_vpc_endpoint.interface["sqs"].service_name == "cn.com.amazonaws.cn-north-1.sqs"
    error_message = "each with the name that EC2 has"
  }
}

run "refuses_a_network_by_an_address_inside_it" {
  command = plan
  variables { settings = { cidr = "10.0.0.5/16" } }
  expect_failures = [var.settings]
}

run "refuses_addresses_that_ec2_refuses" {
  command = plan
  variables { settings = { cidr = "169.254.0.0/16" } }
  expect_failures = [var.settings]
}

run "refuses_reserved_addresses" {
  command = plan
  variables { settings = { cidr = "240.0.0.0/16" } }
  expect_failures = [var.settings]
}

run "refuses_the_addresses_of_the_machine_itself" {
  command = plan
  variables { settings = { cidr = "127.0.0.0/16" } }
  expect_failures = [var.settings]
}
