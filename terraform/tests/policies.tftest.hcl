# Each service's permissions, written out again. If you add a permission, add it here too and check what it allows.

mock_provider "aws" {
  source = "./tests/mocks"
}

override_resource {
  target = module.storage.aws_s3_bucket.this
  values = { arn = "arn:aws:s3:::files" }
}

override_resource {
  target = module.storage.aws_sqs_queue.events["upload_events"]
  values = { arn = "arn:aws:sqs:eu-central-1:123456789012:up" }
}

override_resource {
  target = module.storage.aws_sqs_queue.dead_letter["upload_events"]
  values = { arn = "arn:aws:sqs:eu-central-1:123456789012:up-dl" }
}

override_resource {
  target = module.storage.aws_sqs_queue.events["accepted_events"]
  values = { arn = "arn:aws:sqs:eu-central-1:123456789012:ac" }
}

override_resource {
  target = module.storage.aws_sqs_queue.dead_letter["accepted_events"]
  values = { arn = "arn:aws:sqs:eu-central-1:123456789012:ac-dl" }
}

override_resource {
  target = module.storage.aws_sqs_queue.upload_reports
  values = { arn = "arn:aws:sqs:eu-central-1:123456789012:re" }
}

override_resource {
  target = module.storage.aws_sqs_queue.events["webhooks"]
  values = { arn = "arn:aws:sqs:eu-central-1:123456789012:we" }
}

override_resource {
  target = module.storage.aws_sqs_queue.dead_letter["webhooks"]
  values = { arn = "arn:aws:sqs:eu-central-1:123456789012:we-dl" }
}

override_resource {
  target = module.storage.aws_dynamodb_table.this["uploads"]
  values = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/uploads" }
}

override_resource {
  target = module.storage.aws_dynamodb_table.this["access"]
  values = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/access" }
}

override_module {
  target  = module.service
  outputs = { service_name = "uo-service", task_role_arn = "arn:aws:iam::123456789012:role/uo-service-task", task_role_name = "uo-service-task", log_group_name = "/ecs/uo-service", security_group_id = "sg-1", execution_role_arn = "arn:aws:iam::123456789012:role/uo-service-execution" }
}

variables {
  name      = "uploads"
  image_tag = "1.2.0"
}

run "the_url_issuer_signs_and_records" {
  assert {
    condition = toset(flatten([for statement in jsondecode(local.task_policies["url-issuer"]).Statement : [for action in statement.Action : [for resource in statement.Resource : "${action} ${resource}"]]])) == toset([
      "s3:PutObject arn:aws:s3:::files/uploads/*",
      "dynamodb:GetItem arn:aws:dynamodb:eu-central-1:123456789012:table/uploads",
      "dynamodb:PutItem arn:aws:dynamodb:eu-central-1:123456789012:table/uploads",
      "dynamodb:BatchWriteItem arn:aws:dynamodb:eu-central-1:123456789012:table/uploads",
      "dynamodb:BatchGetItem arn:aws:dynamodb:eu-central-1:123456789012:table/uploads",
      "dynamodb:Query arn:aws:dynamodb:eu-central-1:123456789012:table/uploads",
      "dynamodb:UpdateItem arn:aws:dynamodb:eu-central-1:123456789012:table/uploads",
      "dynamodb:GetItem arn:aws:dynamodb:eu-central-1:123456789012:table/access",
      "dynamodb:UpdateItem arn:aws:dynamodb:eu-central-1:123456789012:table/access",
      "dynamodb:PutItem arn:aws:dynamodb:eu-central-1:123456789012:table/access",
    ])
    error_message = "the url-issuer's permissions"
  }
  assert {
    condition = { for statement in jsondecode(local.task_policies["url-issuer"]).Statement : join(",", statement.Action) => try(statement.Condition, null) if statement.Resource == ["arn:aws:dynamodb:eu-central-1:123456789012:table/access"] } == {
      "dynamodb:GetItem"    = null
      "dynamodb:UpdateItem" = { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["quota#*"] }, Null = { "dynamodb:LeadingKeys" = "false" } }
      "dynamodb:PutItem"    = { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["idempotency#*"] }, Null = { "dynamodb:LeadingKeys" = "false" } }
    }
    error_message = "it counts quotas and remembers requests; it writes no key"
  }
}

