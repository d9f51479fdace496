# What each service's code may call, and on what: exactly the calls of services/ and packages/. Which call needs which action:
# Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"; Service Authorization Reference for SQS and
# DynamoDB (DeleteMessageBatch is authorised as sqs:DeleteMessage, SendMessageBatch as sqs:SendMessage).
locals {
  uploads_arn  = "${module.storage.bucket.arn}/uploads/*"
  accepted_arn = "${module.storage.bucket.arn}/accepted/*"

  uploads_table = [module.storage.tables.uploads.arn]
  access_table  = [module.storage.tables.access.arn]

  # SendMessage: a service that stops sends what it could not finish to its own queue once more, and deletes it then.
  consume_actions = [
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
    "sqs:SendMessage",
  ]

  # The attributes that a call on the table of uploads names, in its item, its update or its condition: those of
  # packages/uploads/src/domain/item.ts and transitions.ts, and the item's key. IAM can't require a condition of a call, nor distinguish the
  # items of one upload; but who may not name versionId claims no version, and who may not name state or apiKeyId
  # records no upload (DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained access control").
  written_always = ["FullFilename", "item", "schemaVersion", "deleteAt", "writer"]
  naming_only = {
    for call, attributes in {
      issue = [
        "state", "apiKeyId", "issuedAt", "expiresAt", "constraints", "metadata", "traceparent", "attempt", "signatureSeconds",
      ]
      revoke = ["state", "revokedAt"]
      # A link, and that its API key has it: packages/uploads/src/domain/link-item.ts.
      link = [
        "apiKeyId", "createdAt", "secretSha256", "contentTypes", "title", "message", "from", "returnUrl", "language",
      ]
      change_link = ["state", "expiresAt", "secretSha256", "title", "message", "clickedAt", "clickTraceparent"]
      observe     = ["kind", "versionId", "eTag", "sizeBytes", "storedAt", "recordedAt", "reported", "isIdentical"]
      # How many versions came of each kind: written by UpdateItem, as the two that follow are.
      accept = [
        "state", "versionId", "eTag", "sizeBytes", "storedAt", "claimedAt", "acceptedVersionId", "versionToProcess", "acceptedAt",
        "filename",
        "reported", "kind", "kept", "surplus", "surplusReported", "countedAt",
      ]
      process = [
        "state", "versionToProcess", "attempt", "leaseOwner", "leaseExpiresAt", "processedAt", "failedAt", "failureReason",
        "clientFailureReason", "reported", "kind", "kept", "surplus", "surplusReported", "countedAt",
      ]
      } : call => {
      "ForAllValues:StringEquals" = { "dynamodb:Attributes" = concat(local.written_always, attributes) }
      # ForAllValues holds for a request that names none at all.
      Null = { "dynamodb:Attributes" = "false" }
    }
  }

  record_observed_versions = {
    Sid       = "RecordObservedVersions"
    Effect    = "Allow"
    Action    = ["dynamodb:PutItem"]
    Resource  = local.uploads_table
    Condition = local.naming_only.observe
  }

  # What the ARNs of all queues of this account and region begin with.
  own_queues = "arn:${data.aws_partition.current.partition}:sqs:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:"

  # One queue for each reader of reports: the webhook-sender is one. The tasks may send to exactly these.
  report_queues = concat(
    [module.storage.queues.upload_reports],
    [
      for arn in local.reports.queue_arns : {
        arn = arn
        url = format("https://sqs.%s.%s/%s/%s", split(":", arn)[3], data.aws_partition.current.dns_suffix, split(":", arn)[4], split(":", arn)[5])
      }
    ],
    local.has_webhooks ? [module.storage.queues.webhooks] : [],
  )
  # What the processor sends for webhooks goes to a queue among them.
  send_reports = {
    Sid      = "SendReports"
    Effect   = "Allow"
    Action   = ["sqs:SendMessage"]
    Resource = [for queue in local.report_queues : queue.arn]
  }

  # What kms:ViaService has when a service of AWS calls KMS. AWS Key Management Service Developer Guide, "kms:ViaService", names
  # amazonaws.com alone, also for partitions whose services have another domain: so that domain and the partition's own are both let through.
  via = {
    for service in ["s3", "sqs", "dynamodb"] :
    service => distinct([for domain in ["amazonaws.com", data.aws_partition.current.dns_suffix] : "${service}.*.${domain}"])
  }

  # SQS calls KMS with the sender's permissions, and asks for both (Amazon SQS Developer Guide, "Key management", "Configure KMS
  # permissions for a producer").
  send_to_encrypted_queues = length(local.reports.queue_kms_key_arns) == 0 ? [] : [{
    Sid       = "SendToEncryptedQueues"
    Effect    = "Allow"
    Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource  = local.reports.queue_kms_key_arns
    Condition = { StringLike = { "kms:ViaService" = local.via["sqs"] } }
  }]

  # A consumer decrypts what it receives, and encrypts what it sends once more (Amazon SQS Developer Guide, "Key management").
  use_own_queues_key = module.storage.settings.queue_kms_key_arn == null ? [] : [{
    Sid       = "UseEncryptedQueues"
    Effect    = "Allow"
    Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource  = [module.storage.settings.queue_kms_key_arn]
    Condition = { StringLike = { "kms:ViaService" = local.via["sqs"] } }
  }]

  # A gateway endpoint says which VPC a call comes from; a call from elsewhere has no such key, and is denied (IAM User Guide, "AWS global
  # condition context keys", "aws:SourceVpc").
  only_from_vpc = !module.network.settings.only_from_vpc ? [] : [{
    Sid       = "OnlyFromTheVpc"
    Effect    = "Deny"
    Action    = ["s3:*", "dynamodb:*"]
    Resource  = ["*"]
    Condition = { StringNotEquals = { "aws:SourceVpc" = module.network.vpc_id } }
  }]

  # Without queue_kms_key_arn, the queues made here are encrypted with SQS's own key. S3 and DynamoDB call KMS with the caller's permissions; kms:ViaService keeps these from being used
  # for anything else. S3: kms:Decrypt reads, kms:GenerateDataKey writes, and a multipart copy decrypts what it wrote itself
  # (Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys"). DynamoDB: reading and writing items takes
  # only kms:Decrypt on the table's own key; the other permissions are needed by the principal that creates the table (Amazon DynamoDB
  # Developer Guide, "DynamoDB encryption at rest usage notes", "Monitoring DynamoDB interaction with AWS KMS").
  # A key that files were written with is needed as long as they are: storage.previous_kms_key_arns.
  kms_read_keys = concat(module.storage.settings.kms_key_arn == null ? [] : [module.storage.settings.kms_key_arn], module.storage.settings.previous_kms_key_arns)
  kms_read_statements = length(local.kms_read_keys) == 0 ? [] : [{
    Sid      = "DecryptThroughS3AndDynamoDb"
    Effect   = "Allow"
    Action   = ["kms:Decrypt"]
    Resource = local.kms_read_keys
    Condition = {
      StringLike = { "kms:ViaService" = concat(local.via["s3"], local.via["dynamodb"]) }
    }
  }]

  kms_write_statements = module.storage.settings.kms_key_arn == null ? [] : [{
    Sid       = "EncryptThroughS3"
    Effect    = "Allow"
    Action    = ["kms:GenerateDataKey"]
    Resource  = [module.storage.settings.kms_key_arn]
    Condition = { StringLike = { "kms:ViaService" = local.via["s3"] } }
  }]

  url_issuer_statements = [
    # Nothing is sent to S3: a form can do what its signer may, and no more.
    { Sid = "SignForms", Effect = "Allow", Action = ["s3:PutObject"], Resource = [local.uploads_arn] },
    # Query: an upload's state with its duplicates, and a key's links. BatchGetItem: links with their uploads.
    { Sid = "ReadUploads", Effect = "Allow", Action = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:BatchGetItem"], Resource = local.uploads_table },
    { Sid = "IssueUploads", Effect = "Allow", Action = ["dynamodb:PutItem"], Resource = local.uploads_table, Condition = local.naming_only.issue },
    {
      # Its deletions name an item's key alone. IAM can't refuse one that comes with a write, only a call that has no other.
      Sid       = "IssueUploadsTogether"
      Effect    = "Allow"
      Action    = ["dynamodb:BatchWriteItem"]
      Resource  = local.uploads_table
      Condition = merge(local.naming_only.issue, { "ForAnyValue:StringEquals" = { "dynamodb:Attributes" = ["apiKeyId"] } })
    },
    { Sid = "RevokeUploads", Effect = "Allow", Action = ["dynamodb:UpdateItem"], Resource = local.uploads_table, Condition = local.naming_only.revoke },
    { Sid = "RecordLinks", Effect = "Allow", Action = ["dynamodb:PutItem"], Resource = local.uploads_table, Condition = local.naming_only.link },
    { Sid = "ChangeLinks", Effect = "Allow", Action = ["dynamodb:UpdateItem"], Resource = local.uploads_table, Condition = local.naming_only.change_link },
    { Sid = "FindKeys", Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = local.access_table },
    {
      # Counters and what requests came to lie in partitions of their own: no key is written, not even its limits (DynamoDB
      # Developer Guide, "Using IAM policy conditions for fine-grained access control").
      Sid      = "CountQuotas"
      Effect   = "Allow"
      Action   = ["dynamodb:UpdateItem"]
      Resource = local.access_table
      Condition = {
        "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["quota#*"] }
        # ForAllValues holds for a request that names no key at all.
        Null = { "dynamodb:LeadingKeys" = "false" }
      }
    },
    {
      Sid      = "RememberIdempotencyKeys"
      Effect   = "Allow"
      Action   = ["dynamodb:PutItem"]
      Resource = local.access_table
      Condition = {
        "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["idempotency#*"] }
        Null                      = { "dynamodb:LeadingKeys" = "false" }
      }
    },
  ]

  acceptor_statements = [
    { Sid = "TakeEvents", Effect = "Allow", Action = local.consume_actions, Resource = [module.storage.queues.upload_events.arn] },
    {
      Sid      = "FindOldestVersion"
      Effect   = "Allow"
      Action   = ["s3:ListBucketVersions"]
      Resource = [module.storage.bucket.arn]
      Condition = {
        StringLike = { "s3:prefix" = ["uploads/*"] }
      }
    },
    {
      # The copy's source, its tags, and the end of the version that was accepted, and of what is beyond the kept duplicates.
      # DeleteObjects needs the same for each version that it names.
      Sid      = "TakeClaimedVersion"
      Effect   = "Allow"
      Action   = ["s3:GetObjectVersion", "s3:GetObjectVersionTagging", "s3:DeleteObjectVersion"]
      Resource = [local.uploads_arn]
    },
    # The copy. Nothing under accepted/ is ever deleted here.
    { Sid = "WriteAccepted", Effect = "Allow", Action = ["s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload"], Resource = [local.accepted_arn] },
    # If an object is there already, HEAD compares it. If HEAD does not decide, UploadPartCopy of that version lets S3 compare
    # its bytes with the upload's. IAM can't allow these without GetObject, so this role can read accepted files.
    { Sid = "CompareAccepted", Effect = "Allow", Action = ["s3:GetObject", "s3:GetObjectVersion"], Resource = [local.accepted_arn] },
    {
      # Without it S3 returns 403, not 404, for a missing object. Neither that call nor HeadBucket, the readiness check, names a prefix:
      # with StringLike both would be refused. What IfExists lets through beside them is a list of the bucket's keys.
      Sid      = "KnowWhatIsMissing"
      Effect   = "Allow"
      Action   = ["s3:ListBucket"]
      Resource = [module.storage.bucket.arn]
      Condition = {
        StringLikeIfExists = { "s3:prefix" = ["uploads/*", "accepted/*"] }
      }
    },
    { Sid = "ReadUploads", Effect = "Allow", Action = ["dynamodb:GetItem", "dynamodb:BatchGetItem"], Resource = local.uploads_table },
    { Sid = "ClaimAndAccept", Effect = "Allow", Action = ["dynamodb:UpdateItem"], Resource = local.uploads_table, Condition = local.naming_only.accept },
    local.record_observed_versions,
    local.send_reports,
  ]

  processor_statements = [
    { Sid = "TakeEvents", Effect = "Allow", Action = local.consume_actions, Resource = [module.storage.queues.accepted_events.arn] },
    # What the handler reads. Nothing under accepted/ is ever deleted by a service.
    { Sid = "ReadAccepted", Effect = "Allow", Action = ["s3:GetObjectVersion"], Resource = [local.accepted_arn] },
    {
      Sid      = "KnowWhatIsMissing"
      Effect   = "Allow"
      Action   = ["s3:ListBucket"]
      Resource = [module.storage.bucket.arn]
      Condition = {
        StringLikeIfExists = { "s3:prefix" = ["accepted/*"] }
      }
    },
    { Sid = "ReadUploads", Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = local.uploads_table },
    { Sid = "ProcessUploads", Effect = "Allow", Action = ["dynamodb:UpdateItem"], Resource = local.uploads_table, Condition = local.naming_only.process },
    local.record_observed_versions,
    local.send_reports,
  ]

  webhook_sender_statements = !local.has_webhooks ? [] : concat(
    [
      { Sid = "TakeEvents", Effect = "Allow", Action = local.consume_actions, Resource = [module.storage.queues.webhooks.arn] },
      { Sid = "ReadUploads", Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = local.uploads_table },
    ],
    # A downloadUrl can do what its signer may, and no more. Without one the sender reads no file.
    local.webhooks.download_seconds == 0 ? [] : [{
      Sid      = "SignDownloads"
      Effect   = "Allow"
      Action   = ["s3:GetObjectVersion"]
      Resource = [local.accepted_arn]
    }],
  )

  # What docs/operator-policy.json has for an audit without --repair. It reads no file and no queue, and writes nothing. The listing needs the
  # whole bucket: HeadBucket tells S3's time.
  audit_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      { Sid = "AuditTable", Effect = "Allow", Action = ["dynamodb:Scan", "dynamodb:BatchGetItem"], Resource = local.uploads_table },
      { Sid = "AuditBucket", Effect = "Allow", Action = ["s3:ListBucketVersions", "s3:ListBucket"], Resource = [module.storage.bucket.arn] },
    ], local.audit_kms_statements)
  })

  # The table's items alone are encrypted with the key: a listing needs none.
  audit_kms_statements = module.storage.settings.kms_key_arn == null ? [] : [{
    Sid       = "DecryptThroughDynamoDb"
    Effect    = "Allow"
    Action    = ["kms:Decrypt"]
    Resource  = [module.storage.settings.kms_key_arn]
    Condition = { StringLike = { "kms:ViaService" = local.via["dynamodb"] } }
  }]

  task_policies = merge({
    url-issuer = jsonencode({
      Version   = "2012-10-17"
      Statement = concat(local.url_issuer_statements, local.kms_read_statements, local.kms_write_statements)
    })
    acceptor = jsonencode({
      Version   = "2012-10-17"
      Statement = concat(local.acceptor_statements, local.kms_read_statements, local.kms_write_statements, local.send_to_encrypted_queues, local.use_own_queues_key, local.only_from_vpc)
    })
    processor = jsonencode({
      Version   = "2012-10-17"
      Statement = concat(local.processor_statements, local.kms_read_statements, local.send_to_encrypted_queues, local.use_own_queues_key, local.only_from_vpc)
    })
    }, !local.has_webhooks ? {} : {
    webhook-sender = jsonencode({
      Version   = "2012-10-17"
      Statement = concat(local.webhook_sender_statements, local.kms_read_statements, local.use_own_queues_key)
    })
  })
}
