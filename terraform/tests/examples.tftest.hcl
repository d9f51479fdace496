# The examples can be planned from nothing: no number of anything depends on what is only known once it has been made.

mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "eu-central-1", name = "eu-central-1" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
  }
  mock_data "aws_subnet" {
    defaults = { cidr_block = "192.0.2.0/24" }
  }
}

run "minimal" {
  command = plan

  module {
    source = "./examples/minimal"
  }

  assert {
    condition     = length(setsubtract(["url-issuer", "acceptor", "processor"], keys(output.repository_urls))) == 0
    error_message = "a repository for each image"
  }
}

run "own_domain" {
  command = plan

  module {
    source = "./examples/own-domain"
  }

  assert {
    condition     = output.issuer_url == "https://uploads.example.com/prod"
    error_message = "the domain, and the prefix that clients know"
  }
}

run "own_handler" {
  command = plan

  module {
    source = "./examples/own-handler"
  }

  variables {
    crm_token_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:crm-token-AbCdEf"
  }

  assert {
    condition     = aws_sqs_queue.readings.sqs_managed_sse_enabled
    error_message = "the handler's own queue is encrypted"
  }
}
