# Keys and values of the conditions on signatures: Amazon S3 API Reference, "Amazon S3 Signature Version 4 Authentication
# Specific Policy Keys" (https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html);
# s3:if-none-match: Amazon S3 User Guide, "Enforce conditional writes on Amazon S3 buckets"
# (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html).
# How a key that a request lacks is judged: IAM User Guide, "IAM JSON policy elements: Condition operators": a negated
# operator (StringNotEquals, ArnNotEquals) is true then, so a request without the key is denied.
locals {
  uploads_arn  = "${aws_s3_bucket.this.arn}/uploads/*"
  accepted_arn = "${aws_s3_bucket.this.arn}/accepted/*"

  deny_plain_http = {
    Sid       = "OnlyTls"
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:*"
    Resource  = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }

  # PutObject stands for every way in: PUT, POST, CopyObject and all of multipart but the listing and the abort.
  deny_other_ways_into_uploads = [
    {
      Sid       = "UploadsOnlyByForm"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:PutObject"
      Resource  = local.uploads_arn
      Condition = { StringNotEquals = { "s3:authType" = var.settings.allow_presigned_put ? ["POST", "REST-QUERY-STRING"] : ["POST"] } }
    },
    {
      Sid       = "UploadsOnlyWithSignatureV4"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:PutObject"
      Resource  = local.uploads_arn
      # The page gives the key two values, and does not say that a form has it. Signature version 2 is denied by its own value, so a
      # form is let through in both readings.
      Condition = { StringEquals = { "s3:signatureversion" = "AWS" } }
    },
    {
      Sid       = "UploadsOnlyWithYoungSignature"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:PutObject"
      Resource  = local.uploads_arn
      # In milliseconds.
      Condition = { NumericGreaterThan = { "s3:signatureAge" = tostring(var.signature_age_max_seconds * 1000) } }
    },
    {
      Sid       = "UploadsNotByReplication"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:ReplicateObject"
      Resource  = local.uploads_arn
    },
  ]

  # Parts carry no If-None-Match, so this keeps presigned multipart uploads out as well.
  deny_put_over_another = {
    Sid       = "PresignedPutOnlyIfNoneMatch"
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:PutObject"
    Resource  = local.uploads_arn
    Condition = {
      StringEquals = { "s3:authType" = "REST-QUERY-STRING" }
      Null         = { "s3:if-none-match" = "true" }
    }
  }

  # docs/adr/0029-a-put-needs-no-list.md. A delete marker needs DeleteObject, a deletion for good DeleteObjectVersion. No policy stops the
  # lifecycle (Amazon S3 User Guide, "Setting an S3 Lifecycle configuration on a bucket").
  deny_others_removing_uploads = [
    {
      Sid       = "UploadsNeverCovered"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:DeleteObject", "s3:ReplicateDelete"]
      Resource  = local.uploads_arn
    },
    {
      Sid       = "UploadsRemovedOnlyByAcceptor"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:DeleteObjectVersion"
      Resource  = local.uploads_arn
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = var.acceptor_role_arn } }
    },
  ]
  are_uploads_protected = var.settings.allow_presigned_put && var.settings.protect_uploads && var.acceptor_role_arn != null

  # If-None-Match is not asked of the acceptor here: the page on conditional writes says that copies fail under such a
  # policy. The acceptor sends it of its own accord.
  deny_others_writing_accepted = {
    Sid       = "AcceptedOnlyByAcceptor"
    Effect    = "Deny"
    Principal = "*"
    Action    = ["s3:PutObject", "s3:ReplicateObject"]
    Resource  = local.accepted_arn
    # For a session of a role this is the role's ARN: IAM User Guide, "AWS global condition context keys".
    Condition = { ArnNotEquals = { "aws:PrincipalArn" = concat([var.acceptor_role_arn], var.settings.restore_role_arns) } }
  }

  # What AWS's managed policy AWSBackupServiceRolePolicyForS3Restore, a copy by hand and a replication need under accepted/. Whatever else
  # such a role's own policies allow, it deletes nothing, covers nothing, and leaves the bucket's settings alone.
  deny_restorers_all_else = [
    {
      Sid       = "RestoreOnlyPutsBack"
      Effect    = "Deny"
      Principal = "*"
      NotAction = [
        "s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:AbortMultipartUpload",
        "s3:ReplicateObject", "s3:ReplicateTags", "s3:Get*", "s3:List*",
      ]
      Resource  = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]
      Condition = { ArnEquals = { "aws:PrincipalArn" = var.settings.restore_role_arns } }
    },
    {
      Sid         = "RestoreOnlyUnderAccepted"
      Effect      = "Deny"
      Principal   = "*"
      Action      = ["s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:ReplicateObject", "s3:ReplicateTags"]
      NotResource = local.accepted_arn
      Condition   = { ArnEquals = { "aws:PrincipalArn" = var.settings.restore_role_arns } }
    },
  ]
}

locals {
  own_statements = concat(
    [local.deny_plain_http],
    local.deny_other_ways_into_uploads,
    var.settings.allow_presigned_put ? [local.deny_put_over_another] : [],
    [for statement in local.deny_others_removing_uploads : statement if local.are_uploads_protected],
    var.acceptor_role_arn == null ? [] : [local.deny_others_writing_accepted],
    [for statement in local.deny_restorers_all_else : statement if length(var.settings.restore_role_arns) > 0],
  )
  # All of upload-once's are denials, which win over whatever these allow.
  given_statements = var.settings.policy_json == null ? [] : flatten([jsondecode(var.settings.policy_json).Statement])

  # S3 takes each Sid once. These are also those of statements that the settings leave out.
  own_sids = [
    for statement in concat(
      [local.deny_plain_http, local.deny_put_over_another, local.deny_others_writing_accepted],
      local.deny_other_ways_into_uploads,
      local.deny_others_removing_uploads,
      local.deny_restorers_all_else,
    ) : statement.Sid
  ]
  bucket_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.own_statements, local.given_statements)
  })
  # By their base64, which has four characters for three bytes, and "=" for what is missing of the last three.
  bucket_policy_bytes = floor(length(trim(base64encode(local.bucket_policy), "=")) * 3 / 4)

  given_sids = compact([for statement in local.given_statements : try(statement.Sid, "")])
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = local.bucket_policy

  lifecycle {
    precondition {
      condition     = length(setintersection(local.given_sids, local.own_sids)) == 0
      error_message = "storage.policy_json takes no Sid that a statement of upload-once has: ${join(", ", setintersection(local.given_sids, local.own_sids))}."
    }

    precondition {
      condition     = local.bucket_policy_bytes <= 20480
      error_message = "storage.policy_json makes the bucket's policy too long: with the statements of upload-once it has ${local.bucket_policy_bytes} bytes, and S3 takes 20480."
    }
  }

  # S3 refuses two changes of one bucket's access at the same time (OperationAborted).
  depends_on = [aws_s3_bucket_public_access_block.this, aws_s3_bucket_ownership_controls.this]
}
