# The files and the tables: no charge by the hour or the gigabyte, whatever the other traffic takes.
resource "aws_vpc_endpoint" "gateway" {
  for_each = local.is_made ? toset(["s3", "dynamodb"]) : toset([])

  vpc_id            = aws_vpc.this[0].id
  service_name      = "${local.service_prefix}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = concat(aws_route_table.private[*].id, local.is_public ? aws_route_table.public[*].id : [])
  tags              = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_vpc_endpoint" "interface" {
  for_each = local.is_made && var.settings.egress == "endpoints" ? local.interface_endpoints : toset([])

  vpc_id              = aws_vpc.this[0].id
  service_name        = "${local.service_prefix}.${each.key}"
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
