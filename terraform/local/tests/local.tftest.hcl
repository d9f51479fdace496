# `terraform test` in this folder; it reaches no LocalStack.

mock_provider "aws" {
  mock_data "aws_caller_identity" { defaults = { account_id = "000000000000" } }
}

run "names_are_those_of_the_compose_file" {
  command = plan
  assert {
    condition = alltrue([
      for service in ["url-issuer", "acceptor", "processor", "webhook-sender"] :
      yamldecode(file("../../docker-compose.localstack.yml")).services[service].environment.BUCKET == output.bucket.name
    ])
    error_message = "a service gets the name of another bucket"
  }
  assert {
    condition = alltrue([
      for service in ["url-issuer", "acceptor", "processor", "webhook-sender"] :
      yamldecode(file("../../docker-compose.localstack.yml")).services[service].environment.UPLOADS_TABLE == output.tables.uploads.name
    ])
    error_message = "a service gets the name of another table"
  }
  assert {
    condition     = yamldecode(file("../../docker-compose.localstack.yml")).services["url-issuer"].environment.ACCESS_TABLE == output.tables.access.name
    error_message = "the url-issuer gets the name of another key table"
  }
  assert {
    condition = alltrue([
      for service, queue in { acceptor = "upload_events", processor = "accepted_events", webhook-sender = "webhooks" } :
      endswith(yamldecode(file("../../docker-compose.localstack.yml")).services[service].environment.QUEUE_URL, "/${output.queues[queue].name}")
    ])
    error_message = "a service gets the URL of another queue"
  }
}

run "pages_reach_the_bucket_as_on_aws" {
  command = plan
  variables {
    cors_allowed_origins = ["https://www.example.com"]
    page_origins         = ["http://127.0.0.1:8080"]
  }
}

run "refuses_any_place_but_this_machine" {
  command = plan
  variables { endpoint = "https://s3.eu-central-1.amazonaws.com" }
  expect_failures = [var.endpoint]
}
