output "bucket_name" {
  description = "The bucket that the log files are delivered to."
  value       = aws_s3_bucket.this.id
}
