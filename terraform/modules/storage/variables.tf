variable "name" {
  description = "The beginning of the names of queues and tables, and of the bucket without a bucket_name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,34}$", var.name)) && !endswith(var.name, "-")
    error_message = "name takes 2 to 35 lower-case letters, digits and \"-\", a letter first and no \"-\" last."
  }
}

variable "settings" {
  description = "The root's variable storage."
  type = object({
    # The name of the bucket, unique in all of AWS. By default the name, the account's number and the region.
    bucket_name = optional(string)

    # Your KMS key for bucket and tables. By default S3's and DynamoDB's own keys. Queues use the key of SQS: their messages contain
    # names of objects, but no content. The key's policy must let the account's IAM policies grant access to the key. This module
    # gives the services their permissions on it. The principal that runs terraform apply needs those that modules/storage/README.md
    # lists. When you change the key, add the old one to previous_kms_key_arns.
    kms_key_arn = optional(string)

    # Earlier values of kms_key_arn. Stored files stay encrypted with them, and the services need to read those files.
    previous_kms_key_arns = optional(list(string), [])

    # Whether CloudWatch counts the requests under uploads/, with what S3 refuses (4xx), which no service sees. S3 writes up to 16 metrics, at
    # some 5 US dollars a month.
    request_metrics = optional(bool, false)

    # Lets you restore the tables to any second of the last 35 days.
    point_in_time_recovery = optional(bool, true)

    # Tables that were restored under other names (docs/recovery.md): the newest name last, which the services use. Import each before
    # the apply. Keep the earlier names: a name that you remove is a table that the plan destroys.
    restored_tables = optional(object({
      uploads = optional(list(string), [])
      access  = optional(list(string), [])
    }), {})

    # Roles that can put files back under accepted/, by PutObject or by replication, and change nothing else in the bucket: your own
    # for a recovery, that of AWS Backup's restore, or that of a replication from a copy. Remove them when nothing is to be put back:
    # such a role can write files that no upload is behind.
    restore_role_arns = optional(list(string), [])

    # Whether AWS Backup backs up the bucket. It needs the bucket's events in EventBridge, which an apply would switch off otherwise.
    backed_up = optional(bool, false)

    # A copy in another region, against the loss of this one: S3 replicates accepted/ to bucket_arn, a versioned bucket of yours there
    # (modules/replica makes one, on request with Object Lock). With region, the tables have a replica there. Deletions are not copied
    # to the bucket; what damages a table damages its replica within a second, so point_in_time_recovery stays on in both. The replicas
    # have the tables' names: no installation of this name can be in that region. It doubles the cost of storage and of writes.
    # kms_key_arn is the key in that region: needed if storage.kms_key_arn is set.
    replica = optional(object({
      bucket_arn  = string
      region      = optional(string)
      kms_key_arn = optional(string)
    }))

    # Your KMS key for the queues, whose messages name objects, and for the topic's senders nothing else. By default SQS's own key. Choose
    # it if a rule asks for a key that you can disable: while it is disabled, no event moves. Its policy must allow s3.amazonaws.com
    # to use kms:GenerateDataKey and kms:Decrypt, or S3 sends nothing; for a key from the same apply write it in aws_kms_key itself.
    queue_kms_key_arn = optional(string)

    # Allows presigned PUTs with If-None-Match under uploads/, beside forms: what POST /v1/uploads gives for "method": "put". With
    # false, the url-issuer gives none and S3 rejects them.
    allow_presigned_put = optional(bool, true)

    # With allow_presigned_put: S3 lets no one but the acceptor and the lifecycle remove anything under uploads/, or put a delete marker
    # over it. Then the acceptor needs no list of versions for a presigned PUT. Set false if you remove files there by hand.
    protect_uploads = optional(bool, true)

    # Web origins whose pages can send forms to S3 and read its response. None by default.
    cors_allowed_origins = optional(list(string), [])

    # After how many days objects that remain under uploads/ are removed: duplicates, orphans, refused versions.
    uploads_expire_days = optional(number, 30)

    # How many days a version under uploads/ is kept after a later version, or a delete marker, replaced it.
    noncurrent_expire_days = optional(number, 30)

    # After how many days accepted files are removed. By default never.
    accepted_expire_days = optional(number)

    # How many days a version under accepted/ is kept after a delete marker or a later version replaced it: the time in which you can undo a
    # deletion. The current version of a file is not affected.
    accepted_noncurrent_expire_days = optional(number, 30)

    # After how many days the parts of an unfinished multipart upload are removed.
    unfinished_multipart_days = optional(number, 2)

    # How many days an event can wait in its queue. The default suits the longest work (12 hours) with the defaults of max_receive_count
    # and visibility_seconds.
    message_retention_days = optional(number, 5)

    # How many days an event in its dead-letter queue is kept. SQS counts from the day on which the event was first sent.
    dead_letter_retention_days = optional(number, 14)

    # How many days an item is kept after its last transition (deleteAt). The services' RECORD_RETENTION_DAYS.
    record_retention_days = optional(number, 113)

    # How often an event of each queue is delivered before it goes to the dead-letter queue. Waits between receives grow to 15 minutes: eight
    # receives of events that fail at once take four to eight minutes, 20 take 90 minutes to three hours. So the acceptor, which needs no more than
    # AWS, outlasts an outage. If you lower a number, SQS moves events that were delivered that often; `upload-once redrive` shows them.
    max_receive_count = optional(object({ upload_events = optional(number, 20), accepted_events = optional(number, 8), webhooks = optional(number, 8) }), {})

    # How long a received event stays hidden from other tasks. The services extend it during the work. If a task dies, its event comes
    # back after this time. The same for queues and services. A long time needs a long message_retention_days or a low
    # max_receive_count.
    visibility_seconds = optional(number, 60)

    # Your own lifecycle rules, beside those of upload-once: a bucket has one list of them. A rule is for objects under a prefix other
    # than uploads/. Under accepted/ it cannot expire or archive a file before its event is gone. Days count from the creation of an object.
    lifecycle_rules = optional(list(object({
      id                     = string
      prefix                 = string
      expire_days            = optional(number)
      noncurrent_expire_days = optional(number)
      transitions            = optional(list(object({ days = number, storage_class = string })), [])
    })), [])

    # Your own receivers of the bucket's events, beside the queues of upload-once: a bucket has one list of them. Each lets S3 send to it by
    # a policy of its own, which must be there first, or S3 refuses all: see "What you bring from the same apply" in terraform/README.md. S3 refuses two receivers of one event, so for new objects under uploads/ or accepted/ set eventbridge, or
    # reports.queue_arns, or webhooks.
    notifications = optional(object({
      eventbridge = optional(bool, false)
      queues      = optional(list(object({ id = string, arn = string, events = list(string), prefix = optional(string, ""), suffix = optional(string, "") })), [])
      topics      = optional(list(object({ id = string, arn = string, events = list(string), prefix = optional(string, ""), suffix = optional(string, "") })), [])
      functions   = optional(list(object({ id = string, arn = string, events = list(string), prefix = optional(string, ""), suffix = optional(string, "") })), [])
    }), {})

    # A policy document (JSON) with your own statements for the bucket's policy, beside those of upload-once: a bucket has one policy. What
    # upload-once denies stays denied, whatever your statements allow. Set bucket_name too, to know the bucket's ARN. The whole policy has 20 KB
    # at most, and upload-once needs 3 of them.
    policy_json = optional(string)
  })
  nullable = false

  validation {
    condition     = var.settings.bucket_name == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.settings.bucket_name))
    error_message = "storage.bucket_name takes 3 to 63 lower-case letters, digits and \"-\". Dots are refused: with them the bucket's own host name does not fit S3's certificate."
  }

  # Amazon S3 User Guide, "General purpose bucket naming rules".
  validation {
    condition     = var.settings.bucket_name == null || !can(regex("^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|--x-s3|--table-s3)$", var.settings.bucket_name))
    error_message = "storage.bucket_name takes no name that S3 keeps for itself: none that begins with xn--, sthree- or amzn-s3-demo-, or ends with -s3alias, --ol-s3, --x-s3 or --table-s3."
  }

  validation {
    condition     = var.settings.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.settings.kms_key_arn))
    error_message = "storage.kms_key_arn takes the ARN of a key, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…; aliases are refused, since policies name keys."
  }

  validation {
    condition     = alltrue([for arn in var.settings.previous_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "storage.previous_kms_key_arns takes ARNs of keys, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…; aliases are refused, since policies name keys."
  }

  validation {
    condition     = alltrue([for name in concat(var.settings.restored_tables.uploads, var.settings.restored_tables.access) : can(regex("^[A-Za-z0-9_.-]{3,255}$", name)) && !contains(["${var.name}-uploads", "${var.name}-access", "uploads", "access"], name)])
    error_message = "storage.restored_tables takes names of tables that were restored: not uploads and access, and not ${var.name}-uploads and ${var.name}-access, which are made here and stay as they are."
  }

  validation {
    condition     = length(distinct(concat(var.settings.restored_tables.uploads, var.settings.restored_tables.access))) == length(concat(var.settings.restored_tables.uploads, var.settings.restored_tables.access))
    error_message = "storage.restored_tables takes each name once: one table cannot take the place of another twice, nor of both."
  }

  validation {
    condition     = alltrue([for arn in var.settings.restore_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", arn))])
    error_message = "storage.restore_role_arns takes ARNs of roles, such as arn:aws:iam::123456789012:role/restore. An assumed role's session has the ARN of its role."
  }

  validation {
    condition     = var.settings.replica == null || can(regex("^arn:[a-z-]+:s3:::[a-z0-9.-]{3,63}$", var.settings.replica.bucket_arn))
    error_message = "storage.replica.bucket_arn takes the ARN of a bucket, such as arn:aws:s3:::your-copy."
  }

  validation {
    condition     = try(var.settings.replica.region, null) == null || can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]$", var.settings.replica.region))
    error_message = "storage.replica.region takes a region such as \"eu-west-1\"."
  }

  # DynamoDB refuses a replica beside its table ("Cannot add, delete, or update the local region through ReplicaUpdates").
  validation {
    condition     = try(var.settings.replica.region, null) == null || try(var.settings.replica.region, null) != data.aws_region.current.id
    error_message = "storage.replica.region takes another region than that of the installation, ${data.aws_region.current.id}."
  }

  validation {
    condition     = var.settings.replica == null || (var.settings.kms_key_arn == null) == (try(var.settings.replica.kms_key_arn, null) == null)
    error_message = "storage.replica.kms_key_arn and storage.kms_key_arn must both be set, or neither: a copy is encrypted as its original is, with a key of its own region."
  }

  validation {
    condition     = var.settings.queue_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.settings.queue_kms_key_arn))
    error_message = "storage.queue_kms_key_arn takes the ARN of a key, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…; aliases are refused, since policies name keys."
  }

  validation {
    condition     = alltrue([for origin in var.settings.cors_allowed_origins : can(regex("^(\\*|https?://[A-Za-z0-9.*-]+(:[0-9]{1,5})?)$", origin))])
    error_message = "storage.cors_allowed_origins takes origins such as \"https://www.example.com\" (no path, no slash at the end), or \"*\"."
  }

  # Amazon S3 User Guide, "Elements of a CORS configuration".
  validation {
    condition     = alltrue([for origin in var.settings.cors_allowed_origins : length(split("*", origin)) <= 2])
    error_message = "storage.cors_allowed_origins takes one \"*\" in an origin at most, such as \"https://*.example.com\": S3 refuses more."
  }

  # docs/design.md, "The table `uploads`": the lifecycle outlasts what can still ask for the version.
  validation {
    condition     = floor(var.settings.uploads_expire_days) == var.settings.uploads_expire_days && var.settings.uploads_expire_days >= var.settings.message_retention_days + var.settings.dead_letter_retention_days
    error_message = "storage.uploads_expire_days takes a whole number from ${var.settings.message_retention_days + var.settings.dead_letter_retention_days} (the retentions of a queue and its dead-letter queue): an upload must not go before its event does."
  }

  # services/acceptor/src/is-sole-version.ts: seven days of a URL, one of a PUT that began in time, and one for clocks.
  validation {
    condition     = !var.settings.allow_presigned_put || !var.settings.protect_uploads || var.settings.uploads_expire_days >= 9
    error_message = "storage.uploads_expire_days takes a whole number from 9 with storage.protect_uploads: the lifecycle must not cover an upload while its presigned PUT can be sent again."
  }

  # The first version sent is the one that is accepted, and a duplicate makes it noncurrent at once.
  validation {
    condition     = floor(var.settings.noncurrent_expire_days) == var.settings.noncurrent_expire_days && var.settings.noncurrent_expire_days >= var.settings.message_retention_days + var.settings.dead_letter_retention_days
    error_message = "storage.noncurrent_expire_days takes a whole number from ${var.settings.message_retention_days + var.settings.dead_letter_retention_days} (the retentions of a queue and its dead-letter queue): the upload itself becomes noncurrent when a duplicate arrives, and must not go before its event does."
  }

  validation {
    condition     = var.settings.accepted_expire_days == null ? true : floor(var.settings.accepted_expire_days) == var.settings.accepted_expire_days && var.settings.accepted_expire_days >= var.settings.message_retention_days + var.settings.dead_letter_retention_days
    error_message = "storage.accepted_expire_days takes null, or a whole number from ${var.settings.message_retention_days + var.settings.dead_letter_retention_days} (the retentions of a queue and its dead-letter queue): an accepted file must not be removed before it was processed."
  }

  # The accepted version itself becomes noncurrent where someone deletes it, or restores a file over it (docs/recovery.md).
  validation {
    condition     = floor(var.settings.accepted_noncurrent_expire_days) == var.settings.accepted_noncurrent_expire_days && var.settings.accepted_noncurrent_expire_days >= var.settings.message_retention_days + var.settings.dead_letter_retention_days
    error_message = "storage.accepted_noncurrent_expire_days takes a whole number from ${var.settings.message_retention_days + var.settings.dead_letter_retention_days} (the retentions of a queue and its dead-letter queue): an accepted version that was covered by mistake must not be removed before it was processed."
  }

  validation {
    condition     = var.settings.unfinished_multipart_days >= 1 && floor(var.settings.unfinished_multipart_days) == var.settings.unfinished_multipart_days
    error_message = "storage.unfinished_multipart_days takes a whole number from 1."
  }

  validation {
    condition     = var.settings.message_retention_days >= 1 && var.settings.message_retention_days <= 13 && floor(var.settings.message_retention_days) == var.settings.message_retention_days
    error_message = "storage.message_retention_days takes a whole number from 1 to 13: SQS keeps a message for 14 days at most, and the dead-letter queue has to keep it longer than the queue."
  }

  # Amazon SQS Developer Guide, "Setting-up dead-letter queue retention": the enqueue timestamp is unchanged by the move.
  validation {
    condition     = var.settings.dead_letter_retention_days <= 14 && floor(var.settings.dead_letter_retention_days) == var.settings.dead_letter_retention_days && var.settings.dead_letter_retention_days > var.settings.message_retention_days
    error_message = "storage.dead_letter_retention_days takes a whole number up to 14 that is greater than storage.message_retention_days (${var.settings.message_retention_days}), or an event could be gone the moment it arrives there."
  }

  # docs/design.md, "The table `uploads`": longer than anything can still refer to the item. Both pipelines have the same
  # two retentions, and a redrive starts them again.
  validation {
    condition     = var.settings.record_retention_days <= 3650 && floor(var.settings.record_retention_days) == var.settings.record_retention_days && var.settings.record_retention_days >= max(45, 4 * (var.settings.message_retention_days + var.settings.dead_letter_retention_days) + 1)
    error_message = "storage.record_retention_days takes a whole number from ${max(45, 4 * (var.settings.message_retention_days + var.settings.dead_letter_retention_days) + 1)} to 3650: twice the retentions of both queues and both dead-letter queues, plus a day. With fewer, a redelivered event could find its upload forgotten and take it for an orphan."
  }

  validation {
    condition     = length(setintersection([for rule in var.settings.lifecycle_rules : rule.id], local.own_rule_ids)) == 0 && length(distinct([for rule in var.settings.lifecycle_rules : rule.id])) == length(var.settings.lifecycle_rules)
    error_message = "storage.lifecycle_rules take ids that differ from each other, and from ${join(", ", local.own_rule_ids)}."
  }

  # If two rules fit an object, S3 carries out the earlier one (Amazon S3 User Guide, "Conflicts in lifecycle configurations").
  validation {
    condition     = alltrue([for rule in var.settings.lifecycle_rules : !startswith(rule.prefix, "uploads/") && !startswith("uploads/", rule.prefix)])
    error_message = "storage.lifecycle_rules take no prefix that fits objects under uploads/, such as \"\" or \"up\": set storage.uploads_expire_days and storage.noncurrent_expire_days for these."
  }

  validation {
    condition = alltrue(flatten([
      for rule in var.settings.lifecycle_rules : [
        for days in concat(compact([rule.expire_days, rule.noncurrent_expire_days]), [for transition in rule.transitions : transition.days if contains(local.archive_classes, transition.storage_class)]) :
        days >= var.settings.message_retention_days + var.settings.dead_letter_retention_days
      ] if startswith(rule.prefix, "accepted/") || startswith("accepted/", rule.prefix)
    ]))
    error_message = "storage.lifecycle_rules take, under accepted/, at least ${var.settings.message_retention_days + var.settings.dead_letter_retention_days} days (the retentions of a queue and its dead-letter queue) before a file expires or is archived: a file must not be removed, or become unreadable (${join(", ", local.archive_classes)}), before it was processed."
  }

  # AWS's pages differ on the first 30 days ("Transition" in the Amazon S3 API Reference, old and new). With these, all regions take a rule.
  validation {
    condition     = alltrue(flatten([for rule in var.settings.lifecycle_rules : [for one in rule.transitions : !contains(local.infrequent_classes, one.storage_class) || one.days >= 30]]))
    error_message = "storage.lifecycle_rules take at least 30 days before a transition to ${join(" or ", local.infrequent_classes)}: S3 can refuse fewer, and then takes no lifecycle at all."
  }

  # Amazon S3 User Guide, "Supported lifecycle transitions" and "Constraints and considerations for transitions".
  validation {
    condition = alltrue(flatten([
      for rule in var.settings.lifecycle_rules : [
        for one in rule.transitions : [
          for later in rule.transitions : later.days >= one.days + (contains(local.infrequent_classes, one.storage_class) ? 30 : 1)
          if try(index(local.storage_classes, later.storage_class) > index(local.storage_classes, one.storage_class), false)
        ]
      ]
    ])) && alltrue([for rule in var.settings.lifecycle_rules : length(distinct(rule.transitions[*].storage_class)) == length(rule.transitions)])
    error_message = "storage.lifecycle_rules take each storage class once, in the order ${join(", ", local.storage_classes)}: each a day or more after the one before, and 30 days or more after ${join(" or ", local.infrequent_classes)}. S3 refuses another order, and then takes no lifecycle at all."
  }

  validation {
    condition     = alltrue([for rule in var.settings.lifecycle_rules : rule.expire_days == null || length(rule.transitions) == 0 || try(rule.expire_days > max(rule.transitions[*].days...), false)])
    error_message = "storage.lifecycle_rules take more days in expire_days than in each of the rule's transitions: S3 refuses the others, and then takes no lifecycle at all."
  }

  validation {
    condition     = alltrue([for rule in var.settings.lifecycle_rules : rule.expire_days != null || rule.noncurrent_expire_days != null || length(rule.transitions) > 0])
    error_message = "storage.lifecycle_rules take something to do: expire_days, noncurrent_expire_days or transitions."
  }

  validation {
    condition     = alltrue([for one in concat(var.settings.notifications.queues, var.settings.notifications.topics, var.settings.notifications.functions) : length(one.events) > 0 && !contains(concat(keys(local.pipelines), [local.replication_failures_id]), one.id)]) && length(distinct(concat(var.settings.notifications.queues, var.settings.notifications.topics, var.settings.notifications.functions)[*].id)) == length(concat(var.settings.notifications.queues, var.settings.notifications.topics, var.settings.notifications.functions))
    error_message = "storage.notifications take one event or more each, such as \"s3:ObjectTagging:*\", and ids that differ from each other, and from ${join(", ", concat(keys(local.pipelines), [local.replication_failures_id]))}."
  }

  # Amazon S3 User Guide, "Event notification types and destinations": one event, one receiver for a prefix.
  validation {
    condition = alltrue([
      for one in concat(var.settings.notifications.queues, var.settings.notifications.topics, var.settings.notifications.functions) : alltrue([
        for pipeline in local.pipelines : !startswith(coalesce(one.prefix, pipeline.prefix), pipeline.prefix) && !startswith(pipeline.prefix, coalesce(one.prefix, pipeline.prefix))
      ]) if anytrue([for event in one.events : startswith(event, "s3:ObjectCreated:")])
    ])
    error_message = "storage.notifications take no s3:ObjectCreated event under uploads/ or accepted/: upload-once receives these, and S3 refuses a second receiver. Set storage.notifications.eventbridge, reports.queue_arns or webhooks."
  }

  validation {
    condition = var.settings.replica == null || length(setintersection(
      flatten(concat(var.settings.notifications.queues, var.settings.notifications.topics, var.settings.notifications.functions)[*].events),
      ["s3:Replication:*", "s3:Replication:OperationFailedReplication"],
    )) == 0
    error_message = "storage.notifications take no s3:Replication:* and no s3:Replication:OperationFailedReplication with storage.replica: upload-once receives these, and S3 refuses a second receiver. Set storage.notifications.eventbridge."
  }

  # A misspelt event makes S3 refuse all receivers, those of upload-once too.
  validation {
    condition     = alltrue([for event in flatten(concat(var.settings.notifications.queues, var.settings.notifications.topics, var.settings.notifications.functions)[*].events) : can(regex("^s3:[A-Za-z]+(:([A-Za-z]+|\\*))?$", event))])
    error_message = "storage.notifications take events as S3 names them, such as \"s3:ObjectTagging:*\" or \"s3:LifecycleTransition\". Not: ${join(", ", [for event in flatten(concat(var.settings.notifications.queues, var.settings.notifications.topics, var.settings.notifications.functions)[*].events) : "\"${event}\"" if !can(regex("^s3:[A-Za-z]+(:([A-Za-z]+|\\*))?$", event))])}."
  }

  # An object can have a prefix and a suffix of both, and "s3:X:*" contains "s3:X:Y" (Amazon S3 User Guide, "Configuring event notifications
  # using object key name filtering").
  validation {
    condition = alltrue(flatten([
      for receivers in [concat(var.settings.notifications.queues, var.settings.notifications.topics, var.settings.notifications.functions)] : [
        for index, one in receivers : [
          for other in slice(receivers, index + 1, length(receivers)) : !(
            anytrue([
              for pair in concat(setproduct(one.events, other.events), setproduct(other.events, one.events)) :
              pair[0] == pair[1] || endswith(pair[0], "*") && startswith(pair[1], trimsuffix(pair[0], "*"))
            ]) &&
            (startswith(one.prefix, other.prefix) || startswith(other.prefix, one.prefix)) &&
            (endswith(one.suffix, other.suffix) || endswith(other.suffix, one.suffix))
          )
        ]
      ]
    ]))
    error_message = "storage.notifications take no two receivers of one event: S3 refuses all, those of upload-once too, if events, prefix and suffix of two can fit one object. Set storage.notifications.eventbridge, or send to several from one topic."
  }

  # What one receiver gets is held to the same.
  validation {
    condition = alltrue(flatten([
      for one in concat(var.settings.notifications.queues, var.settings.notifications.topics, var.settings.notifications.functions) : [
        for event in one.events :
        length([for other in one.events : other if event == other || endswith(event, "*") && startswith(other, trimsuffix(event, "*"))]) == 1
      ]
    ]))
    error_message = "storage.notifications take no event of a receiver twice: \"s3:ObjectRemoved:*\" stands for \"s3:ObjectRemoved:Delete\" too, and S3 refuses all receivers, those of upload-once too."
  }

  # Amazon S3 User Guide, "Bucket policies". With the statements of upload-once: modules/storage/policy.tf.
  validation {
    condition     = try(length(jsonencode(jsondecode(var.settings.policy_json))), 0) <= 20480
    error_message = "storage.policy_json takes a document of less than 20 KB (20480 bytes), S3's limit for the whole bucket policy."
  }

  validation {
    condition     = var.settings.policy_json == null || can(flatten([jsondecode(var.settings.policy_json).Statement]))
    error_message = "storage.policy_json takes a policy document as JSON, with a Statement."
  }

  validation {
    condition     = alltrue([for count in values(var.settings.max_receive_count) : count >= 2 && count <= 1000 && floor(count) == count])
    error_message = "storage.max_receive_count takes whole numbers from 2 to 1000: with 1, a task that is replaced sends what it had in flight to the dead-letter queue."
  }

  validation {
    condition     = var.settings.visibility_seconds >= 2 && var.settings.visibility_seconds <= 43200 && floor(var.settings.visibility_seconds) == var.settings.visibility_seconds
    error_message = "storage.visibility_seconds takes a whole number from 2 to 43200 (12 hours)."
  }
}

