output "bucket_arn" {
  description = "The bucket, for storage.replica.bucket_arn. Replication can begin when it has versions, its policy, its lock and its key."
  value       = aws_s3_bucket.this.arn
  depends_on = [
    aws_s3_bucket_versioning.this,
    aws_s3_bucket_policy.this,
    aws_s3_bucket_object_lock_configuration.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
  ]
}
