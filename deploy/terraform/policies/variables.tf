variable "manifests" {
  description = "Where export manifests lie."
  type        = list(object({ bucket = string, prefix = string }))
}

variable "cdrs" {
  description = "Where call detail records lie."
  type        = list(object({ bucket = string, prefix = string }))
}

variable "registrations" {
  description = "Where logs of registrations lie."
  type        = list(object({ bucket = string, prefix = string }))
}

variable "media" {
  description = "Where the recordings themselves lie: for holds, for audits and, with read_media, for runs."
  type        = list(object({ bucket = string, prefix = string }))
}

variable "read_media" {
  description = "Whether the configuration looks into recordings (media.check: header or decode)."
  type        = bool
}

variable "source_kms_keys" {
  description = "ARNs of the keys that encrypt the inputs."
  type        = list(string)
}

variable "output" {
  description = "Bucket and prefix of the output. The prefix ends in a slash, or is empty."
  type        = object({ bucket = string, prefix = string })
}

variable "output_kms_keys" {
  description = "ARN of the key that encrypts the output, as a list."
  type        = list(string)
}

variable "prune_role_arn" {
  description = "ARN of the only role that may delete packs."
  type        = string
}

variable "irsa_provider_arn" {
  description = "ARN of the cluster's OIDC provider for IRSA; null for Pod Identity."
  type        = string
}

variable "namespace" {
  description = "Namespace of the CronJob."
  type        = string
}

variable "service_account" {
  description = "Service account of the CronJob."
  type        = string
}

variable "people" {
  description = "ARNs of the roles or users that may take each of the roles for people."
  type        = map(list(string))
}