variable "force_destroy" {
  description = "Allows `terraform destroy` to remove the bucket with its files."
  type        = bool
  nullable    = false
}

variable "deletion_protection" {
  description = "Protects the tables against deletion."
  type        = bool
  nullable    = false
}

variable "acceptor_role_arn" {
  description = "The only role that can write under accepted/. Null, for a local S3 only, leaves this to the identities' own policies."
  type        = string
  default     = null

  validation {
    condition     = var.acceptor_role_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", var.acceptor_role_arn))
    error_message = "acceptor_role_arn takes the ARN of an IAM role, such as arn:aws:iam::123456789012:role/acceptor."
  }
}

variable "iam" {
  description = "The path of the role of a replication, and the managed policy that limits it (permissions boundary): the output iam of the module settings."
  type = object({
    path                     = string
    permissions_boundary_arn = optional(string)
  })
  default  = { path = "/" }
  nullable = false
}

variable "webhooks" {
  description = "Whether there is a queue of webhooks, with its dead-letter queue."
  type        = bool
  default     = false
  nullable    = false
}

variable "page_origins" {
  description = "Origins of the product's own pages that send files to the bucket, beside settings.cors_allowed_origins."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "link_days" {
  description = "The longest life of an upload link in days, or 0 without links."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.link_days <= var.settings.uploads_expire_days
    error_message = "storage.uploads_expire_days takes at least ${var.link_days} with upload links that live so long: the lifecycle must not cover a file while its link can be used again."
  }
}

variable "signature_age_max_seconds" {
  description = "S3 rejects older signatures, whatever lifetime they have."
  type        = number
  default     = 604800
  nullable    = false

  validation {
    condition     = var.signature_age_max_seconds >= 1 && var.signature_age_max_seconds <= 604800 && floor(var.signature_age_max_seconds) == var.signature_age_max_seconds
    error_message = "signature_age_max_seconds takes a whole number from 1 to 604800 (7 days, all that a signature of version 4 allows)."
  }
}

variable "longest_work_seconds" {
  description = "The longest work of a service on one received event, for each queue. Together with visibility_seconds and max_receive_count it determines how long an event can be in its queue. message_retention_days must be longer."
  type        = object({ upload_events = number, accepted_events = number, webhooks = number })
  default     = { upload_events = 0, accepted_events = 0, webhooks = 0 }
  nullable    = false

  validation {
    condition     = alltrue([for seconds in values(var.longest_work_seconds) : seconds >= 0])
    error_message = "longest_work_seconds takes numbers of seconds from 0."
  }
}

variable "tags" {
  description = "Tags of everything that can have tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
