data "aws_region" "current" {}

data "aws_partition" "current" {}

data "aws_availability_zones" "available" {
  #checkov:skip=CKV_AWS_394:A subnet stays in the zone it was made in (ignore_changes), whatever zones are listed later.
  state            = "available"
  exclude_zone_ids = var.settings.exclude_zone_ids

  # No local zones: load balancers and NAT gateways are not to be had in all of them.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }

  lifecycle {
    postcondition {
      condition     = var.settings.vpc != null || length(self.names) >= var.settings.zones
      error_message = "The region has ${length(self.names)} zones to choose from (${join(", ", self.names)}), and network.zones asks for ${var.settings.zones}: set network.zones to 2, take zones out of network.exclude_zone_ids, or choose another region."
    }
  }
}

data "aws_subnet" "given_public" {
  count = var.settings.vpc == null ? 0 : length(var.settings.vpc.public_subnet_ids)
  id    = var.settings.vpc.public_subnet_ids[count.index]
}

# "Subnet … is in Availability Zone … where service is not available": so CreateVpcLink refuses it, in the middle of an apply (API Gateway
# Developer Guide, "Set up VPC links V2 in API Gateway", "Availability by Region").
data "aws_subnet" "given_private" {
  count = var.settings.vpc != null && var.vpc_link ? length(var.settings.vpc.private_subnet_ids) : 0
  id    = var.settings.vpc.private_subnet_ids[count.index]

  lifecycle {
    postcondition {
      condition     = !contains(var.settings.exclude_zone_ids, self.availability_zone_id)
      error_message = "network.vpc.private_subnet_ids: ${self.id} is in the zone ${self.availability_zone_id}. network.exclude_zone_ids has it, by default because API Gateway has no VPC links there. Without an endpoint.domain_name, leave the subnet out. If AWS has VPC links there by now, take the zone out of network.exclude_zone_ids."
    }
  }
}

locals {
  is_made      = var.settings.vpc == null
  has_nat      = local.is_made && var.settings.egress == "nat"
  is_public    = var.settings.egress == "public"
  has_public   = local.is_made && (var.public_subnets || local.has_nat || local.is_public)
  zone_count   = local.is_made ? var.settings.zones : 0
  public_count = local.has_public ? var.settings.zones : 0
  nat_count    = local.has_nat ? var.settings.zones : 0
  zone_names   = local.is_made ? slice(data.aws_availability_zones.available.names, 0, var.settings.zones) : []
  region       = data.aws_region.current.id
  dns_prefix   = data.aws_partition.current.reverse_dns_prefix

  # A quarter of the addresses for each zone's tasks; what is left for what faces the internet.
  private_cidrs = [for index in range(var.settings.zones) : cidrsubnet(var.settings.cidr, 2, index)]
  public_cidrs  = [for index in range(var.settings.zones) : cidrsubnet(cidrsubnet(var.settings.cidr, 2, 3), 2, index)]

  # What ECS on Fargate calls for a task (Amazon ECS Developer Guide, "Amazon ECS interface VPC endpoints": the images
  # and the logs), and what the services call.
  interface_endpoints = setunion(["ecr.api", "ecr.dkr", "logs", "sqs"], var.traces ? ["xray"] : [], var.settings.interface_endpoints)
}

resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_11:Flow logs are billed by the gigabyte and set up for an account as a whole; the services' own logs name every request.
  count = local.is_made ? 1 : 0

  cidr_block           = var.settings.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = merge(var.tags, { Name = var.name })
}

# Whatever gets no security group of its own can neither be reached nor reach anything.
resource "aws_default_security_group" "this" {
  count = local.is_made ? 1 : 0

  vpc_id = aws_vpc.this[0].id
  tags   = merge(var.tags, { Name = "${var.name}-default-closed" })
}

resource "aws_subnet" "private" {
  count = local.zone_count

  vpc_id            = aws_vpc.this[0].id
  availability_zone = local.zone_names[count.index]
  cidr_block        = local.private_cidrs[count.index]
  tags              = merge(var.tags, { Name = "${var.name}-private-${count.index + 1}" })

  # The list of zones shifts when AWS adds one, or while one is away; a subnet that followed it would take its tasks along.
  lifecycle {
    ignore_changes = [availability_zone]
  }
}

# One table a zone, so that a zone's tasks leave through the NAT gateway of their own zone.
resource "aws_route_table" "private" {
  count = local.zone_count

  vpc_id = aws_vpc.this[0].id
  tags   = merge(var.tags, { Name = "${var.name}-private-${count.index + 1}" })
}

resource "aws_route_table_association" "private" {
  count = local.zone_count

  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private[count.index].id
}

resource "aws_subnet" "public" {
  count = local.public_count

  vpc_id                  = aws_vpc.this[0].id
  availability_zone       = local.zone_names[count.index]
  cidr_block              = local.public_cidrs[count.index]
  map_public_ip_on_launch = false
  tags                    = merge(var.tags, { Name = "${var.name}-public-${count.index + 1}" })

  lifecycle {
    ignore_changes = [availability_zone]
  }
}

resource "aws_internet_gateway" "this" {
  count = local.has_public ? 1 : 0

  vpc_id = aws_vpc.this[0].id
  tags   = merge(var.tags, { Name = var.name })
}

resource "aws_route_table" "public" {
  count = local.has_public ? 1 : 0

  vpc_id = aws_vpc.this[0].id
  tags   = merge(var.tags, { Name = "${var.name}-public" })
}

resource "aws_route" "internet" {
  count = local.has_public ? 1 : 0

  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route_table_association" "public" {
  count = local.public_count

  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public[0].id
}

resource "aws_eip" "nat" {
  count = local.nat_count

  domain = "vpc"
  tags   = merge(var.tags, { Name = "${var.name}-nat-${count.index + 1}" })
}

resource "aws_nat_gateway" "this" {
  count = local.nat_count

  allocation_id = aws_eip.nat[count.index].id
  subnet_id     = aws_subnet.public[count.index].id
  tags          = merge(var.tags, { Name = "${var.name}-${count.index + 1}" })

  depends_on = [aws_route.internet]
}

resource "aws_route" "nat" {
  count = local.nat_count

  route_table_id         = aws_route_table.private[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[count.index].id
}
