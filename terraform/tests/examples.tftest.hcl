# The examples can be planned from nothing: no number of anything depends on what is only known once it has been made.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "copy"
  source = "./tests/mocks"
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

run "small" {
  command = plan
  module {
    source = "./examples/small"
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
  variables { crm_token_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:crm-token-AbCdEf" }
  assert {
    condition     = aws_sqs_queue.readings.sqs_managed_sse_enabled
    error_message = "the handler's own queue is encrypted"
  }
}

# No cycle: the copy knows the role by its name, and the installation waits for the copy.
run "second_region" {
  command = plan
  module {
    source = "./examples/second-region"
  }
  providers = {
    aws      = aws
    aws.copy = aws.copy
  }
  assert {
    condition     = length(setsubtract(["url-issuer", "acceptor", "processor"], keys(output.repository_urls))) == 0
    error_message = "a repository for each image"
  }
}
