locals {
  # ECR serves the layers of images from a bucket of its own (Amazon ECR User Guide, "Amazon ECR interface VPC endpoints", "Minimum Amazon
  # S3 bucket permissions for Amazon ECR").
  reached = {
    s3 = concat(
      compact([var.bucket_arn, var.bucket_arn == null ? null : "${var.bucket_arn}/*"]),
      ["arn:${data.aws_partition.current.partition}:s3:::prod-${local.region}-starport-layer-bucket/*"],
      [for arn in var.settings.reachable_arns : arn if split(":", arn)[2] == "s3"],
    )
    dynamodb = concat(var.table_arns, [for arn in var.settings.reachable_arns : arn if split(":", arn)[2] == "dynamodb"])
  }

  made_endpoints = local.is_made ? merge(
    { s3 = "Gateway", dynamodb = "Gateway" },
    { for service in(var.settings.egress == "endpoints" ? local.interface_endpoints : toset([])) : service => "Interface" },
  ) : {}

  # Outside the partition "aws", the names of some services begin with com.amazonaws and of others with the partition's own prefix (in China
  # s3 and ecr.api, for example): EC2 knows which.
  service_names = {
    for service, kind in local.made_endpoints :
    service => local.dns_prefix == "com.amazonaws" ? "com.amazonaws.${local.region}.${service}" : data.aws_vpc_endpoint_service.this[service].service_name
  }
}

data "aws_vpc_endpoint_service" "this" {
  for_each = local.dns_prefix == "com.amazonaws" ? {} : local.made_endpoints

  service_type = each.value

  filter {
    name   = "service-name"
    values = [for prefix in ["com.amazonaws", local.dns_prefix] : "${prefix}.${local.region}.${each.key}"]
  }
}

# The files and the tables: no charge by the hour or the gigabyte, whatever the other traffic takes.
resource "aws_vpc_endpoint" "gateway" {
  for_each = local.is_made ? toset(["s3", "dynamodb"]) : toset([])

  vpc_id            = aws_vpc.this[0].id
  service_name      = local.service_names[each.key]
  vpc_endpoint_type = "Gateway"
  route_table_ids   = concat(aws_route_table.private[*].id, local.is_public ? aws_route_table.public[*].id : [])

  # Without one, AWS's own policy allows everything. The roles say who may do what; this says on what.
  policy = !var.settings.endpoint_policies ? null : jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OwnResources"
      Effect    = "Allow"
      Principal = "*"
      Action    = "${each.key}:*"
      Resource  = local.reached[each.key]
    }]
  })

  tags = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_vpc_endpoint" "interface" {
  for_each = local.is_made && var.settings.egress == "endpoints" ? local.interface_endpoints : toset([])

  vpc_id              = aws_vpc.this[0].id
  service_name        = local.service_names[each.key]
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = aws_subnet.private[*].id
  security_group_ids  = aws_security_group.endpoints[*].id
  tags                = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_security_group" "endpoints" {
  count = local.is_made && var.settings.egress == "endpoints" ? 1 : 0

  name        = "${var.name}-endpoints"
  description = "Interface endpoints: HTTPS from the private subnets"
  vpc_id      = aws_vpc.this[0].id
  tags        = merge(var.tags, { Name = "${var.name}-endpoints" })
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count = local.is_made && var.settings.egress == "endpoints" ? local.zone_count : 0

  security_group_id = aws_security_group.endpoints[0].id
  description       = "HTTPS from a private subnet"
  cidr_ipv4         = local.private_cidrs[count.index]
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  tags              = var.tags
}
