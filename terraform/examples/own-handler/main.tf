# Work of one's own on each accepted upload. The image is the processor's with a handler in it:
#
#   FROM <the processor's image>
#   COPY handler.mjs /handler/handler.mjs
#   ENV PROCESSOR_HANDLER=/handler/handler.mjs
#
# built for ARM64 as all others, or architecture = "X86_64" for all (examples/handler/README.md of the repository).

variable "region" {
  description = "The AWS region."
  type        = string
  default     = "eu-central-1"
}

variable "profile" {
  description = "The defaults of what is not set here: \"standard\" or \"small\"."
  type        = string
  default     = "standard"
}

variable "image_tag" {
  description = "The tag with which the images of url-issuer, acceptor and audit were pushed."
  type        = string
  default     = "0.1.0"
}

variable "processor_image" {
  description = "The processor's image with the handler in it, built for ARM64."
  type        = string
  default     = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/meter-readings:1.0.0"
}

# Not made here: no task starts before its secret has a value, and ECS gives up a first deployment that does not come up.
variable "crm_token_secret_arn" {
  description = "A secret of Secrets Manager that has its value already: the token with which the handler calls."
  type        = string
}

provider "aws" {
  region = var.region
}

resource "aws_sqs_queue" "readings" {
  name                    = "meter-readings"
  sqs_managed_sse_enabled = true
}

data "aws_iam_policy_document" "handler" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.readings.arn]
  }
}

module "upload_once" {
  source = "../.."

  profile = var.profile

  name      = "meter-readings"
  image_tag = var.image_tag
  images    = { processor = var.processor_image }

  # The handler calls a service on the internet.
  network = { egress = "nat" }

  processor = {
    handler_limit_seconds = 600
    handler_environment   = { READINGS_QUEUE_URL = aws_sqs_queue.readings.url }
    handler_secrets       = { CRM_TOKEN = var.crm_token_secret_arn }
    handler_policy        = { json = data.aws_iam_policy_document.handler.json }

    cpu         = 1024
    memory      = 2048
    concurrency = 4
    max_tasks   = 5

    # Ten minutes of work do not fit into the two minutes that a stopped task has. Another task would start the work again. So a task
    # protects itself while it has long work in flight. At least two tasks run then, because a protected task takes no new work.
    protect_after_seconds = 100
  }
}

output "issuer_url" {
  description = "The URL of the url-issuer."
  value       = module.upload_once.issuer_url
}