run "the_acceptor_takes_versions_and_writes_copies" {
  assert {
    condition = toset(flatten([for statement in jsondecode(local.task_policies["acceptor"]).Statement : [for action in statement.Action : [for resource in statement.Resource : "${action} ${resource}"]]])) == toset([
      "sqs:ReceiveMessage arn:aws:sqs:eu-central-1:123456789012:up",
      "sqs:DeleteMessage arn:aws:sqs:eu-central-1:123456789012:up",
      "sqs:ChangeMessageVisibility arn:aws:sqs:eu-central-1:123456789012:up",
      "sqs:GetQueueAttributes arn:aws:sqs:eu-central-1:123456789012:up",
      "sqs:SendMessage arn:aws:sqs:eu-central-1:123456789012:up",
      "sqs:SendMessage arn:aws:sqs:eu-central-1:123456789012:re",
      "s3:ListBucketVersions arn:aws:s3:::files",
      "s3:ListBucket arn:aws:s3:::files",
      "s3:GetObjectVersion arn:aws:s3:::files/uploads/*",
      "s3:GetObjectVersionTagging arn:aws:s3:::files/uploads/*",
      "s3:DeleteObjectVersion arn:aws:s3:::files/uploads/*",
      "s3:PutObject arn:aws:s3:::files/accepted/*",
      "s3:PutObjectTagging arn:aws:s3:::files/accepted/*",
      "s3:AbortMultipartUpload arn:aws:s3:::files/accepted/*",
      "s3:GetObject arn:aws:s3:::files/accepted/*",
      "s3:GetObjectVersion arn:aws:s3:::files/accepted/*",
      "dynamodb:BatchGetItem arn:aws:dynamodb:eu-central-1:123456789012:table/uploads",
      "dynamodb:GetItem arn:aws:dynamodb:eu-central-1:123456789012:table/uploads",
      "dynamodb:PutItem arn:aws:dynamodb:eu-central-1:123456789012:table/uploads",
      "dynamodb:UpdateItem arn:aws:dynamodb:eu-central-1:123456789012:table/uploads",
    ])
    error_message = "the acceptor's permissions; it deletes nothing under accepted/"
  }
}

run "the_processor_reads_what_was_accepted" {
  assert {
    condition = toset(flatten([for statement in jsondecode(local.task_policies["processor"]).Statement : [for action in statement.Action : [for resource in statement.Resource : "${action} ${resource}"]]])) == toset([
      "sqs:ReceiveMessage arn:aws:sqs:eu-central-1:123456789012:ac",
      "sqs:DeleteMessage arn:aws:sqs:eu-central-1:123456789012:ac",
      "sqs:ChangeMessageVisibility arn:aws:sqs:eu-central-1:123456789012:ac",
      "sqs:GetQueueAttributes arn:aws:sqs:eu-central-1:123456789012:ac",
      "sqs:SendMessage arn:aws:sqs:eu-central-1:123456789012:ac",
      "sqs:SendMessage arn:aws:sqs:eu-central-1:123456789012:re",
      "s3:GetObjectVersion arn:aws:s3:::files/accepted/*",
      "s3:ListBucket arn:aws:s3:::files",
      "dynamodb:GetItem arn:aws:dynamodb:eu-central-1:123456789012:table/uploads",
      "dynamodb:PutItem arn:aws:dynamodb:eu-central-1:123456789012:table/uploads",
      "dynamodb:UpdateItem arn:aws:dynamodb:eu-central-1:123456789012:table/uploads",
    ])
    error_message = "the processor's permissions"
  }
}

run "the_webhook_sender_reads_uploads_and_signs_downloads" {
  variables {
    network  = { egress = "nat" }
    webhooks = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks", download_seconds = 3600 }
  }
  assert {
    condition = toset(flatten([for statement in jsondecode(local.task_policies["webhook-sender"]).Statement : [for action in statement.Action : [for resource in statement.Resource : "${action} ${resource}"]]])) == toset([
      "sqs:ReceiveMessage arn:aws:sqs:eu-central-1:123456789012:we",
      "sqs:DeleteMessage arn:aws:sqs:eu-central-1:123456789012:we",
      "sqs:ChangeMessageVisibility arn:aws:sqs:eu-central-1:123456789012:we",
      "sqs:GetQueueAttributes arn:aws:sqs:eu-central-1:123456789012:we",
      "sqs:SendMessage arn:aws:sqs:eu-central-1:123456789012:we",
      "dynamodb:GetItem arn:aws:dynamodb:eu-central-1:123456789012:table/uploads",
      "s3:GetObjectVersion arn:aws:s3:::files/accepted/*",
    ])
    error_message = "the webhook-sender's permissions; it writes no item and no file"
  }
  assert {
    condition = { for service, policy in local.task_policies : service => [for statement in jsondecode(policy).Statement : statement.Sid if contains(statement.Resource, "arn:aws:sqs:eu-central-1:123456789012:we")] } == {
      url-issuer     = []
      acceptor       = ["SendReports"]
      processor      = ["SendReports"]
      webhook-sender = ["TakeEvents"]
    }
    error_message = "who sends to the queue of webhooks, and who takes from it"
  }
}

