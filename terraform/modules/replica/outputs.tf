output "bucket_arn" {
  description = "The bucket, for storage.replica.bucket_arn. Replication can begin when it has versions and its policy."
  value       = aws_s3_bucket.this.arn
  depends_on  = [aws_s3_bucket_versioning.this, aws_s3_bucket_policy.this]
}
