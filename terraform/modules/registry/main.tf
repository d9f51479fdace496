resource "aws_ecr_repository" "this" {
  #checkov:skip=CKV_AWS_136:A key of the user's is a variable (kms_key_arn); without one it is ECR's own, AES-256.
  for_each = var.services

  name                 = "${var.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = var.force_destroy
  tags                 = var.tags

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = var.settings.kms_key_arn == null ? "AES256" : "KMS"
    kms_key         = var.settings.kms_key_arn
  }
}

# Amazon ECR User Guide, "Lifecycle policy properties in Amazon ECR": a rule on "any" image comes last.
resource "aws_ecr_lifecycle_policy" "this" {
  for_each = aws_ecr_repository.this

  repository = each.value.name
  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "What builds leave over"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = var.settings.untagged_days }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "All but the newest"
        selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.settings.kept_images }
        action       = { type = "expire" }
      },
    ]
  })
}