run "without_a_download_url_the_webhook_sender_reads_no_file" {
  variables {
    network  = { egress = "nat" }
    webhooks = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks" }
    storage  = { kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1" }
  }
  assert {
    condition     = [for statement in jsondecode(local.task_policies["webhook-sender"]).Statement : statement.Sid] == ["TakeEvents", "ReadUploads", "DecryptThroughS3AndDynamoDb"]
    error_message = "its queue, the uploads, and the key that encrypts these"
  }
}

run "conditions_hold_what_resources_cannot" {
  assert {
    condition = { for service, policy in local.task_policies : service => { for statement in jsondecode(policy).Statement : statement.Sid => statement.Condition if can(statement.Condition) } } == {
      url-issuer = {
        IssueUploads = {
          "ForAllValues:StringEquals" = { "dynamodb:Attributes" = ["FullFilename", "item", "schemaVersion", "deleteAt", "writer", "state", "apiKeyId", "issuedAt", "expiresAt", "constraints", "metadata", "traceparent", "attempt", "signatureSeconds"] }
          Null                        = { "dynamodb:Attributes" = "false" }
        }
        IssueUploadsTogether = {
          "ForAllValues:StringEquals" = { "dynamodb:Attributes" = ["FullFilename", "item", "schemaVersion", "deleteAt", "writer", "state", "apiKeyId", "issuedAt", "expiresAt", "constraints", "metadata", "traceparent", "attempt", "signatureSeconds"] }
          "ForAnyValue:StringEquals"  = { "dynamodb:Attributes" = ["apiKeyId"] }
          Null                        = { "dynamodb:Attributes" = "false" }
        }
        RevokeUploads = {
          "ForAllValues:StringEquals" = { "dynamodb:Attributes" = ["FullFilename", "item", "schemaVersion", "deleteAt", "writer", "state", "revokedAt"] }
          Null                        = { "dynamodb:Attributes" = "false" }
        }
        RecordLinks = {
          "ForAllValues:StringEquals" = { "dynamodb:Attributes" = ["FullFilename", "item", "schemaVersion", "deleteAt", "writer", "apiKeyId", "createdAt", "secretSha256", "contentTypes", "title", "message", "from", "returnUrl", "language"] }
          Null                        = { "dynamodb:Attributes" = "false" }
        }
        ChangeLinks = {
          "ForAllValues:StringEquals" = { "dynamodb:Attributes" = ["FullFilename", "item", "schemaVersion", "deleteAt", "writer", "state", "expiresAt", "secretSha256", "title", "message", "clickedAt", "clickTraceparent"] }
          Null                        = { "dynamodb:Attributes" = "false" }
        }
        CountQuotas = {
          "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["quota#*"] }
          Null                      = { "dynamodb:LeadingKeys" = "false" }
        }
        RememberIdempotencyKeys = {
          "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["idempotency#*"] }
          Null                      = { "dynamodb:LeadingKeys" = "false" }
        }
      }
      acceptor = {
        FindOldestVersion = { StringLike = { "s3:prefix" = ["uploads/*"] } }
        KnowWhatIsMissing = { StringLikeIfExists = { "s3:prefix" = ["uploads/*", "accepted/*"] } }
        ClaimAndAccept = {
          "ForAllValues:StringEquals" = { "dynamodb:Attributes" = ["FullFilename", "item", "schemaVersion", "deleteAt", "writer", "state", "versionId", "eTag", "sizeBytes", "storedAt", "claimedAt", "acceptedVersionId", "versionToProcess", "acceptedAt", "filename", "reported", "kind", "kept", "surplus", "surplusReported", "countedAt"] }
          Null                        = { "dynamodb:Attributes" = "false" }
        }
        RecordObservedVersions = {
          "ForAllValues:StringEquals" = { "dynamodb:Attributes" = ["FullFilename", "item", "schemaVersion", "deleteAt", "writer", "kind", "versionId", "eTag", "sizeBytes", "storedAt", "recordedAt", "reported", "isIdentical"] }
          Null                        = { "dynamodb:Attributes" = "false" }
        }
      }
      processor = {
        KnowWhatIsMissing = { StringLikeIfExists = { "s3:prefix" = ["accepted/*"] } }
        ProcessUploads = {
          "ForAllValues:StringEquals" = { "dynamodb:Attributes" = ["FullFilename", "item", "schemaVersion", "deleteAt", "writer", "state", "versionToProcess", "attempt", "leaseOwner", "leaseExpiresAt", "processedAt", "failedAt", "failureReason", "clientFailureReason", "reported", "kind", "kept", "surplus", "surplusReported", "countedAt"] }
          Null                        = { "dynamodb:Attributes" = "false" }
        }
        RecordObservedVersions = {
          "ForAllValues:StringEquals" = { "dynamodb:Attributes" = ["FullFilename", "item", "schemaVersion", "deleteAt", "writer", "kind", "versionId", "eTag", "sizeBytes", "storedAt", "recordedAt", "reported", "isIdentical"] }
          Null                        = { "dynamodb:Attributes" = "false" }
        }
      }
    }
    error_message = "each condition, word for word; no statement has one that is not here"
  }
}

run "no_star_stands_for_an_action_or_a_resource" {
  variables { storage = { kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1" } }
  assert {
    condition     = alltrue(flatten([for policy in local.task_policies : [for statement in jsondecode(policy).Statement : [statement.Effect == "Allow", [for action in statement.Action : !strcontains(action, "*")], [for resource in statement.Resource : !contains(["*", "arn:aws:s3:::files/*"], resource)]]]]))
    error_message = "every action is named, and every resource"
  }
}

run "a_key_of_the_user_s_is_used_through_s3_and_dynamodb" {
  variables { storage = { kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1" } }
  assert {
    condition     = { for service, policy in local.task_policies : service => flatten([for statement in jsondecode(policy).Statement : statement.Action if contains(statement.Resource, "arn:aws:kms:eu-central-1:123456789012:key/1")]) } == { url-issuer = ["kms:Decrypt", "kms:GenerateDataKey"], acceptor = ["kms:Decrypt", "kms:GenerateDataKey"], processor = ["kms:Decrypt"] }
    error_message = "who reads and who writes"
  }
  assert {
    condition = [for policy in local.task_policies : { for statement in jsondecode(policy).Statement : statement.Sid => statement.Condition if contains(statement.Resource, "arn:aws:kms:eu-central-1:123456789012:key/1") }] == [
      { DecryptThroughS3AndDynamoDb = { StringLike = { "kms:ViaService" = ["s3.*.amazonaws.com", "dynamodb.*.amazonaws.com"] } }, EncryptThroughS3 = { StringLike = { "kms:ViaService" = ["s3.*.amazonaws.com"] } } },
      { DecryptThroughS3AndDynamoDb = { StringLike = { "kms:ViaService" = ["s3.*.amazonaws.com", "dynamodb.*.amazonaws.com"] } } },
      { DecryptThroughS3AndDynamoDb = { StringLike = { "kms:ViaService" = ["s3.*.amazonaws.com", "dynamodb.*.amazonaws.com"] } }, EncryptThroughS3 = { StringLike = { "kms:ViaService" = ["s3.*.amazonaws.com"] } } },
    ]
    error_message = "acceptor, processor and url-issuer: never without S3 or DynamoDB in between"
  }
}

run "without_a_key_there_is_nothing_of_kms" {
  assert {
    condition     = !can(regex("kms:", join("", values(local.task_policies))))
    error_message = "no permission that is not needed"
  }
}

run "what_lies_under_a_previous_key_can_still_be_read_and_nothing_is_written_with_it" {
  variables {
    storage = {
      kms_key_arn           = "arn:aws:kms:eu-central-1:123456789012:key/2"
      previous_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/1"]
    }
  }
  assert {
    condition     = alltrue([for policy in local.task_policies : [for statement in jsondecode(policy).Statement : statement.Action if contains(statement.Resource, "arn:aws:kms:eu-central-1:123456789012:key/1")] == [["kms:Decrypt"]]])
    error_message = "the old key decrypts and does no more"
  }
}

run "a_key_of_a_reader_s_queue_is_used_through_sqs_by_those_who_report" {
  variables { reports = { queue_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/3"] } }
  assert {
    condition = { for service, policy in local.task_policies : service => [for statement in jsondecode(policy).Statement : [statement.Action, statement.Condition] if contains(statement.Resource, "arn:aws:kms:eu-central-1:123456789012:key/3")] } == {
      url-issuer = []
      acceptor   = [[["kms:Decrypt", "kms:GenerateDataKey"], { StringLike = { "kms:ViaService" = ["sqs.*.amazonaws.com"] } }]]
      processor  = [[["kms:Decrypt", "kms:GenerateDataKey"], { StringLike = { "kms:ViaService" = ["sqs.*.amazonaws.com"] } }]]
    }
    error_message = "SQS needs both permissions from a sender only"
  }
}
