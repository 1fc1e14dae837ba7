output "url" {
  description = "For output.url of the configuration."
  value       = "s3://${aws_s3_bucket.output.id}/${var.output.prefix}"
}

output "kms_key_arn" {
  description = "For output.sse_kms_key of the configuration."
  value       = aws_kms_key.output.arn
}

output "role_arns" {
  description = "ARNs of the roles run, read, prune and hold. That of run is for the annotation eks.amazonaws.com/role-arn of the service account, with IRSA."
  value       = { for name, role in aws_iam_role.role : name => role.arn }
}
