variable "name" {
  description = "The name of all resources: at most 32 characters, as a load balancer's name allows."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.name)) && !startswith(var.name, "internal-")
    error_message = "name takes 3 to 32 lower-case letters, digits and \"-\", the first a letter and the last no \"-\"; not \"internal-…\"."
  }
}

variable "vpc_id" {
  description = "The VPC of what leads to the tasks."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "The subnets of load balancer and link: with a domain the public ones, otherwise the private ones. Two or more, in different availability zones."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids takes two subnets or more, in different availability zones: public ones with a domain_name, private ones without."
  }
}

variable "settings" {
  description = "The root's variable endpoint."
  type = object({
    # What leads to the tasks: "load-balancer", or "service-discovery", by which API Gateway finds the tasks in Cloud Map. By default
    # "service-discovery" with profile = "small", otherwise "load-balancer".
    entry = optional(string, "load-balancer")

    # The host name that clients call, such as "uploads.example.com". With it the load balancer is public; without it API Gateway's
    # default domain is used.
    domain_name = optional(string)

    # A certificate of AWS Certificate Manager for domain_name, in the same region. Set both or neither.
    certificate_arn = optional(string)

    # The Route 53 zone that gets a record from domain_name to the load balancer: its id, also of a zone from the same apply. Without
    # it, create that record yourself (output load_balancer_dns_name).
    zone = optional(object({
      id = string
    }))

    # Your own load balancer instead of a new one: the ARN of an HTTPS listener of an Application Load Balancer in network.vpc, which has a
    # certificate for domain_name. It gets two rules for that host, with rule_priority and the number after it. The load balancer's
    # security group gets a rule to the tasks. subnet_cidrs are the addresses of the load balancer's subnets: the url-issuer believes
    # what it hears from them of a client's address. Set its idle timeout below 72 seconds.
    listener = optional(object({
      arn               = string
      security_group_id = string
      subnet_cidrs      = list(string)
      rule_priority     = optional(number, 100)
    }))

    # Without a domain_name: your own custom domain of API Gateway, which is mapped to the API. Its DNS record is yours. Nothing else
    # can be mapped to it. The default domain continues to work.
    api_domain_name = optional(string)

    # The addresses that can reach the public load balancer, known when Terraform plans. API Gateway's default domain is open to all.
    ingress_cidrs = optional(list(string), ["0.0.0.0/0"])

    # With a domain: your bucket for the load balancer's access logs, with the policy that Elastic Load Balancing needs; of one from the
    # same apply the attribute bucket of that policy (aws_s3_bucket_policy), so that it is there first. They contain
    # each whole URL, and an API key if a client puts it there by mistake. Restrict who can read them.
    access_log_bucket = optional(string)

    # With a domain: your web ACL of AWS WAF (REGIONAL) before the load balancer, for rules of your own: its ARN, also of one from the same
    # apply.
    web_acl = optional(object({
      arn = string
    }))

    # With a domain, in place of web_acl: how many requests an address can send in five minutes before AWS WAF blocks it, 10 to
    # 2000000000. It keeps one sender from using up connections and tasks. Clients behind one address, such as a proxy, share it.
    # It costs $6 a month and $0.60 for a million requests. There is none before API Gateway's default domain: WAF does not take
    # HTTP APIs, and a CloudFront distribution before it would leave the default domain open beside it.
    address_limit = optional(number)

    # Without a domain: requests a second that API Gateway allows in the long run, over all API keys.
    throttle_rate = optional(number, 1000)

    # Without a domain: requests that API Gateway allows at once.
    throttle_burst = optional(number, 500)
  })
  nullable = false

  validation {
    condition     = var.settings.domain_name == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.settings.domain_name))
    error_message = "endpoint.domain_name takes a host name in lower case, such as \"uploads.example.com\"."
  }

  validation {
    condition     = contains(["load-balancer", "service-discovery"], var.settings.entry)
    error_message = "endpoint.entry takes \"load-balancer\" or \"service-discovery\"."
  }

  validation {
    condition     = var.settings.entry == "load-balancer" || var.settings.listener == null
    error_message = "endpoint.listener is of a load balancer: set endpoint.entry = \"load-balancer\"."
  }

  validation {
    condition     = var.settings.entry == "load-balancer" || (var.settings.domain_name == null && var.settings.certificate_arn == null && var.settings.access_log_bucket == null)
    error_message = "endpoint.domain_name, certificate_arn and access_log_bucket are of a load balancer, and endpoint.entry = \"service-discovery\", the default of profile = \"small\", has none: leave them out, or set endpoint.entry = \"load-balancer\"."
  }

  validation {
    condition     = var.settings.listener != null || (var.settings.certificate_arn == null) == (var.settings.domain_name == null)
    error_message = "endpoint.certificate_arn and endpoint.domain_name must both be set (a public load balancer), or neither (API Gateway's default domain): API keys need HTTPS, and HTTPS needs a certificate."
  }

  validation {
    condition     = var.settings.listener == null || (var.settings.domain_name != null && var.settings.certificate_arn == null && var.settings.access_log_bucket == null && var.settings.web_acl == null && var.settings.address_limit == null)
    error_message = "endpoint.listener needs an endpoint.domain_name, and takes no certificate_arn, access_log_bucket, web_acl or address_limit: these are of your load balancer, which others may use."
  }

  # Elastic Load Balancing API Reference, "HostHeaderConditionConfig".
  validation {
    condition     = var.settings.listener == null || length(coalesce(var.settings.domain_name, "-")) <= 128
    error_message = "endpoint.domain_name takes at most 128 characters with endpoint.listener: a rule of a load balancer takes no longer host."
  }

  validation {
    condition     = var.settings.listener == null || try(can(regex("^arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:listener/app/.+$", var.settings.listener.arn)) && can(regex("^sg-[0-9a-z]+$", var.settings.listener.security_group_id)), false)
    error_message = "endpoint.listener takes the arn of a listener of an Application Load Balancer, such as arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shared/1/2, and the security_group_id of that load balancer, such as \"sg-0123456789abcdef0\"."
  }

  validation {
    condition     = var.settings.listener == null || try(length(var.settings.listener.subnet_cidrs) > 0 && alltrue([for cidr in var.settings.listener.subnet_cidrs : can(cidrnetmask(cidr))]), false)
    error_message = "endpoint.listener.subnet_cidrs takes one IPv4 network or more, such as \"10.0.0.0/24\"."
  }

  validation {
    condition     = var.settings.listener == null || try(var.settings.listener.rule_priority >= 1 && var.settings.listener.rule_priority <= 49999 && floor(var.settings.listener.rule_priority) == var.settings.listener.rule_priority, false)
    error_message = "endpoint.listener.rule_priority takes a whole number from 1 to 49999: the rule after it has the next one, and 50000 is the last."
  }

  validation {
    condition     = var.settings.api_domain_name == null || (var.settings.domain_name == null && can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.settings.api_domain_name)))
    error_message = "endpoint.api_domain_name takes a host name in lower case, such as \"uploads.example.com\", and no endpoint.domain_name beside it, which is for a load balancer."
  }

  validation {
    condition     = var.settings.certificate_arn == null || can(regex("^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$", var.settings.certificate_arn))
    error_message = "endpoint.certificate_arn takes the ARN of a certificate of AWS Certificate Manager, \"arn:aws:acm:…:certificate/…\"."
  }

  validation {
    condition     = var.settings.zone == null || var.settings.domain_name != null
    error_message = "endpoint.zone needs an endpoint.domain_name."
  }

  validation {
    condition     = length(var.settings.ingress_cidrs) > 0 && alltrue([for cidr in var.settings.ingress_cidrs : can(cidrnetmask(cidr))])
    error_message = "endpoint.ingress_cidrs takes one IPv4 network or more, such as \"203.0.113.0/24\"."
  }

  validation {
    condition     = var.settings.access_log_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.settings.access_log_bucket))
    error_message = "endpoint.access_log_bucket takes the name of a bucket, such as \"your-access-logs\"; not a URL and not an ARN."
  }

  validation {
    condition     = var.settings.web_acl == null || can(regex("^arn:[a-z-]+:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/.+$", var.settings.web_acl.arn))
    error_message = "endpoint.web_acl takes the arn of a web ACL in this region, arn:aws:wafv2:…:regional/webacl/…; one of CloudFront (global) does not fit a load balancer."
  }

  validation {
    condition     = var.settings.domain_name != null || (var.settings.web_acl == null && var.settings.address_limit == null)
    error_message = "endpoint.web_acl and endpoint.address_limit need a domain_name: AWS WAF does not take HTTP APIs of API Gateway, and its default domain would stay open behind a CloudFront distribution."
  }

  validation {
    condition     = var.settings.web_acl == null || var.settings.address_limit == null
    error_message = "endpoint.web_acl and endpoint.address_limit exclude each other: a load balancer has one web ACL. Write the limit as a rule of yours."
  }

  validation {
    condition     = var.settings.address_limit == null || try(var.settings.address_limit >= 10 && var.settings.address_limit <= 2000000000 && floor(var.settings.address_limit) == var.settings.address_limit, false)
    error_message = "endpoint.address_limit takes a whole number from 10 to 2000000000."
  }

  validation {
    condition     = var.settings.throttle_rate >= 1
    error_message = "endpoint.throttle_rate takes 1 request a second or more; the account's own limit (10,000 by default) holds as well."
  }

  validation {
    condition     = var.settings.throttle_burst >= 1 && floor(var.settings.throttle_burst) == var.settings.throttle_burst
    error_message = "endpoint.throttle_burst takes a whole number from 1; the account's own limit (5,000 by default) holds as well."
  }
}

variable "log_retention_days" {
  description = "Without a domain: how long API Gateway's access log is kept. It has the client's address and the method of a request, but no headers and no path, because these can contain keys."
  type        = number
  nullable    = false
}

variable "log_kms_key_arn" {
  description = "Your KMS key for API Gateway's access log. By default CloudWatch's own."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Protects the load balancer against deletion."
  type        = bool
  nullable    = false
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = {}
  nullable    = false
}
