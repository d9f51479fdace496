mock_provider "aws" {
  override_resource {
    target = aws_ecr_repository.this["url-issuer"]
    values = { repository_url = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/once/url-issuer" }
  }
  override_resource {
    target = aws_ecr_repository.this["acceptor"]
    values = { repository_url = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/once/acceptor" }
  }
  override_resource {
    target = aws_ecr_repository.this["processor"]
    values = { repository_url = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/once/processor" }
  }
}

variables {
  services      = ["url-issuer", "acceptor", "processor"]
  settings      = {}
  force_destroy = false
  name          = "once"
}

run "images_are_scanned_never_replaced_and_not_removed_by_mistake" {
  assert {
    condition     = toset([for repository in aws_ecr_repository.this : repository.name]) == toset(["once/url-issuer", "once/acceptor", "once/processor"])
    error_message = "Each service has a repository."
  }
  assert {
    condition = alltrue([
      for repository in aws_ecr_repository.this :
      repository.image_tag_mutability == "IMMUTABLE"
      && one(repository.image_scanning_configuration).scan_on_push
      && one(repository.encryption_configuration).encryption_type == "AES256"
      && repository.force_delete == false
    ])
    error_message = "A tag means one image for ever; each is scanned when it comes, and stays when the stack goes."
  }
  assert {
    condition = output.repository_urls == {
      url-issuer = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/once/url-issuer"
      acceptor   = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/once/acceptor"
      processor  = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/once/processor"
    }
    error_message = "The output says where to push to."
  }
}

run "old_images_go" {
  variables { settings = { kept_images = 10, untagged_days = 3 } }
  assert {
    condition = alltrue([
      for policy in aws_ecr_lifecycle_policy.this : [for rule in jsondecode(policy.policy).rules : [rule.rulePriority, rule.action.type, rule.selection]] == [
        [1, "expire", { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 3 }],
        [2, "expire", { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 10 }],
      ]
    ]) && length(aws_ecr_lifecycle_policy.this) == 3
    error_message = "What builds leave over goes after its days, and of the others the newest stay."
  }
}

run "key_of_the_users_encrypts_images" {
  variables { settings = { kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab" } }
  assert {
    condition = alltrue([
      for repository in aws_ecr_repository.this :
      one(repository.encryption_configuration).encryption_type == "KMS" && one(repository.encryption_configuration).kms_key == var.settings.kms_key_arn
    ])
    error_message = "All repositories use the given key."
  }
}

run "a_service_more_has_a_repository" {
  variables { services = ["url-issuer", "acceptor", "processor", "webhook-sender"] }
  assert {
    condition     = aws_ecr_repository.this["webhook-sender"].name == "once/webhook-sender"
    error_message = "The services that are named have a repository."
  }
}

run "services_refuses_one_that_is_none" {
  command = plan
  variables { services = ["sender"] }
  expect_failures = [var.services]
}

run "kept_images_refuses_one" {
  command = plan
  variables { settings = { kept_images = 1 } }
  expect_failures = [var.settings]
}

run "untagged_days_refuses_zero" {
  command = plan
  variables { settings = { untagged_days = 0 } }
  expect_failures = [var.settings]
}

run "name_refuses_a_slash" {
  command = plan
  variables { name = "once/more" }
  expect_failures = [var.name]
}

run "kms_key_arn_refuses_an_alias" {
  command = plan
  variables { settings = { kms_key_arn = "alias/images" } }
  expect_failures = [var.settings]
}
