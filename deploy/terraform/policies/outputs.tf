output "policies" {
  description = "Policies by the name of their file in deploy/iam, as JSON."
  value       = local.policies
}

output "trust_job" {
  description = "Who may take the role of the job, as JSON."
  value       = var.irsa_provider_arn == null ? local.pod_identity : local.irsa
}

output "trust_people" {
  description = "Who may take each of the roles for people, as JSON."
  value       = local.people
}
