variable "name" {
  description = "Begins the names of roles, and is the alias of the key."
  type        = string
  default     = "cdrmend"
}

variable "output" {
  description = "Bucket, which is made, and prefix of the output, as in output.url: s3://BUCKET/PREFIX."
  type        = object({ bucket = string, prefix = string })

  validation {
    condition     = var.output.prefix == "" || endswith(var.output.prefix, "/")
    error_message = "The prefix has to end in a slash: \"cdrmend/\"."
  }
}

variable "manifests" {
  description = "Where export manifests lie: buckets, and prefixes that end in a slash or are empty."
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
  description = "Where the recordings themselves lie, for holds and audits."
  type        = list(object({ bucket = string, prefix = string }))
  default     = []
}

variable "read_media" {
  description = "Whether the job looks into recordings (media.check: header or decode)."
  type        = bool
  default     = false
}

variable "source_kms_keys" {
  description = "ARNs of the keys that encrypt the inputs."
  type        = list(string)
  default     = []
}

variable "irsa_provider_arn" {
  description = "ARN of the cluster's OIDC provider, for IRSA. Without it the job's role is one for EKS Pod Identity."
  type        = string
  default     = null
}

variable "pod_identity_cluster" {
  description = "Name of the cluster in which the job's role is associated with the service account, for Pod Identity. Without it make the association yourself."
  type        = string
  default     = null
}

variable "namespace" {
  description = "Namespace of the CronJob."
  type        = string
  default     = "compliance"
}

variable "service_account" {
  description = "Service account of the CronJob."
  type        = string
  default     = "cdrmend"
}

variable "people" {
  description = "ARNs of the roles or users that may take the roles for people: read, prune and hold."
  type        = object({ read = list(string), prune = list(string), hold = list(string) })
}

variable "tags" {
  description = "Tags of everything that is made."
  type        = map(string)
  default     = {}
}
